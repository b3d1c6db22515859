//! Registers and authenticates signing apps.

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::domain::callback;
use crate::domain::client::{
    CertificateRule, Client, Constraint, PinTransport, Profile, Reach, SecretDigest, TokenRequest, is_client_id,
};
use crate::domain::redirect::{self, Unfit};
use crate::domain::seal::{self, Material, Purpose, Sealed};
use crate::port::random::{Exhausted, Random};
use crate::service::account::throttle::{Throttle, Wait};
use crate::store::{Clients as Registrations, Links, Users};

/// Why a client is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such client.
    #[error("there is no such client")]
    Unknown,
    /// The secret is wrong, or the client has none.
    #[error("the client secret is wrong")]
    WrongSecret,
    /// The secret is wrong, and there were too many wrong ones.
    #[error(transparent)]
    Wait(#[from] Wait),
    /// The id cannot be one.
    #[error("a client id is 1 to 64 letters, digits, dots, dashes and underscores, and none of ours")]
    BadId,
    /// A redirect URI cannot be one.
    #[error(transparent)]
    Redirect(#[from] Unfit),
    /// A response URI cannot be one.
    #[error(transparent)]
    Response(#[from] callback::Unfit),
    /// The decisions do not fit together.
    #[error("{0}")]
    Contradiction(&'static str),
    /// The key of account tokens could not be sealed.
    #[error(transparent)]
    Seal(#[from] seal::Failed),
    /// The id is taken.
    #[error("the client id is taken")]
    Taken,
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// What an operator decides about a new client.
#[derive(Debug)]
pub struct Registration {
    /// `client_id`.
    pub id: String,
    /// What users know it by.
    pub name: Option<String>,
    /// Its OAuth rules.
    pub profile: Profile,
    /// Its PIN transport.
    pub pin_transport: PinTransport,
    /// Exact redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Exact `response_uri`s.
    pub response_uris: Vec<String>,
    /// Which users its own tokens reach.
    pub reach: Reach,
    /// Whether it is given refresh tokens.
    pub refresh_tokens: bool,
    /// PEM of the key it authenticates with.
    pub public_key: Option<String>,
    /// The certificate it authenticates with.
    pub certificate: Option<CertificateRule>,
    /// Whether a secret is generated.
    pub secret: bool,
    /// Whether it makes account tokens with its secret.
    pub account_tokens: bool,
    /// Whether it cannot keep a secret.
    pub public: bool,
    /// Whether its tokens are bound to a key.
    pub constraint: Constraint,
    /// Whether its authorization requests have to be signed.
    pub signed_requests: bool,
    /// Where else its token requests may have their parameters.
    pub token_requests: Vec<TokenRequest>,
    /// Whether a revocation is answered with 200.
    pub revokes_with_ok: bool,
    /// Whether it takes sendOTP for done only if it hears 200.
    pub sends_otp_with_ok: bool,
    /// Whether it is a worker of the SignServer-compatible interface.
    pub worker: bool,
}

impl Registration {
    /// What belongs together (security.md 2.1).
    fn check(&self) -> Result<(), Error> {
        let keyed = self.public_key.is_some() || self.certificate.is_some();
        let contradiction = match self {
            Self { worker: true, pin_transport: PinTransport::Sealed, .. }
            | Self { worker: true, profile: Profile::Hardened, .. } => {
                Some("a worker takes PINs in clear and is of the legacy profile")
            }
            Self { public: true, .. } if keyed || self.secret => Some("a public client has no secret and no key"),
            Self { public: true, profile: Profile::Hardened, .. } => Some("a hardened client is not public"),
            Self { public: true, .. } => None,
            Self { profile: Profile::Hardened, secret: true, .. } => {
                Some("a hardened client authenticates with a key or a certificate, not with a secret: add --no-secret")
            }
            Self { profile: Profile::Hardened, token_requests, .. } if !token_requests.is_empty() => {
                Some("a hardened client sends its token requests as forms")
            }
            Self { profile: Profile::Hardened, .. } if !keyed => Some("a hardened client needs a key or a certificate"),
            Self { profile: Profile::Hardened, constraint: Constraint::None, .. } => {
                Some("the tokens of a hardened client are bound to a key or a certificate")
            }
            Self { constraint: Constraint::Certificate, certificate: None, .. } => {
                Some("tokens can be bound to a certificate only if the client has one")
            }
            Self { signed_requests: true, public_key: None, .. } => Some("signed requests need the client's key"),
            Self { account_tokens: true, secret: false, .. } => {
                Some("account tokens are made with the client's secret")
            }
            Self { secret: false, .. } if !keyed => {
                Some("the client could not authenticate: a secret, a key or a certificate")
            }
            _ => None,
        };
        contradiction.map_or(Ok(()), |fault| Err(Error::Contradiction(fault)))?;
        self.redirect_uris.iter().try_for_each(|uri| redirect::check(uri))?;
        Ok(self.response_uris.iter().try_for_each(|uri| callback::check(uri))?)
    }
}

/// The service.
#[derive(Debug)]
pub struct Clients {
    registrations: Registrations,
    links: Links,
    users: Users,
    material: Option<Arc<Material>>,
    guesses: Arc<Throttle>,
    random: Arc<dyn Random>,
}

impl Clients {
    /// The service over its repositories.
    #[must_use]
    pub fn new(
        registrations: Registrations,
        links: Links,
        users: Users,
        material: Option<Arc<Material>>,
        guesses: Arc<Throttle>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { registrations, links, users, material, guesses, random }
    }

    /// Registers a client. The secret is generated and only here in clear.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn register(&self, wanted: Registration) -> Result<Option<SecretString>, Error> {
        if !is_client_id(&wanted.id) {
            return Err(Error::BadId);
        }
        wanted.check()?;
        let secret = if wanted.secret { Some(self.random.secret()?) } else { None };
        let account_key = match &secret {
            Some(secret) if wanted.account_tokens => Some(self.account_key(&wanted.id, secret)?),
            _ => None,
        };
        let client = Client {
            id: wanted.id,
            name: wanted.name,
            account_key,
            secret: secret.as_deref().map(SecretDigest::of),
            profile: wanted.profile,
            pin_transport: wanted.pin_transport,
            redirect_uris: wanted.redirect_uris,
            response_uris: wanted.response_uris,
            reach: wanted.reach,
            refresh_tokens: wanted.refresh_tokens,
            public_key: wanted.public_key,
            certificate: wanted.certificate,
            public: wanted.public,
            constraint: wanted.constraint,
            signed_requests: wanted.signed_requests,
            token_requests: wanted.token_requests,
            revokes_with_ok: wanted.revokes_with_ok,
            sends_otp_with_ok: wanted.sends_otp_with_ok,
            worker: wanted.worker,
            disabled: false,
            era: 0,
        };
        if !self.registrations.register(client).await? {
            return Err(Error::Taken);
        }
        Ok(secret.map(SecretString::from))
    }

    /// Gives a client another secret, disabled or not; the one before is none from here on, and
    /// all that it held is dead.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew_secret(&self, id: &str) -> Result<SecretString, Error> {
        let client = self.registrations.registered(id).await?.ok_or(Error::Unknown)?;
        if client.secret.is_none() {
            return Err(Error::Contradiction("the client has no secret: it authenticates otherwise"));
        }
        let secret = self.random.secret()?;
        let account_key = client.account_key.is_some().then(|| self.account_key(id, &secret)).transpose()?;
        let digest = SecretDigest::of(&secret);
        let change = move |client: Client| Client {
            secret: Some(digest.clone()),
            account_key: account_key.clone(),
            ..client.renewed()
        };
        if self.registrations.change(id, change).await? { Ok(SecretString::from(secret)) } else { Err(Error::Unknown) }
    }

    /// All registrations, those of disabled clients too.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn all(&self) -> Result<Vec<Client>, Error> {
        Ok(self.registrations.all().await?)
    }

    /// Lets a client reach a user no more.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn unlink(&self, client: &str, user: &str) -> Result<(), Error> {
        Ok(self.links.unlink(client, user).await?)
    }

    /// SHA-256(secret), which account tokens are signed with, under a key that does not lie in the store (DESIGN 6).
    fn account_key(&self, id: &str, secret: &str) -> Result<Sealed, Error> {
        let fault = "account tokens need [auth] configuration_key_file";
        let material = self.material.as_deref().ok_or(Error::Contradiction(fault))?;
        Ok(material.seal(Purpose::AccountToken, id, &Sha256::digest(secret), &*self.random)?)
    }

    /// Lets a client reach a user.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn link(&self, client: &str, user: &str) -> Result<(), Error> {
        self.find(client).await?;
        self.users.find(user).await?.ok_or(Error::UnknownUser)?;
        Ok(self.links.link(client, user).await?)
    }

    /// The registration.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn find(&self, id: &str) -> Result<Client, Error> {
        if !is_client_id(id) {
            return Err(Error::Unknown);
        }
        self.registrations.find(id).await?.ok_or(Error::Unknown)
    }

    /// The registration, if the secret is its. A right secret is never kept waiting by the wrong ones of others: it is
    /// its 256 bits that keep it from being guessed. Who sends wrong ones, or names nobody, is slowed down.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn authenticate(&self, id: &str, secret: &str, address: Option<IpAddr>) -> Result<Client, Error> {
        let wrong = match self.find(id).await {
            Ok(client) if client.secret.as_ref().is_some_and(|digest| digest.fits(secret)) => return Ok(client),
            Ok(_) => Error::WrongSecret,
            Err(Error::Unknown) => Error::Unknown,
            Err(error) => return Err(error),
        };
        // What cannot be an id may be of any length, and is nobody's.
        self.guesses.fail(if is_client_id(id) { id } else { "" }, address)?;
        Err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_a_hardened_client_are_bound() {
        let hardened = |constraint| Registration {
            id: "app".to_owned(),
            name: None,
            profile: Profile::Hardened,
            pin_transport: PinTransport::Sealed,
            redirect_uris: Vec::new(),
            reach: Reach::Linked,
            refresh_tokens: true,
            public_key: Some("key".to_owned()),
            certificate: None,
            secret: false,
            account_tokens: false,
            public: false,
            constraint,
            signed_requests: false,
            response_uris: Vec::new(),
            token_requests: Vec::new(),
            revokes_with_ok: false,
            sends_otp_with_ok: false,
            worker: false,
        };
        assert!(hardened(Constraint::Dpop).check().is_ok());
        assert!(matches!(hardened(Constraint::None).check(), Err(Error::Contradiction(_))));
    }
}
