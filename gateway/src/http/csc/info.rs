//! `info` (11.1).

use std::sync::Arc;

use rsign_api::algorithm::KeyType;
use rsign_api::csc::info::{AuthorizationServer, Info, SignAlgorithms, SignatureFormats};
use rsign_api::sign_algo;
use rsign_api::version::Version;

use crate::config::Config;
use crate::config::service::OauthMember;
use crate::http::dispatch::{Answer, OpenCall};
use crate::http::methods::names;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::documents;

/// The same answer to everybody; a body, if there is one, can only ask for a language we may not have.
pub(in crate::http) fn handle(site: Arc<Site>, call: OpenCall) -> Answer {
    let OpenCall { content, .. } = call;
    Box::pin(async move {
        content.ask()?;
        Ok(Reply::ready(site.info(content.version).to_vec()))
    })
}

/// The answer.
pub(in crate::http) fn answer(version: Version, config: &Config, public_url: &str) -> Info {
    let mut auth_type = vec!["oauth2code", "oauth2client"];
    if config.auth.basic {
        auth_type.insert(0, "basic");
    }
    let info = config.info.clone();
    let member = if version == Version::V1 { OauthMember::Base } else { info.oauth };
    let told = |which| (member == which).then(|| public_url.to_owned());
    let server = |issuer| {
        vec![AuthorizationServer { issuer, auth_type: vec!["oauth2code", "oauth2client"], supports_rar: true }]
    };
    Info {
        specs: version.specs(),
        name: info.name,
        logo: info.logo.unwrap_or_else(|| format!("{public_url}/logo.png")),
        region: info.region,
        lang: info.lang,
        description: info.description,
        auth_type,
        oauth2: told(OauthMember::Base),
        oauth2_issuer: told(OauthMember::Issuer),
        oauth2_servers: told(OauthMember::Servers).map(server),
        methods: names(config, version),
        // No member of 1.0.4.0, and signPolling is no method of it.
        asynchronous: (version == Version::V2).then_some(true),
        validation_info: version == Version::V2,
        sign_algorithms: SignAlgorithms { algos: algorithms(), params: Vec::new() },
        signature_formats: formats(version),
        conformance_levels: match version {
            Version::V1 => Vec::new(),
            Version::V2 => documents::levels(!config.timestamp.is_empty()).iter().map(|level| level.name()).collect(),
        },
        supports_rar: (member != OauthMember::Servers).then_some(true),
        supported_hash_types: vec!["dtbsr", "sdr", "sodr"],
    }
}

/// What signDoc makes; 1.0.4.0 has no such method.
fn formats(version: Version) -> SignatureFormats {
    let offered = if version == Version::V2 { documents::FORMATS } else { &[] };
    SignatureFormats {
        formats: offered.iter().map(|(format, _)| format.name()).collect(),
        envelope_properties: offered
            .iter()
            .map(|(_, envelopes)| envelopes.iter().map(|envelope| envelope.name()).collect())
            .collect(),
        allow_mix: version == Version::V2,
    }
}

/// Everything any key here can do, each once.
fn algorithms() -> Vec<String> {
    let mut algorithms: Vec<String> = Vec::new();
    for oid in KeyType::ALL.into_iter().flat_map(sign_algo::offered) {
        let oid = oid.to_string();
        if !algorithms.contains(&oid) {
            algorithms.push(oid);
        }
    }
    algorithms
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// `info` under this version where `[info] oauth` says this.
    fn said(version: Version, oauth: &str) -> Value {
        let config = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\n[store]\nengine = \"sqlite\"\npath = \"x\"\n\
             [signer]\nurl = \"https://x\"\nca = \"x\"\ncertificate = \"x\"\nkey = \"x\"\n[info]\noauth = {oauth:?}\n"
        );
        serde_json::to_value(answer(version, &toml::from_str(&config).unwrap(), "https://rsign.example")).unwrap()
    }

    #[test]
    fn the_first_version_says_nothing_of_what_it_has_no_method_for() {
        assert!(said(Version::V1, "base").get("asynchronousOperationMode").is_none());
        assert_eq!(said(Version::V2, "base")["asynchronousOperationMode"], true);
    }

    #[test]
    fn exactly_one_member_says_where_oauth_is() {
        let members = ["oauth2", "oauth2Issuer", "oauth2Servers"];
        for (version, oauth, place) in [
            (Version::V1, "base", 0),
            (Version::V1, "servers", 0),
            (Version::V2, "base", 0),
            (Version::V2, "issuer", 1),
            (Version::V2, "servers", 2),
        ] {
            let info = said(version, oauth);
            let there: Vec<_> = members.into_iter().filter(|member| info.get(member).is_some()).collect();
            assert_eq!(there, [members[place]], "{version:?} {oauth}");
            // With oauth2Servers it is said of each server, and never of all (EUDI Kotlin refuses both at once).
            assert_eq!(info.get("supportsRar").is_some(), place != 2);
        }
        let server = &said(Version::V2, "servers")["oauth2Servers"][0];
        assert_eq!(server["issuerIdentifier"], "https://rsign.example");
        assert!(server.get("baseUri").is_none() && server["supportsRar"] == true);
    }
}
