//! What stands around the content of every page.

use super::failure::Failure;
use super::text::Text;
use super::visit::Visit;
use super::{guard, style};
use crate::domain::language::Language;
use crate::domain::session::{Notice, Session};
use crate::http::site::Site;

/// The frame of a page.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    /// All sentences.
    pub(super) text: &'static Text,
    pub(super) language: Language,
    /// Name of the service.
    pub(super) service: &'a str,
    /// Path of the style sheet.
    pub(super) style: &'static str,
    /// Who is signed in.
    pub(super) person: Option<Person>,
    /// The part of the site the page belongs to.
    pub(super) here: Here,
    /// This page in other languages.
    pub(super) languages: Vec<(Language, String)>,
    /// What was just done.
    pub(super) notice: Option<&'static str>,
}

/// Who is signed in.
#[derive(Debug)]
pub(super) struct Person {
    /// Name.
    pub(super) name: String,
    /// Token of the form that signs out.
    pub(super) sign_out: String,
}

impl Person {
    fn of(session: &Session) -> Result<Self, Failure> {
        let sign_out = guard::token(&session.csrf, "/account/sign-out", "")?;
        Ok(Self { name: session.name.clone(), sign_out })
    }
}

fn told(text: &Text, notice: Notice) -> &'static str {
    let said = &text.notice;
    match notice {
        Notice::Welcome => said.welcome,
        Notice::KeyDeleted => said.key_deleted,
        Notice::KeyMade => said.key_made,
        Notice::KeyNotMade => said.key_not_made,
        Notice::PinChanged => said.pin_changed,
        Notice::PinNotChanged => said.pin_not_changed,
        Notice::FactorSet => said.factor_set,
        Notice::FactorNotSet => said.factor_not_set,
        Notice::AppRevoked => said.app_revoked,
        Notice::AppBlocked => said.app_blocked,
        Notice::AppHeard => said.app_heard,
        Notice::OthersSignedOut => said.others_signed_out,
        Notice::PasswordChanged => said.password_changed,
        Notice::ContactChanged => said.contact_changed,
        Notice::Tied => said.tied,
        Notice::Untied => said.untied,
        Notice::LastWayIn => said.last_way_in,
    }
}

/// Parts of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    Keys,
    Apps,
    History,
    Me,
    Elsewhere,
}

impl<'a> Frame<'a> {
    /// Without anybody, and without other languages: pages that cannot be asked for again.
    pub(super) fn bare(site: &'a Site, language: Language) -> Self {
        Self {
            text: Text::of(language),
            language,
            service: &site.config.info.name,
            style: style::path(),
            person: None,
            here: Here::Elsewhere,
            languages: Vec::new(),
            notice: None,
        }
    }

    /// Around a page of this visit.
    pub(super) fn of(visit: &'a Visit, here: Here) -> Result<Self, Failure> {
        let text = visit.text();
        let others = Language::ALL.into_iter().filter(|language| *language != visit.language);
        Ok(Self {
            here,
            person: visit.session.as_ref().map(Person::of).transpose()?,
            languages: others.map(|language| (language, visit.in_language(language))).collect(),
            notice: visit.notice.map(|notice| told(text, notice)),
            ..Self::bare(&visit.site, visit.language)
        })
    }

    /// A language by its own name.
    pub(super) fn name_of(&self, language: &Language) -> &'static str {
        Text::of(*language).name
    }

    /// Whether there is a menu: not where somebody came to do one thing, and is waited for elsewhere.
    pub(super) fn has_menu(&self) -> bool {
        self.here != Here::Elsewhere
    }

    /// For `aria-current` in the menu.
    pub(super) fn is_here(&self, here: &str) -> bool {
        match self.here {
            Here::Keys => here == "keys",
            Here::Apps => here == "apps",
            Here::History => here == "history",
            Here::Me => here == "me",
            Here::Elsewhere => false,
        }
    }
}
