//! Who answers OCSP for the built-in CA: a key that the HSM makes for it, which leaves it wrapped and is kept in the store,
//! so that all signers on one K_MK have the same. The CA certifies it for a short while; before that is over, another key
//! takes its place. No ceremony is needed: the first one is made when it is first wanted.

use std::sync::Arc;

use rsign_api::algorithm::{KeyType, Scheme};
use rsign_api::bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::certificate::{self, ServiceEntity, ToBeSigned, Validity, own_scheme, spki};
use crate::hsm::{Answer, Generated, Job, Opener, PublicKey};
use crate::store::ResponderRow;

const DAY: i64 = 86_400;
/// Life of a responder's certificate, seconds. Nobody can revoke it.
const LIFE: i64 = 30 * DAY;
/// How long before its end another one takes its place.
const OVERLAP: i64 = 10 * DAY;
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
    fn lasts_until(&self, second: i64) -> bool {
        self.public.validity().not_after >= second
    }

    fn opener(&self) -> Opener {
        opener(&self.row.id)
    }
}

/// What opens the key is public: who may use the HSM may use it, as it is with the CA's own.
fn opener(id: &[u8]) -> Opener {
    let octets: [u8; 32] = Sha256::new().chain_update(b"rsign/ocsp/v1\0").chain_update(id).finalize().into();
    Opener::from(octets)
}

impl Signer {
    /// Sees to it that there is a responder for as long as answers last; for a timer. Where certificates name none, it is
    /// made when somebody asks all the same.
    ///
    /// # Errors
    /// When HSM or store fail.
    pub async fn keep_responder(&self) -> Result<()> {
        if self.profile.ocsp_url.is_some() {
            self.responder().await?;
        }
        Ok(())
    }

    /// Who answers. Where the next one cannot be had, the one before, for as long as an answer of it lasts.
    pub(super) async fn responder(&self) -> Result<Arc<Responder>> {
        let mut kept = self.responder.lock().await;
        let now = self.clock.now() / 1000;
        let usable = |until| kept.as_ref().filter(|one| one.lasts_until(until)).map(Arc::clone);
        if let Some(found) = usable(now + OVERLAP) {
            return Ok(found);
        }
        match self.next_responder(now).await {
            Ok(next) => {
                let next = Arc::new(next);
                *kept = Some(Arc::clone(&next));
                Ok(next)
            }
            Err(error) => match usable(now + DAY) {
                Some(found) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the OCSP responder was not renewed");
                    Ok(found)
                }
                None => Err(error),
            },
        }
    }

    /// The one in the store, or a new one there.
    async fn next_responder(&self, now: i64) -> Result<Responder> {
        let stored = self.tables.responder().await?;
        let before = stored.as_ref().map(|row| row.id.clone());
        if let Some(found) = stored.and_then(|row| self.read_responder(row).ok())
            && found.lasts_until(now + OVERLAP)
        {
            return Ok(found);
        }
        let made = self.make_responder(now).await?;
        // Another instance may have been quicker.
        self.read_responder(self.tables.replace_responder(before, made).await?)
    }

    fn read_responder(&self, row: ResponderRow) -> Result<Responder> {
        let public = certificate::Responder::from_certificate(&row.certificate, &self.authority_der);
        Ok(Responder { public: public.map_err(|error| Error::Incident(error.to_string()))?, row })
    }

    async fn make_responder(&self, now: i64) -> Result<ResponderRow> {
        let mut id = vec![0; 16];
        self.random.fill(&mut id);
        let generated = match self.run(Job::Generate { key: KEY, opener: opener(&id) }).await? {
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
