//! `etsiU`: what is added to a JAdES signature later (TS 119 182-1, 5.3). Each element is Base64url of its own JSON, so what
//! an archive time-stamp is over needs no canonical form.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Map, Value, json};

use crate::Addition;
use crate::evidence::Evidence;

/// The elements of the array.
pub(super) fn elements(additions: &[Addition]) -> Vec<String> {
    additions.iter().flat_map(members).map(|one| BASE64URL_NOPAD.encode(one.to_string().as_bytes())).collect()
}

/// The members that an addition becomes, each an element of its own.
fn members(addition: &Addition) -> Vec<Value> {
    match addition {
        Addition::Stamp(token) => vec![json!({ "sigTst": stamp(token) })],
        Addition::Archive(token) => vec![json!({ "arcTst": stamp(token) })],
        Addition::Evidence(data) => values(data).map(|(name, value)| json!({ name: value })).collect(),
        Addition::StampEvidence(data) => {
            let values = values(data).map(|(name, value)| (name.to_owned(), value));
            vec![json!({ "tstVD": Value::Object(values.collect()) })]
        }
    }
}

/// `tstContainer` with one token (5.4.3.3).
fn stamp(token: &[u8]) -> Value {
    json!({ "tstTokens": [value(token)] })
}

/// `xVals` and `rVals` (5.3.5.1, 5.3.5.2), those of them that are not empty.
fn values(data: &Evidence) -> impl Iterator<Item = (&'static str, Value)> {
    let certificates = data.certificates.iter().map(|one| json!({ "x509Cert": value(one) })).collect();
    let some = |(_, all): &(&str, Vec<Value>)| !all.is_empty();
    let each = |all: &[Vec<u8>]| all.iter().map(|one| value(one)).collect();
    let revocations: Map<_, _> = [("crlVals", each(&data.crls)), ("ocspVals", each(&data.ocsp))]
        .into_iter()
        .filter(some)
        .map(|(name, all)| (name.to_owned(), all.into()))
        .collect();
    let revocations = (!revocations.is_empty()).then_some(("rVals", Value::Object(revocations)));
    Some(("xVals", certificates)).filter(some).map(|(name, all)| (name, all.into())).into_iter().chain(revocations)
}

/// `pkiOb`: DER is what nothing else is said of (5.4.2).
fn value(der: &[u8]) -> Value {
    json!({ "val": BASE64.encode(der) })
}
