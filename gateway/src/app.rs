//! The only place where ports meet adapters.

use std::sync::Arc;

use crate::config::Config;
use crate::port::clock::{Clock, SystemClock};
use crate::port::random::{Random, SystemSource};
use crate::port::signer::Signer;
use crate::service::authority::Authority;
use crate::service::authorization::Authorization;
use crate::service::clients::Clients;
use crate::service::credentials::Credentials;
use crate::service::enrolment::Enrolment;
use crate::service::housekeeping::Housekeeping;
use crate::service::login::Login;
use crate::service::passwords::Passwords;
use crate::service::signing::Signing;
use crate::service::tokens::{Lifetimes, Tokens};
use crate::signer_client::SignerClient;
use crate::store::Repositories;

/// The services, wired.
#[derive(Debug)]
pub struct App {
    /// Registered apps.
    pub clients: Clients,
    /// Service tokens.
    pub tokens: Arc<Tokens>,
    /// People; none where `auth/login` is off.
    pub login: Option<Login>,
    /// Credentials and who reaches them.
    pub credentials: Arc<Credentials>,
    /// SADs.
    pub authorization: Authorization,
    /// Signatures.
    pub signing: Signing,
    /// CA certificate and CRL.
    pub authority: Arc<Authority>,
    /// Rounds of cleaning up.
    pub housekeeping: Housekeeping,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What everything is built from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The store.
    pub repositories: Repositories,
    /// The signer.
    pub signer: Arc<dyn Signer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

impl Parts {
    /// The real ones.
    ///
    /// # Errors
    /// When the store cannot be opened or the signer's certificates cannot be read.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            repositories: Repositories::open(&config.store).await?,
            signer: Arc::new(SignerClient::new(&config.signer)?),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemSource::default()),
        })
    }

    /// The service that makes credentials.
    #[must_use]
    pub fn enrolment(&self, tenant: &str) -> Enrolment {
        Enrolment::new(
            tenant.to_owned(),
            &self.repositories,
            Arc::clone(&self.signer),
            Arc::clone(&self.clock),
            Arc::clone(&self.random),
        )
    }

    /// The service that knows clients.
    #[must_use]
    pub fn clients(&self) -> Clients {
        let Repositories { clients, links, users, .. } = self.repositories.clone();
        Clients::new(clients, links, users, Arc::clone(&self.random))
    }
}

impl App {
    /// Wires the services.
    ///
    /// # Errors
    /// When the password hash does not work.
    pub fn new(config: &Config, parts: &Parts) -> anyhow::Result<Self> {
        let Parts { repositories, signer, clock, random } = parts.clone();
        let limits = config.limits;
        let lifetimes = Lifetimes { access: limits.access_token_seconds, grant: limits.refresh_token_seconds };
        let tokens = Arc::new(Tokens::new(&repositories, lifetimes, Arc::clone(&clock), Arc::clone(&random)));
        let login = if config.auth.basic {
            let passwords = Passwords::new(limits.password_hashes, random)?;
            Some(Login::new(repositories.users.clone(), passwords, Arc::clone(&tokens)))
        } else {
            None
        };
        let credentials = Arc::new(Credentials::new(&repositories, Arc::clone(&signer)));
        let authority = Arc::new(Authority::new(Arc::clone(&signer), Arc::clone(&clock)));
        let housekeeping = Housekeeping::new(
            repositories.clone(),
            Arc::clone(&credentials),
            Arc::new(parts.enrolment(&config.tenant)),
            Arc::clone(&authority),
            Arc::clone(&clock),
        );
        let authorization =
            Authorization::new(repositories.clients, config.auth.basic_pin_transport, Arc::clone(&signer));
        Ok(Self {
            clients: parts.clients(),
            tokens,
            login,
            credentials,
            authorization,
            signing: Signing::new(repositories.credentials, signer),
            authority,
            housekeeping,
            clock,
        })
    }
}
