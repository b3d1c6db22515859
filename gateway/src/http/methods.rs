//! The methods of the API: routes, `methods` of `info` and the table in the README all come from here.

use rsign_api::error as wire;
use rsign_api::version::Version;

use super::csc;
use super::dispatch::{Method, Needs, Run};
use crate::config::Config;

const BOTH: &[Version] = &[Version::V1, Version::V2];
const V2: &[Version] = &[Version::V2];

const fn method(name: &'static str, versions: &'static [Version], run: Run) -> Method {
    Method { name, versions, header: wire::HEADER, needs: Needs::Nothing, documents: false, run }
}

/// All of them, in the order `info` names them.
pub(super) static METHODS: [Method; 16] = [
    Method { needs: Needs::Basic, ..method("auth/login", BOTH, Run::Open(csc::auth_login::handle)) },
    Method { header: wire::HEADER_CAPITALS, ..method("auth/revoke", BOTH, Run::Service(csc::auth_revoke::handle)) },
    method("credentials/list", BOTH, Run::Service(csc::credentials_list::handle)),
    method("credentials/info", BOTH, Run::Credential(csc::credentials_info::handle)),
    method("credentials/authorize", BOTH, Run::Service(csc::authorize::handle)),
    method("credentials/authorizeCheck", V2, Run::Service(csc::authorize_check::handle)),
    Method {
        header: wire::HEADER_CAPITALS,
        ..method("credentials/extendTransaction", BOTH, Run::Service(csc::extend_transaction::handle))
    },
    Method {
        header: wire::HEADER_SEND_OTP,
        needs: Needs::Codes,
        ..method("credentials/sendOTP", BOTH, Run::Service(csc::send_otp::handle))
    },
    Method { needs: Needs::Codes, ..method("credentials/getChallenge", V2, Run::Service(csc::get_challenge::handle)) },
    Method { needs: Needs::Keys, ..method("credentials/create", V2, Run::Errand(csc::credentials_create::handle)) },
    Method { needs: Needs::Keys, ..method("credentials/delete", V2, Run::Errand(csc::credentials_delete::handle)) },
    method("signatures/signHash", BOTH, Run::Credential(csc::sign_hash::handle)),
    Method { documents: true, ..method("signatures/signDoc", V2, Run::Credential(csc::sign_doc::handle)) },
    method("signatures/signPolling", V2, Run::Credential(csc::sign_polling::handle)),
    Method { needs: Needs::TimeStamps, ..method("signatures/timestamp", BOTH, Run::Service(csc::timestamp::handle)) },
    INFO,
];

/// The one that is also asked for by GET.
pub(super) const INFO: Method = method("info", BOTH, Run::Open(csc::info::handle));

/// Those that this configuration switches on (DESIGN 6).
pub(super) fn offered(config: &Config) -> impl Iterator<Item = &'static Method> {
    let (basic, stamps, codes) = (config.auth.basic, !config.timestamp.is_empty(), config.otp.is_offered());
    let keys = offers_keys(config);
    METHODS.iter().filter(move |method| match method.needs {
        Needs::Nothing => true,
        Needs::Basic => basic,
        Needs::TimeStamps => stamps,
        Needs::Codes => codes,
        Needs::Keys => keys,
    })
}

/// Whether apps may have keys made, and ended, as their users agree: where users may make them by themselves.
pub(super) fn offers_keys(config: &Config) -> bool {
    !config.account.keys.is_empty() && config.page.sign_origin.is_some()
}

/// `methods` of `info` under this version; `info` itself may be left out (11.1).
pub(super) fn names(config: &Config, version: Version) -> Vec<&'static str> {
    let named = offered(config).filter(|method| method.versions.contains(&version));
    named.map(|method| method.name).filter(|name| *name != INFO.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the README has it, from what is served.
    fn table() -> String {
        let served = METHODS.iter().map(|method| {
            let state = match method.needs {
                Needs::Nothing => "works",
                Needs::Basic => "works, where `[auth] basic` is on",
                Needs::TimeStamps => "works, where `[timestamp]` names an authority",
                Needs::Codes => "works, where `[otp]` names a way",
                Needs::Keys => "works, where `[account] keys` names kinds",
            };
            (method.name, method.versions, state)
        });
        let mut rows = vec!["| method | 1.0.4.0 | 2.x | state |".to_owned(), "|---|---|---|---|".to_owned()];
        for (name, versions, state) in served {
            let of = |version| if versions.contains(&version) { "yes" } else { "" };
            rows.push(format!("| {name} | {} | {} | {state} |", of(Version::V1), of(Version::V2)));
        }
        rows.join("\n")
    }

    #[test]
    fn the_readme_says_what_is_served() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
        let table = table();
        assert!(readme.contains(&table), "README.md, section State, should have this table:\n\n{table}\n");
    }
}
