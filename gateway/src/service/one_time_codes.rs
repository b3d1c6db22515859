//! Codes of a second factor that are sent: the signer draws one, a courier brings it to the credential's owner.
//!
//! This zone sees the code, so such a factor says nothing about the gateway (SECURITY.md).

use std::sync::Arc;

use rsign_api::signer::{DrawCode, FactorKind};

use crate::domain::client::{ACCOUNT, BASIC};
use crate::domain::contact::Contact;
use crate::domain::credential::Credential;
use crate::domain::language::Language;
use crate::domain::notice::Notice;
use crate::port::courier::{Courier, Undelivered};
use crate::port::signer::{self, Signer};
use crate::store::{Clients, Repositories, Users};

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

/// Who brings codes, by kind of address.
#[derive(Debug, Clone, Default)]
pub struct Couriers {
    /// To e-mail addresses.
    pub email: Option<Arc<dyn Courier>>,
    /// To telephone numbers.
    pub phone: Option<Arc<dyn Courier>>,
}

impl Couriers {
    /// Whether an address of this kind is reached.
    #[must_use]
    pub const fn reach(&self, contact: &Contact) -> bool {
        match contact {
            Contact::Email(_) => self.email.is_some(),
            Contact::Phone(_) => self.phone.is_some(),
        }
    }

    fn to<'a>(&'a self, contact: &'a Contact) -> Option<(&'a Arc<dyn Courier>, &'a str)> {
        let (courier, address) = match contact {
            Contact::Email(address) => (&self.email, address),
            Contact::Phone(address) => (&self.phone, address),
        };
        courier.as_ref().map(|courier| (courier, address.as_str()))
    }
}

/// The service.
#[derive(Debug)]
pub struct OneTimeCodes {
    users: Users,
    clients: Clients,
    couriers: Couriers,
    signer: Arc<dyn Signer>,
    /// What this service calls itself, and in which language.
    service: (String, Language),
}

impl OneTimeCodes {
    /// The service.
    #[must_use]
    pub fn new(
        repositories: &Repositories,
        couriers: Couriers,
        signer: Arc<dyn Signer>,
        service: (String, Language),
    ) -> Self {
        let Repositories { users, clients, .. } = repositories.clone();
        Self { users, clients, couriers, signer, service }
    }

    /// Whether any way leads to people.
    #[must_use]
    pub const fn is_offered(&self) -> bool {
        self.couriers.email.is_some() || self.couriers.phone.is_some()
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
        let contact = self.contact(credential).await?.ok_or(Error::NoWay)?;
        let (courier, address) = self.couriers.to(&contact).ok_or(Error::NoWay)?;
        let ask =
            DrawCode { credential: credential.id.clone(), user: credential.user.clone(), client: client.to_owned() };
        let drawn = self.signer.draw_code(ask).await?;
        let Some(code) = drawn.code else { return Err(Error::TooMany { seconds: drawn.seconds }) };
        let (service, language) = self.service.clone();
        let notice = Notice { code, seconds: drawn.seconds, app: self.called(client).await?, service, language };
        Ok(courier.deliver(address, &notice).await?)
    }

    /// Where codes of this credential go.
    ///
    /// # Errors
    /// The store.
    pub async fn contact(&self, credential: &Credential) -> rsign_storage::Result<Option<Contact>> {
        Ok(self.users.find(&credential.user).await?.and_then(|user| user.contact))
    }

    async fn called(&self, client: &str) -> rsign_storage::Result<String> {
        // The built-in clients are this service itself.
        let found = if [ACCOUNT, BASIC].contains(&client) { None } else { self.clients.find(client).await? };
        Ok(found.map_or_else(|| self.service.0.clone(), |found| found.name().to_owned()))
    }
}
