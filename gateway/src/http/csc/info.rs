//! `info` (11.1).

use std::sync::Arc;

use rsign_api::algorithm::KeyType;
use rsign_api::csc::info::{Info, SignAlgorithms, SignatureFormats};
use rsign_api::sign_algo;
use rsign_api::version::Version;

use crate::config::Config;
use crate::http::dispatch::{Answer, OpenCall};
use crate::http::reply::Reply;
use crate::http::router::method_names;
use crate::http::site::Site;

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
    Info {
        specs: version.specs(),
        name: info.name,
        logo: info.logo.unwrap_or_else(|| format!("{public_url}/logo.png")),
        region: info.region,
        lang: info.lang,
        description: info.description,
        auth_type,
        oauth2: public_url.to_owned(),
        methods: method_names(config.auth.basic),
        asynchronous: false,
        validation_info: false,
        sign_algorithms: SignAlgorithms { algos: algorithms(), params: Vec::new() },
        signature_formats: SignatureFormats::default(),
        conformance_levels: Vec::new(),
        supports_rar: true,
        supported_hash_types: vec!["dtbsr"],
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
