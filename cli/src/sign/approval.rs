//! What a person is asked to approve: one list for all files, in the words the server understands.

use anyhow::Context as _;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::channel::list::{Entry, List, label_digest, short_code};
use rsign_api::signer::EntryType;
use serde_json::{Value, json};

use super::plan::File;
use super::service::SHA256;

/// `type` of `authorization_details` since 2.2, which tells kinds of hashes apart.
const TYPED: &str = "https://cloudsignatureconsortium.org/2025/credential";
/// The one before.
const UNTYPED: &str = "credential";

/// One hash, and what it is called.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) hash: Vec<u8>,
    pub(super) kind: EntryType,
    pub(super) label: String,
}

impl Item {
    pub(super) fn new(file: &File, hash: Vec<u8>, kind: EntryType) -> Self {
        Self { hash, kind, label: file.label.clone() }
    }
}

/// In which words the list is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// `authorization_details` (RFC 9396) of this type.
    Details(&'static str),
    /// Parameters of the request; the hashes are called so.
    Flat(&'static str),
}

impl Words {
    /// The best of what a server says it understands.
    pub(super) fn best(types: &[String], flat: &'static str) -> Self {
        let known = [TYPED, UNTYPED].into_iter().find(|wanted| types.iter().any(|offered| offered == wanted));
        known.map_or(Self::Flat(flat), Self::Details)
    }

    const fn has_labels(self) -> bool {
        matches!(self, Self::Details(_))
    }

    fn kind(self, item: &Item) -> EntryType {
        if self == Self::Details(TYPED) { item.kind } else { EntryType::Untyped }
    }

    /// The short code of the list, as the service's pages show it.
    pub(super) fn short_code(self, items: &[Item]) -> anyhow::Result<String> {
        let entry = |item: &Item| Entry {
            r#type: self.kind(item),
            hash: item.hash.clone(),
            label: self.has_labels().then(|| label_digest(&item.label)),
        };
        let list = List::new(HashAlgorithm::Sha256, items.iter().map(entry).collect()).ok();
        Ok(short_code(&list.context("a service signs at most a thousand files at once")?.digest()))
    }

    /// Parameters of the authorization request.
    pub(super) fn parameters(self, credential: &str, items: &[Item]) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("scope", "credential".to_owned())];
        match self {
            Self::Details(name) => {
                let digest = |item: &Item| {
                    let mut digest = json!({ "hash": BASE64.encode(&item.hash), "label": item.label });
                    if let Some(kind) = wire(self.kind(item)) {
                        digest["hashType"] = kind.into();
                    }
                    digest
                };
                let mut details = json!({
                    "type": name, "credentialID": credential, "hashAlgorithmOID": SHA256,
                    "documentDigests": items.iter().map(digest).collect::<Vec<_>>(),
                });
                if name == TYPED {
                    details["numSignatures"] = items.len().into();
                }
                parameters.push(("authorization_details", Value::from(vec![details]).to_string()));
            }
            Self::Flat(hashes) => {
                let all: Vec<String> = items.iter().map(|item| BASE64URL_NOPAD.encode(&item.hash)).collect();
                let labels: Vec<&str> = items.iter().map(|item| item.label.as_str()).collect();
                parameters.extend([
                    ("credentialID", credential.to_owned()),
                    ("numSignatures", items.len().to_string()),
                    (hashes, all.join(",")),
                    ("hashAlgorithmOID", SHA256.to_owned()),
                    ("description", labels.join(", ").chars().take(500).collect()),
                ]);
            }
        }
        parameters
    }
}

const fn wire(kind: EntryType) -> Option<&'static str> {
    match kind {
        EntryType::Untyped => None,
        EntryType::Dtbsr => Some("dtbsr"),
        EntryType::Sdr => Some("sdr"),
        EntryType::Sodr => Some("sodr"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn items() -> Vec<Item> {
        vec![Item { hash: vec![0xfb; 32], kind: EntryType::Sodr, label: "a.pdf".to_owned() }]
    }

    #[test]
    fn the_newest_words_that_the_server_knows() {
        let known =
            |types: &[&str]| Words::best(&types.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), "hashes");
        assert_eq!(known(&[UNTYPED, TYPED]), Words::Details(TYPED));
        assert_eq!(known(&[UNTYPED]), Words::Details(UNTYPED));
        assert_eq!(known(&["other"]), Words::Flat("hashes"));
    }

    #[test]
    fn every_way_says_the_same_list() {
        let (typed, untyped, flat) = (Words::Details(TYPED), Words::Details(UNTYPED), Words::Flat("hash"));
        let details = |words: Words| {
            let parameters = words.parameters("c", &items());
            assert_eq!(parameters.len(), 2);
            serde_json::from_str::<Value>(&parameters[1].1).unwrap()
        };
        let digest = json!({ "hash": BASE64.encode(&[0xfb; 32]), "label": "a.pdf" });
        assert_eq!(details(untyped)[0]["documentDigests"], json!([digest]));
        assert_eq!(details(typed)[0]["documentDigests"][0]["hashType"], "sodr");
        assert_eq!(details(typed)[0]["numSignatures"], 1);
        let flat_ones = flat.parameters("c", &items());
        assert!(flat_ones.contains(&("hash", BASE64URL_NOPAD.encode(&[0xfb; 32]))));
        assert!(flat_ones.contains(&("description", "a.pdf".to_owned())));
        let codes: Vec<String> = [typed, untyped, flat].map(|words| words.short_code(&items()).unwrap()).into();
        assert!(codes[0] != codes[1] && codes[1] != codes[2], "the code covers kinds and labels: {codes:?}");
    }
}
