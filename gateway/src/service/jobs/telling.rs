//! Tells an app that its signatures can be fetched, if it is still there then.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::domain::token::Eras;
use crate::port::callback::Callback;
use crate::service::presence::Presence;

/// Who is told, and where.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) callback: Arc<dyn Callback>,
    pub(super) presence: Presence,
    pub(super) client: String,
    /// The credential's owner.
    pub(super) user: String,
    /// Of when the job is.
    pub(super) eras: Eras,
    /// None where nobody wants to be told.
    pub(super) uri: Option<String>,
    /// The job's, until this is done.
    pub(super) slot: OwnedSemaphorePermit,
}

impl Telling {
    /// Tells. Who is not reached still finds out by polling.
    pub(super) async fn tell(self, id: &str) {
        let Some(uri) = &self.uri else { return };
        match self.presence.stands(&self.client, Some(&self.user), self.eras).await {
            Ok(true) => {}
            Ok(false) => {
                return tracing::info!(
                    client.id = self.client,
                    "an app that an operator ended was not told of signatures"
                );
            }
            Err(error) => {
                return tracing::warn!(%error, "an app was not told of its signatures");
            }
        }
        if let Err(error) = self.callback.tell(uri, id).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "an app was not told of its signatures");
        }
        drop(self.slot);
    }
}
