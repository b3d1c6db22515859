//! Codes of a second factor that are sent: the signer draws one, a courier brings it to the credential's owner.
//!
//! This zone sees the code, so such a factor says nothing about the gateway (SECURITY.md).

use std::sync::Arc;

use rsign_api::signer::{DrawCode, FactorKind};

use super::post::Post;
use crate::domain::client::{ACCOUNT, BASIC};
use crate::domain::contact::Contact;
use crate::domain::credential::Credential;
use crate::domain::notice::{About, Code};
use crate::port::courier::Undelivered;
use crate::port::signer::{self, Signer};
use crate::store::{Clients, Repositories};

/// Why no code is on its way.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The credential needs none, or makes its own.
    #[error("the credential has no factor whose codes are sent")]
    NotOnline,
    /// This credential or client had too many lately.
    #[error("too many codes; the next one is sent in {seconds} seconds")]
    TooMany {
        /// At least 1.
        seconds: u32,
    },
    /// Its owner has no address, or one of a kind that this service brings nothing to.
    #[error("no way leads to the credential's owner")]
    NoWay,
    /// Nobody took it.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
    /// The signer said no, or nothing.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
}

/// The service.
#[derive(Debug)]
pub struct OneTimeCodes {
    clients: Clients,
    post: Arc<Post>,
    signer: Arc<dyn Signer>,
}

impl OneTimeCodes {
    /// The service.
    #[must_use]
    pub fn new(repositories: &Repositories, post: Arc<Post>, signer: Arc<dyn Signer>) -> Self {
        Self { clients: repositories.clients.clone(), post, signer }
    }

    /// Has a code brought to the credential's owner, which this client will present.
    ///
    /// # Errors
    /// See [`Error`]. After [`Error::Undelivered`] the code before is gone as well.
    pub async fn send(&self, credential: &Credential, client: &str) -> Result<(), Error> {
        if credential.factor != FactorKind::Online {
            return Err(Error::NotOnline);
        }
        // Looked for first: what cannot be brought is not drawn.
        let contact = self.contact(credential).await?.filter(|contact| self.post.reaches(contact));
        let contact = contact.ok_or(Error::NoWay)?;
        let ask =
            DrawCode { credential: credential.id.clone(), user: credential.user.clone(), client: client.to_owned() };
        let drawn = self.signer.draw_code(ask).await?;
        let Some(digits) = drawn.code else { return Err(Error::TooMany { seconds: drawn.seconds }) };
        let code = Code { digits, seconds: drawn.seconds };
        let app = self.called(client).await?;
        Ok(self.post.send(&contact, About::Signature { code, app }).await?)
    }

    /// Where codes of this credential go.
    ///
    /// # Errors
    /// The store.
    pub async fn contact(&self, credential: &Credential) -> rsign_storage::Result<Option<Contact>> {
        self.post.contact(&credential.user).await
    }

    async fn called(&self, client: &str) -> rsign_storage::Result<String> {
        // The built-in clients are this service itself.
        let found = if [ACCOUNT, BASIC].contains(&client) { None } else { self.clients.find(client).await? };
        Ok(found.map_or_else(|| self.post.service().to_owned(), |found| found.name().to_owned()))
    }
}
