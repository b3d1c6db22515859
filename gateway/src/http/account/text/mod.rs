//! What the pages say, one file per language. Both are values of the same types, so neither can lack a sentence.

mod approve;
mod contact;
mod countries;
mod date;
mod en;
mod faults;
mod pt;
mod waiting;

pub(super) use approve::Approve;
pub(super) use contact::Contact;
pub(super) use countries::countries;
pub(super) use date::When;
pub(super) use waiting::Waiting;

use crate::domain::language::Language;

/// All sentences of a language.
pub(super) struct Text {
    /// Its own name, for whoever looks for it.
    pub(super) name: &'static str,
    /// Names of months, short.
    months: [&'static str; 12],
    pub(super) frame: Frame,
    pub(super) sign_in: SignIn,
    pub(super) sign_up: SignUp,
    pub(super) fault: Fault,
    pub(super) keys: Keys,
    pub(super) key: Key,
    pub(super) standing: Standing,
    pub(super) new_key: NewKey,
    pub(super) delete: Delete,
    pub(super) again: Again,
    pub(super) approvals: Approvals,
    pub(super) apps: Apps,
    pub(super) me: Me,
    pub(super) contact: Contact,
    pub(super) approve: Approve,
    pub(super) waiting: Waiting,
    pub(super) notice: Notice,
    pub(super) wrong: Wrong,
}

/// What frames every page.
pub(super) struct Frame {
    pub(super) skip: &'static str,
    pub(super) menu: &'static str,
    pub(super) keys: &'static str,
    pub(super) apps: &'static str,
    pub(super) history: &'static str,
    pub(super) me: &'static str,
    pub(super) sign_out: &'static str,
    pub(super) signed_in_as: &'static str,
    pub(super) languages: &'static str,
    pub(super) error: &'static str,
    pub(super) mistakes: fn(usize) -> String,
    pub(super) back: &'static str,
}

/// Signing in.
pub(super) struct SignIn {
    pub(super) title: &'static str,
    pub(super) to_continue: &'static str,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
    pub(super) submit: &'static str,
    pub(super) no_account: &'static str,
    pub(super) sign_up: &'static str,
    pub(super) or: &'static str,
    pub(super) with: fn(&str) -> String,
    pub(super) stranger: &'static str,
    pub(super) elsewhere_over: &'static str,
    pub(super) elsewhere_taken: &'static str,
    pub(super) elsewhere_closed: &'static str,
    pub(super) elsewhere_failed: &'static str,
    pub(super) refused: &'static str,
    pub(super) wait: fn(u32) -> String,
    pub(super) again: &'static str,
}

/// Opening an account.
pub(super) struct SignUp {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) you: &'static str,
    pub(super) given_name: &'static str,
    pub(super) surname: &'static str,
    pub(super) country: &'static str,
    pub(super) choose: &'static str,
    pub(super) number_title: &'static str,
    pub(super) number_hint: &'static str,
    pub(super) document: &'static str,
    /// None, then those of `domain::account::DOCUMENTS`.
    pub(super) documents: [&'static str; 5],
    pub(super) number: &'static str,
    pub(super) access: &'static str,
    pub(super) username: &'static str,
    pub(super) username_hint: &'static str,
    pub(super) password: &'static str,
    pub(super) password_hint: &'static str,
    pub(super) repeated: &'static str,
    pub(super) introduced: fn(&str) -> String,
    pub(super) submit: &'static str,
    pub(super) have_account: &'static str,
    pub(super) wait: fn(u32) -> String,
}

/// What is wrong with a field.
pub(super) struct Fault {
    pub(super) given_name: &'static str,
    pub(super) surname: &'static str,
    pub(super) name_long: &'static str,
    pub(super) name_characters: &'static str,
    pub(super) country: &'static str,
    pub(super) document: &'static str,
    pub(super) number: &'static str,
    pub(super) number_characters: &'static str,
    pub(super) number_long: &'static str,
    pub(super) username: &'static str,
    pub(super) username_short: &'static str,
    pub(super) username_long: &'static str,
    pub(super) username_characters: &'static str,
    pub(super) username_taken: &'static str,
    pub(super) password: &'static str,
    pub(super) password_short: &'static str,
    pub(super) password_long: &'static str,
    pub(super) password_common: &'static str,
    pub(super) password_personal: &'static str,
    pub(super) repeated: &'static str,
}

/// The list of keys.
pub(super) struct Keys {
    pub(super) title: &'static str,
    pub(super) none: &'static str,
    pub(super) none_lead: &'static str,
    pub(super) make: &'static str,
    pub(super) operator_makes: &'static str,
    pub(super) valid_until: &'static str,
    pub(super) recent: &'static str,
    pub(super) all_history: &'static str,
    pub(super) apps: &'static str,
    pub(super) manage_apps: &'static str,
}

/// One key.
pub(super) struct Key {
    pub(super) subject: &'static str,
    pub(super) issuer: &'static str,
    pub(super) kind: &'static str,
    pub(super) serial: &'static str,
    pub(super) valid: &'static str,
    pub(super) from_to: fn(&str, &str) -> String,
    pub(super) most: &'static str,
    pub(super) mode: &'static str,
    pub(super) mode_explicit: &'static str,
    pub(super) mode_implicit: &'static str,
    pub(super) id: &'static str,
    pub(super) state: &'static str,
    pub(super) pin_title: &'static str,
    pub(super) pin_lead: &'static str,
    pub(super) pin_submit: &'static str,
    pub(super) pin_elsewhere: &'static str,
    pub(super) no_page: &'static str,
    pub(super) factor_title: &'static str,
    pub(super) factor_lead: &'static str,
    pub(super) factor_has: &'static str,
    pub(super) factor_with: &'static str,
    pub(super) factor_lost: &'static str,
    pub(super) factor_add: &'static str,
    pub(super) factor_replace: &'static str,
    pub(super) delete_title: &'static str,
    pub(super) delete_lead: &'static str,
    pub(super) delete: &'static str,
    pub(super) history: &'static str,
}

/// How keys stand: a word, and what to do.
pub(super) struct Standing {
    pub(super) ready: &'static str,
    pub(super) unfinished: &'static str,
    pub(super) unfinished_help: &'static str,
    pub(super) locked: &'static str,
    pub(super) locked_help: fn(&str) -> String,
    pub(super) blocked: &'static str,
    pub(super) blocked_help: &'static str,
    pub(super) suspended: &'static str,
    pub(super) suspended_help: &'static str,
    pub(super) expired: &'static str,
    pub(super) expired_help: &'static str,
    pub(super) unknown: &'static str,
    pub(super) unknown_help: &'static str,
}

/// Making a key.
pub(super) struct NewKey {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) kind: &'static str,
    pub(super) recommended: &'static str,
    pub(super) rsa2048: &'static str,
    pub(super) rsa3072: &'static str,
    pub(super) rsa4096: &'static str,
    pub(super) p256: &'static str,
    pub(super) p384: &'static str,
    pub(super) p521: &'static str,
    pub(super) protection: &'static str,
    pub(super) pin_only: &'static str,
    pub(super) pin_only_hint: &'static str,
    pub(super) pin_and_code: &'static str,
    pub(super) pin_and_code_hint: &'static str,
    pub(super) mode: &'static str,
    pub(super) mode_explicit: &'static str,
    pub(super) mode_explicit_hint: &'static str,
    pub(super) mode_implicit: &'static str,
    pub(super) mode_implicit_hint: &'static str,
    pub(super) next: &'static str,
    pub(super) submit: &'static str,
    pub(super) choose: &'static str,
    pub(super) enough: fn(usize) -> String,
}

