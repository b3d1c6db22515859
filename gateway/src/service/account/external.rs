//! Signing in through an identity provider, and tying an account to one.

use std::net::IpAddr;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::domain::external::{ExternalSignIn, Identity, Introduction, PATIENCE, Tie, UNTYING};
use crate::domain::language::Language;
use crate::domain::token::digest;
use crate::domain::user::User;
use crate::port::clock::Clock;
use crate::port::identity::{self, Answer, IdentityProvider, Question};
use crate::port::random::{Exhausted, Random};
use crate::service::room::{Full, Room};
use crate::store::{External as Stored, Users};

/// Why nobody was recognised.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such provider, or no such sign-in in this browser.
    #[error("there is no such sign-in under way in this browser")]
    Unknown,
    /// The name is tied to another account.
    #[error("that identity is tied to another account")]
    Taken,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The only way in cannot be given up.
    #[error("the account would have no way in left")]
    LastWayIn,
    /// The provider's answer is not believed, or did not come.
    #[error(transparent)]
    Provider(#[from] identity::Error),
    /// Too many are under way already.
    #[error(transparent)]
    Full(#[from] Full),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// A provider, as people know it.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its part of addresses.
    pub name: String,
    /// What people know it by.
    pub title: String,
    /// Issuer identifier.
    pub issuer: String,
    /// The way to it.
    pub port: Arc<dyn IdentityProvider>,
}

/// What a browser brought back.
#[derive(Debug)]
pub enum Outcome {
    /// Somebody with an account.
    Known(Box<User>),
    /// Somebody without: what finds the introduction again.
    Stranger(SecretString),
    /// The owner of an account, which is tied now.
    Tied,
}

/// What a browser came back with.
#[derive(Debug)]
pub struct Returned<'a> {
    /// `state`.
    pub state: &'a str,
    /// `code`; none where the provider or the person refused.
    pub code: Option<&'a str>,
    /// `iss`.
    pub issuer: Option<&'a str>,
    /// What forms of this browser are tied to.
    pub browser: &'a SecretString,
    /// Who is signed in, `userID`.
    pub user: Option<&'a str>,
}

/// The service.
#[derive(Debug)]
pub struct External {
    providers: Vec<Provider>,
    stored: Stored,
    users: Users,
    room: Arc<Room>,
    public_url: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl External {
    /// The service over its parts.
    #[must_use]
    pub fn new(
        providers: Vec<Provider>,
        stored: Stored,
        users: Users,
        room: Arc<Room>,
        public_url: String,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { providers, stored, users, room, public_url, clock, random }
    }

    /// All providers.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// Where a browser goes to sign in there; with `link`, to tie that account to whoever answers.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn begin(
        &self,
        provider: &str,
        next: (&str, &str),
        link: Option<&str>,
        (browser, address): (&SecretString, Option<IpAddr>),
        language: Language,
    ) -> Result<String, Error> {
        let provider = self.named(provider)?;
        self.room.take("", address, 0)?;
        let state = self.random.secret()?;
        let sign_in = ExternalSignIn {
            provider: provider.name.clone(),
            next: (next.0.to_owned(), next.1.to_owned()),
            link: link.map(str::to_owned),
            expires_at: self.clock.now() + PATIENCE,
        };
        self.stored.begin(&digest(&state), sign_in).await?;
        let question = self.question(provider, &state, browser, language);
        Ok(provider.port.question(&question).await?)
    }

