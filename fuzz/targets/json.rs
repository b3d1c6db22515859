//! A foreign JWS that is taken keeps its payload and its signatures beside one more.
#![no_main]

use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

use libfuzzer_sys::fuzz_target;
use rsign_ades::completion::{Known, Signature};
use rsign_ades::jws::{Content, Said, Signed, prepare, to_be_signed};
use rsign_ades::{Envelope, Format, Signatory};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::parts::joined;
use serde_json::Value;

static SIGNATORY: LazyLock<Signatory> = LazyLock::new(|| Signatory {
    chain: vec![b"certificate".to_vec()],
    scheme: Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 },
});

fuzz_target!(|octets: &[u8]| {
    let Ok(signed) = Signed::read(octets) else { return };
    let content = Content::Parallel(&signed);
    let protected = prepare(&content, &Said::default(), UNIX_EPOCH, &SIGNATORY).expect("all is said");
    let signature = Signature {
        format: Format::Jades,
        envelope: Envelope::Parallel,
        signatory: &SIGNATORY,
        prepared: protected.as_bytes(),
        value: b"value",
        additions: &[],
        document: Known { octets: Some(octets), ..Known::default() },
    };
    signature.archive_imprint().expect("all is there");
    let parts = signature.finish().expect("all is there");
    let jws =
        joined(parts, Some(&octets.into())).expect("the document has it").whole(usize::MAX).expect("held").into_owned();
    let octets = to_be_signed(&protected, &content);
    let general: Value = match serde_json::from_slice(&jws) {
        Ok(general) => general,
        // What others said may be nested deeper than this parser goes, and numbers larger than it knows.
        Err(error) => return assert!(error.is_syntax() || error.is_data(), "{error}"),
    };
    let payload = general["payload"].as_str().expect("a payload");
    assert_eq!(octets, [protected.as_str(), ".", payload].concat().into_bytes());
    let last = general["signatures"].as_array().and_then(|all| all.last()).expect("signatures");
    assert_eq!(last["protected"], protected.as_str());
    Signed::read(&jws)
        .map(drop)
        .or_else(|error| match error.to_string() {
            many if general["signatures"].as_array().is_some_and(|all| all.len() > 64) => Ok(drop(many)),
            other => Err(other),
        })
        .expect("it can be read again");
});
