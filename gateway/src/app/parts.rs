//! The only place where ports meet adapters.

use std::sync::Arc;

use anyhow::Context as _;

use super::{fitting, lasting};
use crate::callback_client::CallbackClient;
use crate::config::Config;
use crate::config::account::ProviderConfig;
use crate::config::otp::OtpConfig;
use crate::domain::seal::Material;
use crate::est_client::EstClient;
use crate::identity_client::IdentityClient;
use crate::mail_client::MailClient;
use crate::port::callback::Callback;
use crate::port::clock::{Clock, SystemClock};
use crate::port::courier::Courier;
use crate::port::random::{Random, SystemSource};
use crate::port::revocations::Revocations;
use crate::port::signer::Signer;
use crate::revocation_client::RevocationClient;
use crate::service::account::external::Provider;
use crate::service::account::throttle::{SECRETS, Throttle};
use crate::service::certification::Certification;
use crate::service::clients::Clients;
use crate::service::enrolment::Enrolment;
use crate::service::post::Couriers;
use crate::service::time_stamps::Source;
use crate::signer_client::SignerClient;
use crate::store::Repositories;
use crate::webhook_client::WebhookClient;

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
    /// Identity providers.
    pub providers: Vec<Provider>,
    /// Tells apps of their signatures.
    pub callback: Arc<dyn Callback>,
    /// Who brings codes to people.
    pub couriers: Couriers,
    /// Time-stamping authorities, in their order.
    pub stamping: Vec<Source>,
    /// Revocation data of others.
    pub revocations: Arc<dyn Revocations>,
    /// Where paths of certificates may end besides the built-in CA, DER.
    pub anchors: Vec<Vec<u8>>,
    /// Another CA that certifies keys; none: the built-in one.
    pub elsewhere: Option<Certification>,
    /// The configuration key, where there is one.
    pub material: Option<Arc<Material>>,
}

impl Parts {
    /// The real ones.
    ///
    /// # Errors
    /// When the store cannot be opened or the signer's certificates cannot be read.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let random: Arc<dyn Random> = Arc::new(SystemSource::default());
        fitting::of_gateway(&config.store).await?;
        Ok(Self {
            repositories: Repositories::open(&config.store).await?,
            signer: Arc::new(SignerClient::new(&config.signer)?),
            clock: Arc::new(SystemClock),
            random: Arc::clone(&random),
            providers: providers(config)?,
            callback: Arc::new(CallbackClient::new(&config.asynchronous)?),
            couriers: couriers(&config.otp, &random)?,
            stamping: lasting::stamping(config)?,
            revocations: Arc::new(RevocationClient::new(config.evidence.private)?),
            anchors: lasting::anchors(config)?,
            elsewhere: elsewhere(config)?,
            material: config.auth.configuration_key()?.map(Arc::new),
        })
    }

    /// The service that makes credentials.
    #[must_use]
    pub fn enrolment(&self, tenant: &str) -> Enrolment {
        Enrolment::new(
            tenant.to_owned(),
            &self.repositories,
            Arc::clone(&self.signer),
            self.elsewhere.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.random),
        )
    }

    /// The service that knows clients.
    #[must_use]
    pub fn clients(&self) -> Clients {
        let Repositories { clients, links, users, .. } = self.repositories.clone();
        let guesses = Arc::new(Throttle::new(SECRETS, Arc::clone(&self.clock)));
        Clients::new(clients, links, users, self.material.clone(), guesses, Arc::clone(&self.random))
    }
}

fn couriers(config: &OtpConfig, random: &Arc<dyn Random>) -> anyhow::Result<Couriers> {
    let mail = |config| -> anyhow::Result<Arc<dyn Courier>> { Ok(Arc::new(MailClient::new(config)?)) };
    let webhook = |config| -> anyhow::Result<Arc<dyn Courier>> {
        Ok(Arc::new(WebhookClient::new(config, Arc::new(SystemClock), Arc::clone(random))?))
    };
    Ok(Couriers {
        email: config.email.as_ref().map(mail).transpose()?,
        phone: config.webhook.as_ref().map(webhook).transpose()?,
    })
}

fn elsewhere(config: &Config) -> anyhow::Result<Option<Certification>> {
    let Some(est) = &config.est else { return Ok(None) };
    let anchors = config.evidence.anchors()?;
    let made = Certification::new(Arc::new(EstClient::new(est)?), &anchors, Arc::new(SystemClock));
    Ok(Some(made.context("[evidence] anchors")?))
}

fn providers(config: &Config) -> anyhow::Result<Vec<Provider>> {
    let connect = |provider: &ProviderConfig| -> anyhow::Result<Provider> {
        Ok(Provider {
            name: provider.name.clone(),
            title: provider.title.clone(),
            issuer: provider.issuer.clone(),
            port: Arc::new(IdentityClient::new(provider, Arc::new(SystemClock))?),
        })
    };
    config.account.providers.iter().map(connect).collect()
}
