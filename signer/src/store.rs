//! The signer's tables, each method one atomic step in the words of the domain.

use std::sync::Arc;

use rsign_api::bytes::Bytes;
use rsign_storage::{Collection, Place, Result, Store, Table, Update};
use serde::{Deserialize, Serialize};

use crate::ceremony::CeremonyRow;
use crate::credential::Credential;
use crate::hsm::MasterVersion;
use crate::sad::Sad;

const CREDENTIALS: Collection = Collection { name: "credential" };
const SADS: Collection = Collection { name: "sad" };
const CEREMONY: Collection = Collection { name: "ceremony" };
const BRAKE: Collection = Collection { name: "brake" };
const ISSUED: Collection = Collection { name: "issued" };
const RESPONDER: Collection = Collection { name: "responder" };

/// Every collection of the signer.
pub const COLLECTIONS: &[Collection] = &[CREDENTIALS, SADS, CEREMONY, BRAKE, ISSUED, RESPONDER];

/// Who answers OCSP for the built-in CA: shared by all instances on one K_MK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponderRow {
    /// 16 random octets: what opens this one's slot opens no other's.
    pub id: Bytes,
    /// Its private key under the KEK (KWP, RFC 5649).
    pub wrapped_key: Bytes,
    /// KEK under a wrapping key derived from K_MK, 40 bytes.
    pub slot: Bytes,
    /// Which K_MK it is under.
    #[serde(default)]
    pub master: MasterVersion,
    /// Its certificate, DER.
    pub certificate: Bytes,
}

/// When one client's PINs were judged and wrong, or are being judged, over all credentials: the brake on trying one PIN
/// on many (DESIGN 3). Of each client its own: nobody is held up by another's guesses.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Brake {
    /// Unix milliseconds, oldest first, at most as many as the limit.
    pub wrong: Vec<i64>,
}

/// A certificate that the built-in CA issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The credential it is of; a service's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// When it ends, Unix milliseconds.
    pub not_after: i64,
}

/// The tables.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Credentials by id, grouped by user.
    pub credentials: Table<Credential>,
    /// SADs by row id, grouped by credential; they expire.
    pub sads: Table<Sad>,
    ceremony: Table<CeremonyRow>,
    brake: Table<Brake>,
    issued: Table<Issued>,
    responder: Table<ResponderRow>,
}

