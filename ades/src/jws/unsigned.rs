//! `etsiU`: what is added to a JAdES signature later (TS 119 182-1, 5.3). Each element is Base64url of its own JSON, so what
//! an archive time-stamp is over needs no canonical form.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Map, Value, json};

use crate::{Addition, ValidationData};

/// The elements of the array.
pub(super) fn elements(additions: &[Addition]) -> Vec<String> {
    additions.iter().flat_map(members).map(|one| BASE64URL_NOPAD.encode(one.to_string().as_bytes())).collect()
}

/// The members that an addition becomes, each an element of its own.
fn members(addition: &Addition) -> Vec<Value> {
    match addition {
        Addition::Stamp(token) => vec![json!({ "sigTst": stamp(token) })],
        Addition::Archive(token) => vec![json!({ "arcTst": stamp(token) })],
        Addition::ValidationData(data) => {
            values(data).into_iter().map(|(name, value)| Value::Object(Map::from_iter([(name, value)]))).collect()
        }
        Addition::StampValidationData(data) => vec![json!({ "tstVD": values(data) })],
    }
}

/// `tstContainer` with one token (5.4.3.3).
fn stamp(token: &[u8]) -> Value {
    json!({ "tstTokens": [value(token)] })
}

/// `xVals` and `rVals` (5.3.5.1, 5.3.5.2), those of them that are not empty.
fn values(data: &ValidationData) -> Map<String, Value> {
    let mut values = Map::new();
    if !data.certificates.is_empty() {
        let certificates: Vec<_> = data.certificates.iter().map(|one| json!({ "x509Cert": value(one) })).collect();
        values.insert("xVals".to_owned(), certificates.into());
    }
    let mut revocations = Map::new();
    for (name, all) in [("crlVals", &data.crls), ("ocspVals", &data.ocsp)] {
        if !all.is_empty() {
            revocations.insert(name.to_owned(), all.iter().map(|one| value(one)).collect());
        }
    }
    if !revocations.is_empty() {
        values.insert("rVals".to_owned(), revocations.into());
    }
    values
}

/// `pkiOb`: DER is what nothing else is said of (5.4.2).
fn value(der: &[u8]) -> Value {
    json!({ "val": BASE64.encode(der) })
}
