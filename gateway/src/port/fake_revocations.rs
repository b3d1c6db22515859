//! CRLs by their URLs.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::revocations::{Revocations, Unavailable};

/// Has those that were put there, and counts how often it was asked.
#[derive(Debug, Default)]
pub(crate) struct FakeRevocations {
    pub(crate) crls: Mutex<HashMap<String, Vec<u8>>>,
    pub(crate) asked: Mutex<usize>,
}

#[async_trait]
impl Revocations for FakeRevocations {
    async fn crl(&self, url: &str) -> Result<Vec<u8>, Unavailable> {
        *self.asked.lock().unwrap() += 1;
        let found = self.crls.lock().unwrap().get(url).cloned();
        found.ok_or_else(|| Unavailable { url: url.to_owned(), cause: "connection refused".into() })
    }
}