    /// Who came back, and where it was to lead. What was begun is over, whatever comes of it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn finish(&self, provider: &str, back: Returned<'_>) -> Result<(Outcome, (String, String)), Error> {
        let provider = self.named(provider)?;
        let begun = self.stored.take(&digest(back.state)).await?.ok_or(Error::Unknown)?;
        if begun.provider != provider.name || begun.expires_at <= self.clock.now() {
            return Err(Error::Unknown);
        }
        let code = back.code.ok_or(identity::Error::Refused("the person or the provider said no"))?;
        let answer = Answer { code: code.to_owned().into(), issuer: back.issuer.map(str::to_owned) };
        // The language plays no part in what is compared.
        let question = self.question(provider, back.state, back.browser, Language::default());
        let identity = provider.port.identity(&question, answer).await?;
        let outcome = match &begun.link {
            Some(user) if Some(user.as_str()) == back.user => self.link(user, identity).await?,
            Some(_) => return Err(Error::Unknown),
            None => self.recognise(provider, identity, back.browser).await?,
        };
        Ok((outcome, begun.next))
    }

    /// Who was introduced to this browser.
    ///
    /// # Errors
    /// Unknown, or too old.
    pub async fn introduction(&self, token: &str, browser: &SecretString) -> Result<Introduction, Error> {
        let found = self.stored.introduction(&digest(token)).await?.ok_or(Error::Unknown)?;
        let own = found.browser == digest(browser.expose_secret()) && found.expires_at > self.clock.now();
        if own { Ok(found) } else { Err(Error::Unknown) }
    }

    /// Ties a new account to who was introduced, once.
    ///
    /// # Errors
    /// Unknown, or tied to another account meanwhile.
    pub async fn accept(&self, token: &str, user: &User) -> Result<(), Error> {
        let introduction = self.stored.take_introduction(&digest(token)).await?.ok_or(Error::Unknown)?;
        self.link(&user.id, introduction.identity).await?;
        Ok(())
    }

    /// Which providers an account is tied to: their issuer identifiers.
    ///
    /// # Errors
    /// The store.
    pub async fn of_user(&self, user: &str) -> Result<Vec<String>, Error> {
        Ok(self.stored.of_user(user).await?.into_iter().map(|tie| tie.issuer).collect())
    }

    /// Unties an account that has a password from all providers.
    ///
    /// # Errors
    /// The store.
    pub async fn untie_all(&self, user: &User) -> Result<(), Error> {
        if !user.password.is_one() {
            return Err(Error::LastWayIn);
        }
        for tie in self.stored.of_user(&user.id).await? {
            self.stored.untie(&tie).await?;
        }
        Ok(())
    }

    /// Unties an account from a provider, if another way in is left. One at a time: two would each see the other's.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn untie(&self, user: &User, provider: &str) -> Result<(), Error> {
        let provider = self.named(provider)?;
        let now = self.clock.now();
        if !self.stored.begin_untying(&user.id, now, now + UNTYING).await? {
            return Err(Error::LastWayIn);
        }
        let outcome = self.untie_alone(user, provider).await;
        self.stored.end_untying(&user.id).await?;
        outcome
    }

    async fn untie_alone(&self, user: &User, provider: &Provider) -> Result<(), Error> {
        let ties = self.stored.of_user(&user.id).await?;
        let (gone, left): (Vec<_>, Vec<_>) = ties.into_iter().partition(|tie| tie.issuer == provider.issuer);
        if left.is_empty() && !user.password.is_one() {
            return Err(Error::LastWayIn);
        }
        for tie in &gone {
            self.stored.untie(tie).await?;
        }
        Ok(())
    }

    fn named(&self, name: &str) -> Result<&Provider, Error> {
        self.providers.iter().find(|provider| provider.name == name).ok_or(Error::Unknown)
    }

    /// Nonce and verifier are derived from the browser's secret and the state: nobody else can answer, and nothing
    /// that would help a thief of the store lies in it.
    fn question(&self, provider: &Provider, state: &str, browser: &SecretString, language: Language) -> Question {
        let derive = |purpose: &str| {
            // A key of any length is good for HMAC.
            let mac = Hmac::<Sha256>::new_from_slice(browser.expose_secret().as_bytes()).map(|mut mac| {
                mac.update(purpose.as_bytes());
                mac.update(b"\0");
                mac.update(state.as_bytes());
                BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
            });
            mac.unwrap_or_default()
        };
        Question {
            redirect_uri: format!("{}/account/oidc/{}/return", self.public_url, provider.name),
            state: state.to_owned(),
            nonce: derive("rsign external nonce"),
            verifier: derive("rsign external verifier").into(),
            language,
        }
    }

    async fn link(&self, user: &str, identity: Identity) -> Result<Outcome, Error> {
        let Identity { issuer, subject, .. } = identity;
        let tie = Tie { user: user.to_owned(), issuer, subject };
        if !self.stored.tie(tie.clone()).await? {
            let known = self.stored.find(&tie.issuer, &tie.subject).await?;
            if known.is_none_or(|known| known.user != user) {
                return Err(Error::Taken);
            }
        }
        Ok(Outcome::Tied)
    }

    async fn recognise(
        &self,
        provider: &Provider,
        identity: Identity,
        browser: &SecretString,
    ) -> Result<Outcome, Error> {
        if let Some(tie) = self.stored.find(&identity.issuer, &identity.subject).await? {
            // Whose account is disabled does not open another one.
            let user = self.users.find(&tie.user).await?.ok_or(Error::Disabled)?;
            return Ok(Outcome::Known(Box::new(user)));
        }
        let token = SecretString::from(self.random.secret()?);
        let introduction = Introduction {
            identity,
            provider: provider.name.clone(),
            browser: digest(browser.expose_secret()),
            expires_at: self.clock.now() + PATIENCE,
        };
        self.stored.introduce(&digest(token.expose_secret()), introduction).await?;
        Ok(Outcome::Stranger(token))
    }
}
