//! Apps that are told, and only remembered.

use std::sync::Mutex;

use async_trait::async_trait;

use super::callback::{Callback, Error};

/// Whom it told what.
#[derive(Debug, Default)]
pub(crate) struct FakeCallback(pub(crate) Mutex<Vec<(String, String)>>);

#[async_trait]
impl Callback for FakeCallback {
    async fn tell(&self, uri: &str, response: &str) -> Result<(), Error> {
        self.0.lock().unwrap().push((uri.to_owned(), response.to_owned()));
        Ok(())
    }
}