/// Deleting a key.
pub(super) struct Delete {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) stays: &'static str,
    pub(super) submit: &'static str,
    pub(super) keep: &'static str,
}

/// Asking for the password once more.
pub(super) struct Again {
    pub(super) password: &'static str,
    pub(super) hint: &'static str,
}

/// The history.
pub(super) struct Approvals {
    pub(super) title: &'static str,
    pub(super) of_key: &'static str,
    pub(super) lead: &'static str,
    pub(super) none: &'static str,
    pub(super) signatures: fn(u32) -> String,
    pub(super) code: &'static str,
    pub(super) and_more: fn(usize) -> String,
    pub(super) clear: &'static str,
    pub(super) older: &'static str,
    pub(super) newest: &'static str,
    pub(super) whole: &'static str,
}

/// Apps with access.
pub(super) struct Apps {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) none: &'static str,
    pub(super) own_password: &'static str,
    pub(super) until: &'static str,
    pub(super) revoke: &'static str,
    pub(super) revoke_title: fn(&str) -> String,
    pub(super) revoke_lead: &'static str,
    pub(super) revoke_stays: &'static str,
    pub(super) keep: &'static str,
    pub(super) blocked: &'static str,
    pub(super) blocked_lead: &'static str,
    pub(super) hear: &'static str,
}

