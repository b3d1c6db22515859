//! Uses of a SAD become signatures. Two commits: reservation with the audit's intent, answers with its result.
//!
//! The HSM does not wait for the disk to have the first: nothing leaves before the second is there, and with it the
//! first. Should the power fail in between, there was never a signature to anybody, and the hash is free again. The end
//! of this process alone undoes neither.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use rsign_api::algorithm::Scheme;
use rsign_api::bytes::Bytes;
use rsign_api::signer::Refusal;

use super::documents::Documents;
use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::credential::Credential;
use crate::hsm::{self, Job};
use crate::key::WrappedKey;
use crate::sad::{Answer, Claim, Claimed, Request, Sad};

/// Signatures above which verifying them leaves the thread that serves others.
const MANY: usize = 16;

/// A request that was found in order.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) credential: &'a Credential,
    pub(super) request: Request,
    pub(super) key: Arc<WrappedKey>,
    /// What was formed around the documents that the hashes are of; none where they are signed themselves.
    pub(super) documents: Option<&'a Documents>,
}

/// What one use comes down to.
#[derive(Debug)]
pub(super) struct Piece {
    /// The approved hash.
    pub(super) hash: Bytes,
    /// What the key signs: the hash itself, or the hash of what was formed around it.
    pub(super) digest: Vec<u8>,
    /// How.
    pub(super) scheme: Scheme,
    /// What was formed.
    pub(super) prepared: Option<Bytes>,
}

/// What a reservation would find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreseen {
    /// Something has to be signed.
    Work,
    /// Every use has its answer.
    Answers,
}

impl Signer {
    /// Signatures for a request's uses, in their order. Asked again, it gives the same bytes.
    pub(super) async fn spend(&self, order: &Order<'_>) -> Result<Vec<Answer>> {
        let answers = match self.claim(order).await? {
            Claim::Answered(answers) => {
                self.audit.record(entry(Event::Signed, order).because("stored answers")).await?;
                answers
            }
            Claim::UnderWay => self.wait_for_answers(order).await?,
            Claim::Sign(claimed) => self.sign_claimed(order, claimed).await?,
        };
        self.recheck(order).await?;
        Ok(answers)
    }

    /// A block, suspension or change of PIN that came while the HSM worked: nothing leaves after it.
    async fn recheck(&self, order: &Order<'_>) -> Result<()> {
        let now = self.row(&order.credential.id).await?;
        if now.epoch == order.request.epoch && now.usable(self.clock.now()).is_ok() {
            return Ok(());
        }
        let entry = entry(Event::Refused, order);
        self.audit.record(entry.failed("the credential changed while it was signing")).await?;
        Err(Refusal::InvalidSad.into())
    }

    /// Reserves, with the audit's intent in the same commit where the store can.
    /// What a reservation would find in this row.
    ///
    /// # Errors
    /// Those of the reservation, in the audit trail like them.
    pub(super) async fn foresee(&self, order: &Order<'_>, mut row: Sad) -> Result<Foreseen> {
        match row.claim(&order.request, self.clock.now()) {
            Ok(Claim::Answered(_)) => Ok(Foreseen::Answers),
            Ok(Claim::Sign(_) | Claim::UnderWay) => Ok(Foreseen::Work),
            Err(refusal) => {
                self.audit.record(entry(Event::Refused, order).failed(refusal)).await?;
                Err(refusal.into())
            }
        }
    }

    async fn claim(&self, order: &Order<'_>) -> Result<Claim> {
        let (row, step, now) = (order.request.token.row(), order.request.clone(), self.clock.now());
        let reserve = self.tables.reserve_sad(&row, move |sad| reserved(sad.claim(&step, now)));
        let intent = entry(Event::SigningIntended, order);
        let (claim, audited) = tokio::join!(reserve, self.audit.record_intent(intent));
        audited?;
        match settled(claim?) {
            Ok(claim) => Ok(claim),
            Err(refusal) => {
                self.audit.record(entry(Event::Refused, order).failed(refusal)).await?;
                Err(refusal.into())
            }
        }
    }

    async fn sign_claimed(&self, order: &Order<'_>, claimed: Claimed) -> Result<Vec<Answer>> {
        match self.make(order, &claimed).await {
            Ok(made) => self.store_answers(order, made).await,
            Err(error) => {
                let (row, step) = (order.request.token.row(), order.request.clone());
                let release = self.tables.change_sad(&row, move |sad| {
                    sad.release(&step);
                    Ok::<_, ()>(())
                });
                let failed = entry(Event::Signed, order).failed(&error);
                let (released, audited) = tokio::join!(release, self.audit.record(failed));
                released?;
                audited?;
                Err(error)
            }
        }
    }