impl Tables {
    /// Over an open store.
    #[must_use]
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            credentials: Table::new(Arc::clone(store), CREDENTIALS, |credential: &Credential| Place {
                group: Some(credential.user.clone()),
                expires_at: None,
            }),
            sads: Table::new(Arc::clone(store), SADS, |sad: &Sad| Place {
                group: Some(sad.credential.clone()),
                expires_at: Some(sad.expires_at),
            }),
            ceremony: Table::new(Arc::clone(store), CEREMONY, |_| Place::default()),
            brake: Table::new(Arc::clone(store), BRAKE, |_| Place::default()),
            issued: Table::new(Arc::clone(store), ISSUED, |issued: &Issued| Place {
                group: issued.credential.clone(),
                expires_at: None,
            }),
            responder: Table::new(Arc::clone(store), RESPONDER, |_| Place::default()),
        }
    }

    /// What the ceremony left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ceremony(&self) -> Result<Option<CeremonyRow>> {
        self.ceremony.find("ceremony").await
    }

    /// Records a ceremony; `false` when there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record_ceremony(&self, row: CeremonyRow) -> Result<bool> {
        self.ceremony.insert("ceremony", row).await
    }

    /// One step over what the ceremony left, written only when it succeeds; `None` when there was none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn change_ceremony<R: Send + 'static, E: Send + 'static>(
        &self,
        step: impl FnMut(&mut CeremonyRow) -> std::result::Result<R, E> + Send + 'static,
    ) -> Result<Option<std::result::Result<R, E>>> {
        self.ceremony.update("ceremony", written_if_done(step)).await
    }

    /// What is known of a certificate of the built-in CA, by its serial number in lower-case hexadecimal.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn issued(&self, serial: &str) -> Result<Option<Issued>> {
        self.issued.find(serial).await
    }

    /// All certificates of the built-in CA in order of their serial numbers, those after `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all_issued(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, Issued)>> {
        self.issued.list(None, after, limit).await
    }

    /// Some of those of one credential.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn issued_for(&self, credential: &str, limit: usize) -> Result<Vec<Issued>> {
        let found = self.issued.list(Some(credential), None, limit).await?;
        Ok(found.into_iter().map(|(_, issued)| issued).collect())
    }

    /// Records a certificate of the built-in CA before it leaves; `false` when the serial number was used.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record_issued(&self, serial: &str, issued: Issued) -> Result<bool> {
        self.issued.insert(serial, issued).await
    }

    /// Who answers OCSP.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn responder(&self) -> Result<Option<ResponderRow>> {
        self.responder.find("responder").await
    }

    /// Puts another one in the place of the one with this id, or where there is none. The one that is there then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn replace_responder(&self, before: Option<Bytes>, next: ResponderRow) -> Result<ResponderRow> {
        self.responder
            .update("responder", move |found| match found {
                Some(other) if Some(&other.id) != before.as_ref() => (Update::Keep, other),
                _ => (Update::Put(next.clone()), next.clone()),
            })
            .await
    }

    /// Removes the one with this id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_responder(&self, id: Bytes) -> Result<()> {
        self.responder
            .update("responder", move |found| match found {
                Some(row) if row.id == id => (Update::Remove, ()),
                _ => (Update::Keep, ()),
            })
            .await
    }

    /// Takes a place under the brake for a PIN about to be judged; `false` when this client has `limit` in the hour
    /// that began at `since`. Taken before the PIN is judged, so that a burst cannot pass it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_guess(&self, client: &str, now: i64, since: i64, limit: usize) -> Result<bool> {
        self.brake
            .update(client, move |found| {
                let mut brake = found.unwrap_or_default();
                brake.wrong.retain(|time| *time > since);
                if brake.wrong.len() >= limit {
                    return (Update::Keep, false);
                }
                brake.wrong.push(now);
                (Update::Put(brake), true)
            })
            .await
    }

    /// Gives the place back: the PIN was right, or was not judged.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn return_guess(&self, client: &str, taken: i64) -> Result<()> {
        self.brake
            .update(client, move |found| {
                let Some(mut brake) = found else { return (Update::Keep, ()) };
                if let Some(place) = brake.wrong.iter().position(|time| *time == taken) {
                    brake.wrong.remove(place);
                }
                (Update::Put(brake), ())
            })
            .await
    }

    /// One step over a credential; `None` when there is none. The answer of the last run counts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn change_credential<R: Send + 'static>(
        &self,
        id: &str,
        mut step: impl FnMut(&mut Credential) -> R + Send + 'static,
    ) -> Result<Option<R>> {
        self.credentials
            .update(id, move |found| match found {
                None => (Update::Keep, None),
                Some(mut credential) => {
                    let before = credential.clone();
                    let answer = step(&mut credential);
                    // A call that changed nothing (a locked credential, asked again) costs no commit.
                    (if credential == before { Update::Keep } else { Update::Put(credential) }, Some(answer))
                }
            })
            .await
    }

    /// One step over a SAD that is written only when it succeeds; `None` when there is no such row.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn change_sad<R: Send + 'static, E: Send + 'static>(
        &self,
        id: &str,
        step: impl FnMut(&mut Sad) -> std::result::Result<R, E> + Send + 'static,
    ) -> Result<Option<std::result::Result<R, E>>> {
        self.sads.update(id, written_if_done(step)).await
    }

    /// The same for a reservation, with the promise of [`Store::step_unsynced`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reserve_sad<R: Send + 'static, E: Send + 'static>(
        &self,
        id: &str,
        step: impl FnMut(&mut Sad) -> std::result::Result<R, E> + Send + 'static,
    ) -> Result<Option<std::result::Result<R, E>>> {
        self.sads.update_unsynced(id, written_if_done(step)).await
    }
}

type WrittenIfDone<T, R, E> = (Update<T>, Option<std::result::Result<R, E>>);

fn written_if_done<T, R, E>(
    mut step: impl FnMut(&mut T) -> std::result::Result<R, E>,
) -> impl FnMut(Option<T>) -> WrittenIfDone<T, R, E> {
    move |found| match found {
        None => (Update::Keep, None),
        Some(mut row) => match step(&mut row) {
            Ok(answer) => (Update::Put(row), Some(Ok(answer))),
            Err(error) => (Update::Keep, Some(Err(error))),
        },
    }
}
