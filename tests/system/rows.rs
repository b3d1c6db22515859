//! Tables of wrong requests: a body as v1 spells it, and the sentence it is answered with in either version.

use harness::{Session, Version};
use serde_json::{Map, Value, json};

/// A body as v1 spells it, and the sentence of either version.
pub(crate) struct Row(pub(crate) Value, pub(crate) [&'static str; 2]);

pub(crate) fn row(body: Value, sentence: &'static str) -> Row {
    Row(body, [sentence; 2])
}

/// Asks every row in both versions; each must be 400 `invalid_request`.
pub(crate) async fn ask(session: &Session, method: &str, rows: Vec<Row>) {
    for Row(body, sentences) in rows {
        for (version, sentence) in Version::BOTH.into_iter().zip(sentences) {
            let body = spelled(version, &body);
            let heard = session.call(&format!("{}/{method}", version.segment()), body.clone()).await;
            assert_eq!(heard.error(), (400, "invalid_request", sentence), "{version:?} {method} {body}");
        }
    }
}

/// The members by the names of this version.
pub(crate) fn spelled(version: Version, body: &Value) -> Value {
    let Some(members) = body.as_object().filter(|_| version == Version::V2) else { return body.clone() };
    let rename = |(name, value): (&String, &Value)| match name.as_str() {
        "hash" => ("hashes".to_owned(), value.clone()),
        "hashAlgo" => ("hashAlgorithmOID".to_owned(), value.clone()),
        "PIN" => ("authData".to_owned(), json!([{ "id": "PIN", "value": value }])),
        _ => (name.clone(), value.clone()),
    };
    members.iter().map(rename).collect::<Map<_, _>>().into()
}