    /// Forms what is signed, signs it in the HSM, a batch in parts, and verifies every signature (DESIGN 3).
    async fn make(&self, order: &Order<'_>, claimed: &Claimed) -> Result<HashMap<Bytes, Answer>> {
        let pieces = match order.documents {
            Some(documents) => documents.pieces(&claimed.uses)?,
            None => claimed.uses.iter().map(Piece::of_hash).collect(),
        };
        let mut jobs = Vec::new();
        for (scheme, pieces) in by_scheme(pieces) {
            let parts: Vec<Vec<Piece>> = in_parts(pieces, self.policy.batch.max(1));
            jobs.extend(parts.into_iter().map(|part| self.sign_part(order, claimed, scheme, part)));
        }
        Ok(try_join_all(jobs).await?.into_iter().flatten().collect())
    }

    async fn sign_part(
        &self,
        order: &Order<'_>,
        claimed: &Claimed,
        scheme: Scheme,
        pieces: Vec<Piece>,
    ) -> Result<Vec<(Bytes, Answer)>> {
        let verifier = order.key.verifier(scheme).ok_or(Refusal::Algorithm)?;
        let job = Job::Sign {
            opener: order.request.token.opener(&claimed.binding, claimed.master),
            slot: claimed.slot.0.clone(),
            wrapped_key: order.key.wrapped.clone(),
            key: order.credential.key,
            scheme,
            digests: pieces.iter().map(|piece| piece.digest.clone()).collect(),
        };
        let signatures = match self.run_for(&order.request.client, job).await? {
            hsm::Answer::Signatures(signatures) => signatures,
            // Never a try: the PIN was right long ago. The row was changed, or the device fails.
            hsm::Answer::Refused => return Err(Error::Incident("the SAD's slot does not open".to_owned())),
            other => return Err(unexpected(&other)),
        };
        let good = || {
            signatures.len() == pieces.len()
                && pieces.iter().zip(&signatures).all(|(piece, signature)| verifier.verify(&piece.digest, signature))
        };
        let verified = if signatures.len() > MANY { tokio::task::block_in_place(good) } else { good() };
        if !verified {
            return Err(Error::Incident("a signature does not verify under the certificate's key".to_owned()));
        }
        let made = pieces.into_iter().zip(signatures);
        Ok(made
            .map(|(piece, signature)| (piece.hash, Answer { signature: Bytes(signature), prepared: piece.prepared }))
            .collect())
    }

    async fn store_answers(&self, order: &Order<'_>, made: HashMap<Bytes, Answer>) -> Result<Vec<Answer>> {
        let (row, step) = (order.request.token.row(), order.request.clone());
        let complete = self.tables.change_sad(&row, move |sad| sad.complete(&step, &made));
        let (answers, audited) = tokio::join!(complete, self.audit.record(entry(Event::Signed, order)));
        audited?;
        match answers?.unwrap_or(Err(Refusal::InvalidSad)) {
            Ok(answers) => Ok(answers),
            Err(refusal) => {
                self.audit.record(entry(Event::Refused, order).failed(refusal)).await?;
                Err(refusal.into())
            }
        }
    }

    /// The same request runs elsewhere: its answers are ours as soon as they are stored; if its lease ends, we go on.
    async fn wait_for_answers(&self, order: &Order<'_>) -> Result<Vec<Answer>> {
        let patience = Duration::from_millis(u64::try_from(self.policy.reservation).unwrap_or_default());
        let deadline = tokio::time::Instant::now() + patience;
        let mut pause = Duration::from_millis(2);
        while tokio::time::Instant::now() < deadline {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
            let (mut step, now) = (order.request.clone(), self.clock.now());
            step.until = now + self.policy.reservation;
            let row = step.token.row();
            let claim = self.tables.change_sad(&row, move |sad| reserved(sad.claim(&step, now))).await?;
            match settled(claim)? {
                Claim::UnderWay => {}
                Claim::Answered(answers) => return Ok(answers),
                Claim::Sign(claimed) => return self.sign_claimed(order, claimed).await,
            }
        }
        Err(Refusal::Busy.into())
    }
}

impl Piece {
    fn of_hash(wanted: &crate::sad::Use) -> Self {
        Self { hash: wanted.hash.clone(), digest: wanted.hash.0.clone(), scheme: wanted.scheme, prepared: None }
    }
}

fn entry(event: Event, order: &Order<'_>) -> Entry {
    let (row, count) = (order.request.token.row(), order.request.uses.len());
    let entry = Entry::of(event).client(&order.request.client).credential(order.credential);
    entry.hashes(&row, count, &order.request.digest)
}

/// Almost always there is one scheme.
fn by_scheme(pieces: Vec<Piece>) -> Vec<(Scheme, Vec<Piece>)> {
    let mut groups: Vec<(Scheme, Vec<Piece>)> = Vec::new();
    for piece in pieces {
        match groups.iter_mut().find(|(scheme, _)| *scheme == piece.scheme) {
            Some((_, group)) => group.push(piece),
            None => groups.push((piece.scheme, vec![piece])),
        }
    }
    groups
}

fn in_parts(pieces: Vec<Piece>, most: usize) -> Vec<Vec<Piece>> {
    let mut parts: Vec<Vec<Piece>> = Vec::with_capacity(pieces.len().div_ceil(most));
    for piece in pieces {
        match parts.last_mut() {
            Some(part) if part.len() < most => part.push(piece),
            _ => parts.push(vec![piece]),
        }
    }
    parts
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
