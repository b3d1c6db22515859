//! Authorization codes: issued when a user has agreed, redeemed once for the tokens (8.3.3 / 8.4.4).

use std::sync::Arc;

use rsign_api::csc::authorization::{Dialect, Errand, GrantedDetails, GrantedErrand, Scope};
use rsign_api::signer::RevokeSad;
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::authorization_request::AuthorizationRequest;
use crate::domain::client::Client;
use crate::domain::code::{Approved, Code, Granted, LIFETIME, Mismatch, Presentation};
use crate::domain::seal::{self, Material, Purpose};
use crate::domain::session::Session;
use crate::domain::token::{Bearer, Commission, Confirmation, CredentialToken, Eras, Kind, digest};
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::port::signer::Signer;
use crate::service::tokens::{self, Issued, Tokens};
use crate::service::transactions;
use crate::store::{Codes as Stored, Redemption};

/// Why there is no code, or no token for one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It looks like no code of ours.
    #[error("this is no authorization code")]
    Malformed,
    /// It does not fit what it was issued for, or was used before.
    #[error("the authorization code cannot be redeemed: {0:?}")]
    Refused(Mismatch),
    /// The tokens could not be issued.
    #[error(transparent)]
    Token(#[from] tokens::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
    /// The SAD could not be sealed.
    #[error(transparent)]
    Seal(#[from] seal::Failed),
}

/// What a code is redeemed for.
#[derive(Debug)]
pub enum Redeemed {
    /// Service tokens.
    Service(Issued),
    /// A credential token, which is the SAD.
    Credential(CredentialGrant),
    /// A token for an errand, and what is said of it.
    Errand(Issued, GrantedErrand),
}

/// What came of a user's yes.
#[derive(Debug)]
pub enum Given {
    /// Nothing but the yes.
    Nothing,
    /// A SAD of this credential.
    Sad(String, transactions::Approved),
    /// This credential was made.
    Key(String),
}

/// A credential token and what is said of it.
#[derive(Debug)]
pub struct CredentialGrant {
    /// The SAD.
    pub token: SecretString,
    /// The version of the request.
    pub dialect: Dialect,
    /// Seconds it is still good for.
    pub expires_in: u32,
    /// The credential, where the user chose it.
    pub chosen: Option<String>,
    /// What was granted, where it was asked for as `authorization_details`.
    pub details: Option<GrantedDetails>,
}

/// The service.
#[derive(Debug)]
pub struct Codes {
    stored: Stored,
    tokens: Arc<Tokens>,
    signer: Arc<dyn Signer>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Codes {
    /// The service over its parts.
    #[must_use]
    pub fn new(
        stored: Stored,
        tokens: Arc<Tokens>,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { stored, tokens, signer, clock, random }
    }

    /// A code for what this user agreed to, and what came of that.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn issue(
        &self,
        request: AuthorizationRequest,
        session: &Session,
        given: Given,
    ) -> Result<SecretString, Error> {
        let code = Kind::Code.draw(&*self.random)?;
        let granted = match (request.scope, given) {
            (Scope::Service, _) => Granted::Service,
            (Scope::Credential(wish), Given::Sad(credential, sad)) => {
                let secret = sad.sad.expose_secret().as_bytes();
                let sealed = under(&code).seal(Purpose::Code, &request.client, secret, &*self.random)?;
                let sad_expires_at = sad.expires_at;
                Granted::Credential(Box::new(Approved { wish, credential, sad: sealed, sad_expires_at }))
            }
            (Scope::Errand(errand @ Errand::Create { .. }), Given::Key(credential)) => {
                Granted::Errand(Box::new(Commission { errand, credential }))
            }
            (Scope::Errand(Errand::Delete { credential }), Given::Nothing) => {
                let errand = Errand::Delete { credential: credential.clone() };
                Granted::Errand(Box::new(Commission { errand, credential }))
            }
            (Scope::Credential(_) | Scope::Errand(_), _) => return Err(Error::Refused(Mismatch::Unknown)),
        };
        let stored = Code {
            client: request.client,
            client_era: request.era,
            user: session.user.clone(),
            era: session.era,
            answer: request.answer,
            challenge: request.challenge,
            dialect: request.dialect,
            key: request.key,
            granted,
            expires_at: self.clock.now() + LIFETIME,
            spent: None,
        };
        self.stored.store(&digest(code.expose_secret()), stored).await?;
        Ok(code)
    }

    /// Tokens for a code, once. Shown a second time by its client, all that came of it ends.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn redeem(
        &self,
        client: &Client,
        code: &SecretString,
        shown: &Presentation,
        key: Option<Confirmation>,
    ) -> Result<Redeemed, Error> {
        if Kind::of(code.expose_secret()) != Some(Kind::Code) {
            return Err(Error::Malformed);
        }
        let (id, grant) = (digest(code.expose_secret()), self.random.id()?);
        let found = match self.stored.redeem(&id, shown, &grant, self.clock.now()).await? {
            Redemption::Redeemed(found) => *found,
            Redemption::Replayed(found, spent) => {
                tracing::warn!(client.id = client.id, "an authorization code was used twice; what came of it ends");
                self.end(code, *found, &spent.grant).await?;
                return Err(Error::Refused(Mismatch::Spent));
            }
            Redemption::Refused(mismatch) => return Err(Error::Refused(mismatch)),
        };
        let redeemed = self.grant(client, code, &found, &grant, key).await?;
        // A replay that came in between has found nothing to end yet.
        if self.stored.is_replayed(&id).await? {
            self.end(code, found, &grant).await?;
            return Err(Error::Refused(Mismatch::Spent));
        }
        Ok(redeemed)
    }

    async fn grant(
        &self,
        client: &Client,
        code: &SecretString,
        found: &Code,
        grant: &str,
        key: Option<Confirmation>,
    ) -> Result<Redeemed, Error> {
        let eras = Eras { client: found.client_era, user: found.era };
        let bearer =
            Bearer { client: client.id.clone(), user: Some(found.user.clone()), reach: client.reach, key, eras };
        if !self.tokens.stands(&bearer).await? {
            return Err(Error::Refused(Mismatch::Unknown));
        }
        let approved = match &found.granted {
            Granted::Credential(approved) => approved,
            Granted::Service => {
                let issued = self.tokens.issue_under(bearer, grant.to_owned(), client.refresh_tokens).await?;
                return Ok(Redeemed::Service(issued));
            }
            Granted::Errand(commission) => {
                let told = GrantedErrand::of(&commission.errand, &commission.credential);
                let issued = self.tokens.issue_for(bearer, grant.to_owned(), *commission.clone()).await?;
                return Ok(Redeemed::Errand(issued, told));
            }
        };
        let token = open(code, found, approved).ok_or(Error::Refused(Mismatch::Unknown))?;
        let left = u32::try_from((approved.sad_expires_at - self.clock.now()) / 1000).unwrap_or(0);
        let known = CredentialToken {
            bearer,
            credential: approved.credential.clone(),
            expires_at: approved.sad_expires_at,
            revoked: false,
        };
        self.tokens.adopt(&token, known).await?;
        Ok(Redeemed::Credential(CredentialGrant {
            token,
            dialect: found.dialect,
            expires_in: left,
            chosen: approved.wish.credential.is_none().then(|| approved.credential.clone()),
            details: GrantedDetails::of(&approved.wish, &approved.credential),
        }))
    }

    /// Ends what came of a code: its tokens, and its SAD here and at the signer.
    async fn end(&self, code: &SecretString, found: Code, grant: &str) -> Result<(), Error> {
        self.tokens.end_grant(grant).await?;
        let Granted::Credential(approved) = &found.granted else { return Ok(()) };
        let Some(sad) = open(code, &found, approved) else { return Ok(()) };
        self.tokens.forget_sad(sad.expose_secret()).await?;
        if let Err(error) = self.signer.revoke(RevokeSad { client: found.client, sad }).await {
            tracing::warn!(%error, "a SAD whose code was used twice could not be ended at the signer");
        }
        Ok(())
    }
}

/// The code is the key: who has only the store cannot open what it seals.
fn under(code: &SecretString) -> Material {
    Material::new(code.expose_secret().as_bytes())
}

fn open(code: &SecretString, found: &Code, approved: &Approved) -> Option<SecretString> {
    let sad = under(code).open(Purpose::Code, &found.client, &approved.sad)?;
    std::str::from_utf8(sad.expose_secret()).ok().map(SecretString::from)
}
