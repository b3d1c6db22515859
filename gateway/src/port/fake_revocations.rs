//! CRLs and OCSP answers by their URLs.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::revocations::{Revocations, Unavailable};

/// Has those that were put there, and counts how often it was asked.
#[derive(Debug, Default)]
pub(crate) struct FakeRevocations {
    pub(crate) crls: Mutex<HashMap<String, Vec<u8>>>,
    pub(crate) answers: Mutex<HashMap<String, Vec<u8>>>,
    pub(crate) asked: Mutex<usize>,
    /// What it was asked by OCSP.
    pub(crate) requests: Mutex<Vec<Vec<u8>>>,
}

#[async_trait]
impl Revocations for FakeRevocations {
    async fn crl(&self, url: &str) -> Result<Vec<u8>, Unavailable> {
        *self.asked.lock().unwrap() += 1;
        let found = self.crls.lock().unwrap().get(url).cloned();
        found.ok_or_else(|| Unavailable { url: url.to_owned(), cause: "connection refused".into() })
    }

    async fn ocsp(&self, url: &str, request: Vec<u8>) -> Result<Vec<u8>, Unavailable> {
        self.requests.lock().unwrap().push(request);
        let found = self.answers.lock().unwrap().get(url).cloned();
        found.ok_or_else(|| Unavailable { url: url.to_owned(), cause: "connection refused".into() })
    }
}
