//! SAD and hashes in, signatures out. Two commits: reservation with the audit's intent, answers with its result.
//!
//! The HSM does not wait for the disk to have the first: nothing leaves before the second is there, and with it the
//! first. Should the power fail in between, there was never a signature to anybody, and the hash is free again. The end
//! of this process alone undoes neither.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Refusal, Sign, Signed};

use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::certificate::Verifier;
use crate::credential::Credential;
use crate::hsm::{Answer, Job};
use crate::key::{self, Header, WrappedKey};
use crate::sad::{Claim, Claimed, Request, SadToken, request_digest};

/// Signatures above which verifying them leaves the thread that serves others.
const MANY: usize = 16;

impl Signer {
    /// Spends approved hashes. Asked again, it answers the same bytes.
    ///
    /// # Errors
    /// See [`Refusal`]. A mismatch never destroys the SAD.
    pub async fn sign(&self, asked: &Sign) -> Result<Signed> {
        let request = self.request(asked)?;
        let Some(credential) = self.tables.credentials.find(&asked.credential).await? else {
            return Err(Refusal::UnknownCredential.into());
        };
        if !asked.scheme.fits(credential.key) {
            return Err(Refusal::Algorithm.into());
        }
        credential.usable(self.clock.now())?;
        let key = self.wrapped_key(&credential, &asked.key).await?;
        let verifier = key.verifier(asked.scheme).ok_or(Refusal::Algorithm)?;
        let request = Request { epoch: credential.epoch, ..request };
        let answers = match self.claim(&credential, &request).await? {
            Claim::Answered(answers) => {
                self.audit.record(self.entry(Event::Signed, &credential, &request).because("stored answers")).await?;
                answers
            }
            Claim::UnderWay => self.wait_for_answers(&credential, &request, &key, &verifier).await?,
            Claim::Sign(claimed) => self.sign_claimed(&credential, &request, claimed, &key, &verifier).await?,
        };
        self.recheck(&credential, &request).await?;
        Ok(Signed { signatures: in_order(&asked.hashes, &request.hashes, answers) })
    }

    /// A block, suspension or change of PIN that came while the HSM worked: nothing leaves after it.
    async fn recheck(&self, credential: &Credential, request: &Request) -> Result<()> {
        let now = self.row(&credential.id).await?;
        if now.epoch == request.epoch && now.usable(self.clock.now()).is_ok() {
            return Ok(());
        }
        let entry = self.entry(Event::Refused, credential, request);
        self.audit.record(entry.failed("the credential changed while it was signing")).await?;
        Err(Refusal::InvalidSad.into())
    }

    fn request(&self, asked: &Sign) -> Result<Request> {
        if asked.hashes.is_empty() || asked.hashes.len() > crate::sad::MAX_ENTRIES {
            return Err(Refusal::Malformed.into());
        }
        if asked.hashes.iter().any(|hash| hash.len() != asked.scheme.hash().len()) {
            return Err(Refusal::DigestLength.into());
        }
        let mut seen = HashSet::with_capacity(asked.hashes.len());
        let hashes: Vec<Bytes> = asked.hashes.iter().filter(|hash| seen.insert(hash.0.as_slice())).cloned().collect();
        let octets: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
        Ok(Request {
            token: SadToken::parse(&asked.sad).ok_or(Refusal::InvalidSad)?,
            client: asked.client.clone(),
            user: asked.user.clone(),
            credential: asked.credential.clone(),
            epoch: 0,
            scheme: asked.scheme,
            digest: request_digest(asked.scheme, &octets),
            hashes,
            lease: self.draw_id(),
            until: self.clock.now() + self.policy.reservation,
        })
    }

