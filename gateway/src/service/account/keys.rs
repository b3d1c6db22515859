//! A user's own keys, as the user sees them.

use std::sync::Arc;

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{CredentialName, CredentialStatus, State, Subject};

use crate::domain::certificate::Facts;
use crate::domain::credential::{Credential, Known};
use crate::port::clock::Clock;
use crate::port::signer::{self, Signer};
use crate::service::enrolment::{self, Enrolment};
use crate::store::Credentials;

/// Most keys that are listed; what the operator made counts too.
const MOST: usize = 100;

/// Why keys cannot be told of or deleted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// It could not be deleted.
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
}

/// A key.
#[derive(Debug, Clone)]
pub struct Key {
    /// What the gateway keeps of it.
    pub credential: Credential,
    /// What its certificate says.
    pub facts: Facts,
    /// Whether it can sign.
    pub standing: Standing,
}

/// Whether a key can sign, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Ready,
    /// Its enrolment was not finished.
    Unfinished,
    /// Too many wrong PINs: until then, Unix seconds.
    Locked(i64),
    /// Too many wrong PINs in all.
    Blocked,
    /// Set aside.
    Suspended,
    /// Its certificate is over.
    Expired,
    /// It is gone.
    Destroyed,
    /// The signer did not say.
    Unknown,
}

/// The service.
#[derive(Debug)]
pub struct Keys {
    stored: Credentials,
    signer: Arc<dyn Signer>,
    enrolment: Arc<Enrolment>,
    clock: Arc<dyn Clock>,
}

impl Keys {
    /// The service over its parts.
    #[must_use]
    pub fn new(stored: Credentials, signer: Arc<dyn Signer>, enrolment: Arc<Enrolment>, clock: Arc<dyn Clock>) -> Self {
        Self { stored, signer, enrolment, clock }
    }

    /// All of a user, newest first.
    ///
    /// # Errors
    /// The store.
    pub async fn of(&self, user: &str) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::new();
        for credential in self.stored.of_user(Some(user), None, MOST).await? {
            keys.extend(self.look_at(credential).await?);
        }
        keys.sort_by_key(|key| (std::cmp::Reverse(key.facts.not_before), key.credential.key_type.name()));
        Ok(keys)
    }

    /// How many a user has or is making.
    ///
    /// # Errors
    /// The store.
    pub async fn count(&self, user: &str) -> Result<usize, Error> {
        Ok(self.enrolment.others(user, "").await?)
    }

    /// One of a user's; another's is as unknown as one that never was.
    ///
    /// # Errors
    /// The store.
    pub async fn find(&self, user: &str, id: &str) -> Result<Option<Key>, Error> {
        match self.stored.find(id).await? {
            Some(credential) if credential.user == user && credential.certified => self.look_at(credential).await,
            _ => Ok(None),
        }
    }

    /// The id of a key that is going to be made, and whom its certificate will name; none where the user has or is
    /// making so many.
    ///
    /// # Errors
    /// The store, or randomness.
    pub async fn begin(&self, user: &str, most: usize) -> Result<Option<(String, Subject)>, Error> {
        Ok(self.enrolment.begin_one_of(user, most).await?)
    }

    /// Deletes one, on both sides.
    ///
    /// # Errors
    /// Store or signer.
    pub async fn delete(&self, key: &Key) -> Result<(), Error> {
        tracing::info!(credential.id = key.credential.id, user.id = key.credential.user, "deleted by its owner");
        Ok(self.enrolment.abandon(&key.credential.id).await?)
    }

    /// The same for an app, to which its owner agreed.
    ///
    /// # Errors
    /// Store or signer.
    pub async fn end(&self, credential: &Credential, client: &str) -> Result<(), Error> {
        tracing::info!(credential.id = credential.id, client.id = client, "deleted by an app, as its owner agreed");
        Ok(self.enrolment.abandon(&credential.id).await?)
    }

    /// Type and certificate of a key, which may be gone by now.
    ///
    /// # Errors
    /// The store.
    pub async fn recall(&self, id: &str) -> Result<Option<(KeyType, Facts)>, Error> {
        let kind = self.stored.find(id).await?.map(|credential| credential.key_type);
        let facts = self.stored.certificate(id).await?.map(|certificate| certificate.facts);
        Ok(kind.zip(facts))
    }

    async fn look_at(&self, credential: Credential) -> Result<Option<Key>, Error> {
        if credential.state == Known::Destroyed {
            return Ok(None);
        }
        let certificate = self.stored.certificate(&credential.id).await?;
        let Some(facts) = certificate.map(|certificate| certificate.facts) else { return Ok(None) };
        let status = self.signer.status(CredentialName { credential: credential.id.clone() }).await;
        if let Err(error @ signer::Error::Unavailable(_)) = &status {
            tracing::warn!(credential.id = credential.id, %error, "the state of a key could not be read");
        }
        let status = status.ok();
        let mut credential = credential;
        // An outcome that got lost on its way here is made up for.
        if let Some(status) = &status
            && status.factor != credential.factor
        {
            credential.factor = status.factor;
            self.stored.note_factor(&credential.id, status.factor).await?;
        }
        let standing = standing(status.as_ref(), facts.not_after, self.clock.now() / 1000);
        Ok(Some(Key { credential, facts, standing }))
    }
}

/// How a key stands, by what the signer says of it and until when its certificate is good; Unix seconds.
pub(crate) fn standing(status: Option<&CredentialStatus>, not_after: i64, now: i64) -> Standing {
    let Some(status) = status else { return Standing::Unknown };
    match (status.state, status.locked_until) {
        (State::Blocked, _) => Standing::Blocked,
        (State::Suspended, _) => Standing::Suspended,
        (State::Generated | State::Linked, _) => Standing::Unfinished,
        (State::Destroyed, _) => Standing::Destroyed,
        (State::Active, _) if not_after <= now => Standing::Expired,
        (State::Active, Some(until)) if until > now => Standing::Locked(until),
        (State::Active, _) => Standing::Ready,
    }
}

#[cfg(test)]
mod tests {
    use rsign_api::signer::FactorKind;

    use super::*;

    #[test]
    fn what_keeps_a_key_from_signing_is_named() {
        let factor = FactorKind::None;
        let of = |state, locked_until| standing(Some(&CredentialStatus { state, factor, locked_until }), 200, 100);
        assert_eq!(of(State::Active, None), Standing::Ready);
        assert_eq!(of(State::Active, Some(101)), Standing::Locked(101));
        assert_eq!(of(State::Active, Some(100)), Standing::Ready);
        assert_eq!(of(State::Blocked, Some(101)), Standing::Blocked);
        assert_eq!(of(State::Linked, None), Standing::Unfinished);
        let active = CredentialStatus { state: State::Active, factor, locked_until: None };
        assert_eq!(standing(Some(&active), 100, 100), Standing::Expired);
        assert_eq!(standing(None, 200, 100), Standing::Unknown);
    }
}
