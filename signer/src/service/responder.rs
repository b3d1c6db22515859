//! Who answers OCSP for the built-in CA: a key that the HSM makes for it, which leaves it wrapped and is kept in the store,
//! so that all signers on one K_MK have the same. It answers for a short while, then another key takes its place. No
//! ceremony is needed: the first one is made when it is first wanted.
//!
//! Its certificate lasts longer than the key is used: as long as any certificate that it answers about. Documents hold its
//! answers, and EU DSS for one takes a B-LT signature only as long as the responder's certificate is valid.

use std::sync::Arc;

use rsign_api::algorithm::{KeyType, Scheme};
use rsign_api::bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::authority::{self, DAY};
use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::certificate::{self, ServiceEntity, ToBeSigned, Validity, own_scheme, spki};
use crate::hsm::{Answer, Generated, Job, MasterVersion, Opener, PublicKey};
use crate::store::ResponderRow;

/// How long one key answers, seconds.
const USE: i64 = 30 * DAY;
/// Life of its certificate, which nobody can revoke.
const LIFE: i64 = authority::LIFE + 2 * USE;
/// It begins a little before it is made: clocks differ.
const SKEW: i64 = 300;
const KEY: KeyType = KeyType::P256;
const SCHEME: Scheme = own_scheme(KEY);

/// The responder, ready to answer.
#[derive(Debug)]
pub(super) struct Responder {
    pub(super) public: certificate::Responder,
    row: ResponderRow,
}

impl Responder {
    /// Whether it is its turn.
    fn is_used(&self, now: i64) -> bool {
        now < self.public.validity().not_before + USE
    }

    fn opener(&self) -> Opener {
        opener(&self.row.id, self.row.master)
    }
}

/// What opens the key is public: who may use the HSM may use it, as it is with the CA's own.
fn opener(id: &[u8], master: MasterVersion) -> Opener {
    let octets: [u8; 32] = Sha256::new().chain_update(b"rsign/ocsp/v1\0").chain_update(id).finalize().into();
    Opener::new(master, octets.into())
}

impl Signer {
    /// Sees to it that there is a responder for as long as answers last; for a timer. Where certificates name none, it is
    /// made when somebody asks all the same; one that is there moves on to the next K_MK.
    ///
    /// # Errors
    /// When HSM or store fail.
    pub async fn keep_responder(&self) -> Result<()> {
        if self.profile.ocsp_url.is_some() || self.tables.responder().await?.is_some() {
            self.responder().await?;
        }
        Ok(())
    }

    /// Who answers. Where the next one cannot be had, the one before.
    pub(super) async fn responder(&self) -> Result<Arc<Responder>> {
        let mut kept = self.responder.lock().await;
        let now = self.clock.now() / 1000;
        let next = match self.master().await {
            Ok(master) => {
                if let Some(found) = kept.as_ref().filter(|one| one.is_used(now) && one.row.master >= master) {
                    return Ok(Arc::clone(found));
                }
                self.next_responder(now, master).await
            }
            Err(error) => Err(error),
        };
        match next {
            Ok(next) => {
                let next = Arc::new(next);
                *kept = Some(Arc::clone(&next));
                Ok(next)
            }
            Err(error) => match kept.as_ref() {
                Some(found) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the OCSP responder was not renewed");
                    Ok(Arc::clone(found))
                }
                None => Err(error),
            },
        }
    }

    /// The one in the store, or a new one there.
    async fn next_responder(&self, now: i64, master: MasterVersion) -> Result<Responder> {
        let stored = self.tables.responder().await?;
        let before = stored.as_ref().map(|row| row.id.clone());
        if let Some(found) = stored.and_then(|row| self.read_responder(row).ok())
            && found.is_used(now)
        {
            if found.row.master >= master {
                return Ok(found);
            }
            if let Some(moved) = self.move_responder(&found, master).await? {
                return self.read_responder(self.tables.replace_responder(before, moved).await?);
            }
        }
        let made = self.make_responder(now, master).await?;
        // Another instance may have been quicker.
        self.read_responder(self.tables.replace_responder(before, made).await?)
    }

    fn read_responder(&self, row: ResponderRow) -> Result<Responder> {
        let public = certificate::Responder::from_certificate(&row.certificate, &self.authority_der);
        Ok(Responder { public: public.map_err(|error| Error::Incident(error.to_string()))?, row })
    }

    /// The same one under another K_MK; none where its key does not open any more.
    async fn move_responder(&self, found: &Responder, master: MasterVersion) -> Result<Option<ResponderRow>> {
        let (opener, slot) = (found.opener(), found.row.slot.0.clone());
        let new_opener = opener.under(master);
        match self.run(Job::Rewrap { opener, slot, new_opener, check: true, renew: None }).await? {
            Answer::Rewrapped { slot, .. } => Ok(Some(ResponderRow { slot: Bytes(slot), master, ..found.row.clone() })),
            Answer::Refused => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    async fn make_responder(&self, now: i64, master: MasterVersion) -> Result<ResponderRow> {
        let mut id = vec![0; 16];
        self.random.fill(&mut id);
        let generated = match self.run(Job::Generate { key: KEY, opener: opener(&id, master) }).await? {
            Answer::Generated(generated) => generated,
            other => return Err(unexpected(&other)),
        };
        let Generated { public: PublicKey::Ec { point }, wrapped_key, slot } = generated else {
            return Err(Error::Incident("the HSM made a key of another kind".to_owned()));
        };
        let own = self.authority.validity();
        let validity =
            Validity { not_before: (now - SKEW).max(own.not_before), not_after: (now + LIFE).min(own.not_after) };
        let serial = self.draw_serial();
        let spki = spki::ec(KEY, &point).map_err(incident)?;
        let entity = ServiceEntity { spki: &spki, serial: &serial, validity };
        let body = self.authority.issue_responder(&entity).map_err(incident)?;
        let certificate = self.issue_service(&body, &serial, validity, "OCSP").await?;
        Ok(ResponderRow {
            id: Bytes(id),
            wrapped_key: Bytes(wrapped_key),
            slot: Bytes(slot),
            master,
            certificate: Bytes(certificate),
        })
    }

    /// The responder's signature around this body; `None` where its key does not open any more, which is then forgotten.
    pub(super) async fn sign_as_responder(&self, responder: &Responder, body: &ToBeSigned) -> Result<Option<Vec<u8>>> {
        let job = Job::Sign {
            opener: responder.opener(),
            slot: responder.row.slot.0.clone(),
            wrapped_key: responder.row.wrapped_key.0.clone(),
            key: KEY,
            scheme: SCHEME,
            digests: vec![body.digest()],
        };
        match self.run(job).await? {
            Answer::Signatures(signatures) => {
                let signature = signatures.first().map(Vec::as_slice).unwrap_or_default();
                body.assemble(signature).map(Some).map_err(incident)
            }
            Answer::Refused => {
                let mut kept = self.responder.lock().await;
                kept.take_if(|one| one.row.id == responder.row.id);
                self.tables.forget_responder(responder.row.id.clone()).await?;
                let entry = Entry::of(Event::HsmFault).because("the key of the OCSP responder does not open");
                self.audit.record(entry).await?;
                Ok(None)
            }
            other => Err(unexpected(&other)),
        }
    }
}

fn incident(error: impl std::fmt::Display) -> Error {
    Error::Incident(error.to_string())
}