    /// Reserves, with the audit's intent in the same commit where the store can.
    async fn claim(&self, credential: &Credential, request: &Request) -> Result<Claim> {
        let (row, step, now) = (request.token.row(), request.clone(), self.clock.now());
        let reserve = self.tables.reserve_sad(&row, move |sad| reserved(sad.claim(&step, now)));
        let intent = self.entry(Event::SigningIntended, credential, request);
        let (claim, audited) = tokio::join!(reserve, self.audit.record_intent(intent));
        audited?;
        match settled(claim?) {
            Ok(claim) => Ok(claim),
            Err(refusal) => {
                self.audit.record(self.entry(Event::Refused, credential, request).failed(refusal)).await?;
                Err(refusal.into())
            }
        }
    }

    async fn sign_claimed(
        &self,
        credential: &Credential,
        request: &Request,
        claimed: Claimed,
        key: &Arc<WrappedKey>,
        verifier: &Verifier,
    ) -> Result<Vec<Bytes>> {
        match self.make_signatures(credential, request, &claimed, key, verifier).await {
            Ok(signatures) => self.store_answers(credential, request, signatures).await,
            Err(error) => {
                let (row, step) = (request.token.row(), request.clone());
                let release = self.tables.change_sad(&row, move |sad| {
                    sad.release(&step);
                    Ok::<_, ()>(())
                });
                let failed = self.entry(Event::Signed, credential, request).failed(&error);
                let (released, audited) = tokio::join!(release, self.audit.record(failed));
                released?;
                audited?;
                Err(error)
            }
        }
    }

    /// Signs in the HSM, a batch in parts, and verifies every signature (DESIGN 3).
    async fn make_signatures(
        &self,
        credential: &Credential,
        request: &Request,
        claimed: &Claimed,
        key: &Arc<WrappedKey>,
        verifier: &Verifier,
    ) -> Result<HashMap<Bytes, Bytes>> {
        let parts = claimed.hashes.chunks(self.policy.batch.max(1)).map(|part| {
            self.run(Job::Sign {
                opener: request.token.opener(&claimed.binding),
                slot: claimed.slot.0.clone(),
                wrapped_key: key.wrapped.clone(),
                key: credential.key,
                scheme: request.scheme,
                digests: part.iter().map(|hash| hash.0.clone()).collect(),
            })
        });
        let mut signatures = Vec::with_capacity(claimed.hashes.len());
        for answer in try_join_all(parts).await? {
            match answer {
                Answer::Signatures(part) => signatures.extend(part.into_iter().map(Bytes)),
                // Never a try: the PIN was right long ago. The row was changed, or the device fails.
                Answer::Refused => return Err(Error::Incident("the SAD's slot does not open".to_owned())),
                other => return Err(unexpected(&other)),
            }
        }
        let good = || {
            signatures.len() == claimed.hashes.len()
                && claimed.hashes.iter().zip(&signatures).all(|(hash, signature)| verifier.verify(hash, signature))
        };
        let verified = if signatures.len() > MANY { tokio::task::block_in_place(good) } else { good() };
        if !verified {
            return Err(Error::Incident("a signature does not verify under the certificate's key".to_owned()));
        }
        Ok(claimed.hashes.iter().cloned().zip(signatures).collect())
    }

    async fn store_answers(
        &self,
        credential: &Credential,
        request: &Request,
        signatures: HashMap<Bytes, Bytes>,
    ) -> Result<Vec<Bytes>> {
        let (row, step) = (request.token.row(), request.clone());
        let complete = self.tables.change_sad(&row, move |sad| sad.complete(&step, &signatures));
        let (answers, audited) =
            tokio::join!(complete, self.audit.record(self.entry(Event::Signed, credential, request)));
        audited?;
        match answers?.unwrap_or(Err(Refusal::InvalidSad)) {
            Ok(answers) => Ok(answers),
            Err(refusal) => {
                self.audit.record(self.entry(Event::Refused, credential, request).failed(refusal)).await?;
                Err(refusal.into())
            }
        }
    }

