//! Every exchange of every test with the service is held against the OpenAPI documents: an answer that its operation
//! does not describe fails the test that heard it, and so does a request that went well although its schema refuses it.

use std::sync::LazyLock;

use reqwest::header::HeaderMap;
use rsign_openapi::{Answer, CHANNEL, CSC_V1, CSC_V2, Document, Judge};

static JUDGES: LazyLock<[Judge; 3]> =
    LazyLock::new(|| [CSC_V1, CSC_V2, CHANNEL].map(|text| Judge::new(Document::parse(text).unwrap())));

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// Below the base URL.
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

/// Judges an exchange, if a document has its operation.
///
/// # Panics
/// When the two do not agree.
pub(crate) fn hold(asked: Asked<'_>, status: u16, headers: &HeaderMap, body: &[u8]) {
    let bare = asked.path.split('?').next().unwrap_or_default();
    // What is documented once is served under these as well.
    let path = bare.trim_end_matches('/').replacen("/csc/v0/", "/csc/v1/", 1);
    let Some((judge, operation)) =
        JUDGES.iter().find_map(|judge| Some((judge, judge.document.find(asked.method, &path)?)))
    else {
        return;
    };
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut faults = judge.answer(operation, Answer { status, headers: &headers, body });
    if (200..300).contains(&status) {
        faults.extend(judge.request(operation, asked.body).into_iter().map(|fault| format!("the request, {fault}")));
    }
    let said = String::from_utf8_lossy(body);
    assert!(faults.is_empty(), "{} {} {status} is not as documented: {faults:?} {said}", asked.method, asked.path);
}
