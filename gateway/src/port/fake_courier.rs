//! A courier whose post is only remembered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use secrecy::ExposeSecret as _;

use super::courier::{Courier, Undelivered};
use crate::domain::notice::Notice;

/// Whom it brought what.
#[derive(Debug, Default)]
pub(crate) struct FakeCourier {
    /// Address and text.
    pub(crate) post: Mutex<Vec<(String, String)>>,
    /// Whether it takes nothing.
    pub(crate) is_away: AtomicBool,
}

#[async_trait]
impl Courier for FakeCourier {
    async fn deliver(&self, to: &str, notice: &Notice) -> Result<(), Undelivered> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Undelivered("connection refused".into()));
        }
        self.post.lock().unwrap().push((to.to_owned(), notice.text().expose_secret().to_owned()));
        Ok(())
    }
}