    /// The same request runs elsewhere: its answers are ours as soon as they are stored; if its lease ends, we go on.
    async fn wait_for_answers(
        &self,
        credential: &Credential,
        request: &Request,
        key: &Arc<WrappedKey>,
        verifier: &Verifier,
    ) -> Result<Vec<Bytes>> {
        let patience = Duration::from_millis(u64::try_from(self.policy.reservation).unwrap_or_default());
        let deadline = tokio::time::Instant::now() + patience;
        let mut pause = Duration::from_millis(2);
        while tokio::time::Instant::now() < deadline {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
            let (mut step, now) = (request.clone(), self.clock.now());
            step.until = now + self.policy.reservation;
            let row = step.token.row();
            let claim = self.tables.change_sad(&row, move |sad| reserved(sad.claim(&step, now))).await?;
            match settled(claim)? {
                Claim::UnderWay => {}
                Claim::Answered(answers) => return Ok(answers),
                Claim::Sign(claimed) => return self.sign_claimed(credential, request, claimed, key, verifier).await,
            }
        }
        Err(Refusal::Busy.into())
    }

    /// The wrapped key, if it is the one made for this credential: by the digest in the row, by its header, and by the
    /// HSM's MAC over it.
    pub(super) async fn wrapped_key(&self, credential: &Credential, octets: &[u8]) -> Result<Arc<WrappedKey>> {
        let digest = key::digest(octets);
        let known = self.checked.recall(&digest);
        let key = match &known {
            Some(key) => Some(Arc::clone(key)),
            None => WrappedKey::parse(octets).ok().map(Arc::new),
        };
        let Some(key) = key.filter(|key| *credential.wrapped_key.0 == digest && is_of(&key.header, credential)) else {
            return Err(self.foreign_key(credential).await?);
        };
        if known.is_none() {
            let mac = match self.run(Job::Mac { data: key.authenticated.clone() }).await? {
                Answer::Octets(mac) => mac,
                other => return Err(unexpected(&other)),
            };
            if !bool::from(subtle::ConstantTimeEq::ct_eq(mac.as_slice(), key.mac.as_slice())) {
                return Err(self.foreign_key(credential).await?);
            }
            self.checked.remember(digest, &key);
        }
        Ok(key)
    }

    async fn foreign_key(&self, credential: &Credential) -> Result<Error> {
        self.audit.record(Entry::of(Event::Refused).credential(credential).failed(Refusal::ForeignKey)).await?;
        Ok(Refusal::ForeignKey.into())
    }

    fn entry(&self, event: Event, credential: &Credential, request: &Request) -> Entry {
        let (row, count) = (request.token.row(), request.hashes.len());
        Entry::of(event).client(&request.client).credential(credential).hashes(&row, count, &request.digest)
    }
}

/// Answers of distinct hashes, for a request that may name one twice.
fn in_order(asked: &[Bytes], distinct: &[Bytes], answers: Vec<Bytes>) -> Vec<Bytes> {
    if asked.len() == distinct.len() {
        return answers;
    }
    let by_hash: HashMap<&Bytes, Bytes> = distinct.iter().zip(answers).collect();
    asked.iter().filter_map(|hash| by_hash.get(hash).cloned()).collect()
}

fn is_of(header: &Header, credential: &Credential) -> bool {
    header.credential == credential.id
        && header.user == credential.user
        && header.tenant == credential.tenant
        && header.key_version == credential.key_version
        && header.key == credential.key
        && header.spki == credential.spki
}

/// Only a reservation is written; what found answers, or someone else at work, leaves the row alone.
fn reserved(
    claim: std::result::Result<Claim, Refusal>,
) -> std::result::Result<Claimed, std::result::Result<Claim, Refusal>> {
    match claim {
        Ok(Claim::Sign(claimed)) => Ok(claimed),
        other => Err(other),
    }
}

/// The claim, whether it was written or not.
fn settled(
    step: Option<std::result::Result<Claimed, std::result::Result<Claim, Refusal>>>,
) -> std::result::Result<Claim, Refusal> {
    match step {
        None => Err(Refusal::InvalidSad),
        Some(Ok(claimed)) => Ok(Claim::Sign(claimed)),
        Some(Err(other)) => other,
    }
}