/// The account itself.
pub(super) struct Me {
    pub(super) title: &'static str,
    pub(super) name: &'static str,
    pub(super) serial: &'static str,
    pub(super) username: &'static str,
    pub(super) name_hint: &'static str,
    pub(super) password_title: &'static str,
    pub(super) password: &'static str,
    pub(super) new: &'static str,
    pub(super) submit: &'static str,
    pub(super) wrong: &'static str,
    pub(super) rest: &'static str,
    pub(super) elsewhere: &'static str,
    pub(super) elsewhere_lead: &'static str,
    pub(super) tied: &'static str,
    pub(super) tie: &'static str,
    pub(super) untie: &'static str,
    pub(super) tie_title: fn(&str) -> String,
    pub(super) tie_lead: &'static str,
    pub(super) tie_submit: &'static str,
    pub(super) tie_there: &'static str,
    pub(super) tie_go: fn(&str) -> String,
    pub(super) others_title: &'static str,
    pub(super) others_lead: &'static str,
    pub(super) others: &'static str,
}

/// What was just done.
pub(super) struct Notice {
    pub(super) welcome: &'static str,
    pub(super) key_deleted: &'static str,
    pub(super) key_made: &'static str,
    pub(super) key_not_made: &'static str,
    pub(super) pin_changed: &'static str,
    pub(super) pin_not_changed: &'static str,
    pub(super) factor_set: &'static str,
    pub(super) factor_not_set: &'static str,
    pub(super) app_revoked: &'static str,
    pub(super) app_blocked: &'static str,
    pub(super) app_heard: &'static str,
    pub(super) others_signed_out: &'static str,
    pub(super) password_changed: &'static str,
    pub(super) contact_changed: &'static str,
    pub(super) tied: &'static str,
    pub(super) untied: &'static str,
    pub(super) last_way_in: &'static str,
}

/// What went wrong, and what to do.
pub(super) struct Wrong {
    pub(super) missing: Message,
    pub(super) form: Message,
    pub(super) no_page: Message,
    pub(super) cookies: Message,
    pub(super) busy: Message,
    pub(super) ours: Message,
    pub(super) large: Message,
    pub(super) request: Message,
    pub(super) request_over: Message,
    pub(super) withdrawn: Message,
    pub(super) client: Message,
    pub(super) redirect: Message,
    pub(super) foreign: Message,
    pub(super) reference: &'static str,
    pub(super) home: &'static str,
}

/// A title and a paragraph.
#[derive(Clone, Copy)]
pub(super) struct Message {
    pub(super) title: &'static str,
    pub(super) body: &'static str,
}

impl Text {
    /// The sentences of a language.
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::TEXT,
            Language::Pt => &pt::TEXT,
        }
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
