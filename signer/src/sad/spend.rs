//! Spending hashes: all of a request are reserved in one step or none, signed outside, stored before release.

use std::collections::HashMap;

use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Entry, EntryType, Refusal, Scal};

use crate::hsm::MasterVersion;

use super::{DoneDocument, Item, ItemState, Presented, Sad, SadToken};

/// A request to sign.
#[derive(Debug, Clone)]
pub struct Request {
    /// The SAD.
    pub token: SadToken,
    /// Who asks.
    pub client: String,
    /// The user the bearer speaks for, if for one.
    pub user: Option<String>,
    /// The credential named.
    pub credential: String,
    /// The credential's epoch now.
    pub epoch: u32,
    /// What to sign, each hash once.
    pub uses: Vec<Use>,
    /// See [`super::request_digest`].
    pub digest: [u8; 32],
    /// This run of the request.
    pub lease: String,
    /// End of the lease, Unix milliseconds.
    pub until: i64,
}

/// One hash, and what it is spent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The approved hash.
    pub hash: Bytes,
    /// Its hash function.
    pub algorithm: HashAlgorithm,
    /// As what: data to be signed, a document's digest or a document; never untyped.
    pub kind: EntryType,
    /// How to sign.
    pub scheme: Scheme,
    /// What is said around a document, see [`super::form_digest`]; none for data to be signed.
    pub form: Option<[u8; 32]>,
    /// Octets of what was formed around it, which is kept and given out with the signature; 0 for data to be signed.
    pub kept: usize,
}

/// Most octets of what is formed around the documents of one SAD, or of one request: they are kept in one row, in Base64,
/// and a row of MongoDB has at most 16 MiB; and given out in one answer.
pub const KEPT: usize = 10 << 20;

/// A signature; with what was signed around the digest, where it is a document's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The signature.
    pub signature: Bytes,
    /// See [`super::DoneDocument::prepared`].
    pub prepared: Option<Bytes>,
}

/// What a reservation found.
#[derive(Debug, Clone)]
pub enum Claim {
    /// These are ours to sign; the rest has answers.
    Sign(Claimed),
    /// Every hash has its answer already, in the order of the request.
    Answered(Vec<Answer>),
    /// The same request is being signed by someone else just now: look again later.
    UnderWay,
}

/// What may be signed now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// What is reserved by this request.
    pub uses: Vec<Use>,
    /// The SAD's slot.
    pub slot: Bytes,
    /// Which K_MK it is under.
    pub master: MasterVersion,
    /// L.
    pub binding: [u8; 32],
}

impl Sad {
    /// Reserves every hash of the request, or none.
    ///
    /// # Errors
    /// [`Refusal::InvalidSad`], [`Refusal::SadExpired`], [`Refusal::HashNotAuthorized`], and for documents that are not
    /// in the list [`Refusal::ForeignDocument`]. The row is unchanged then.
    pub fn claim(&mut self, request: &Request, now: i64) -> Result<Claim, Refusal> {
        let user = request.user.as_deref();
        let presented = self.admit(&request.token, &request.client, user, &request.credential)?;
        self.lives(request.epoch, now)?;
        let sorted = self.sort(request, now)?;
        if sorted.to_sign.is_empty() && sorted.to_add.is_empty() {
            return Ok(if sorted.under_way { Claim::UnderWay } else { Claim::Answered(self.answers(&request.uses)?) });
        }
        if presented == Presented::Earlier {
            return Err(Refusal::InvalidSad);
        }
        let slot = self.slot.clone().ok_or(Refusal::HashNotAuthorized)?;
        if !self.has_room(&sorted) {
            return Err(Refusal::Document);
        }
        // L before anything changes: reservations do not enter it, and what is added is not listed.
        let binding = self.binding();
        Ok(Claim::Sign(Claimed { uses: self.reserve(request, sorted), slot, master: self.master, binding }))
    }

    /// Sorts the hashes of a request by where they stand.
    fn sort(&self, request: &Request, now: i64) -> Result<Sorted, Refusal> {
        let places = self.places();
        let mut sorted = Sorted::default();
        for wanted in &request.uses {
            let Some(&place) = places.get(wanted.hash.0.as_slice()) else {
                sorted.to_add.push(wanted.clone());
                continue;
            };
            let item = self.items.get(place).filter(|item| item.fits(wanted));
            let listed = item.is_some_and(|item| item.listed);
            match item.map(|item| &item.state) {
                // What L does not cover is never free: SCAL 1 adds reserved items, extension keeps done ones. A row
                // that says otherwise was written by someone else.
                Some(ItemState::Free) if listed => sorted.to_sign.push((place, wanted.clone())),
                Some(ItemState::Reserved { request: other, until, .. })
                    if *other.0 == request.digest && (listed || self.scal == Scal::One) =>
                {
                    if *until <= now {
                        sorted.to_sign.push((place, wanted.clone()))
                    } else {
                        sorted.under_way = true
                    }
                }
                Some(ItemState::Done { scheme, document, .. })
                    if *scheme == wanted.scheme && wanted.is(document.as_ref()) => {}
                _ => return Err(Refusal::HashNotAuthorized),
            }
        }
        let room = match self.scal {
            Scal::One => (self.signatures as usize).saturating_sub(self.items.len()),
            Scal::Two => 0,
        };
        let fits = sorted.to_add.iter().all(|wanted| wanted.hash.len() == wanted.algorithm.len());
        let within = sorted.to_sign.is_empty() || self.items.len() <= self.signatures as usize;
        if fits && within && sorted.to_add.len() <= room {
            return Ok(sorted);
        }
        let foreign = self.scal == Scal::Two && sorted.to_add.iter().any(|wanted| wanted.kind != EntryType::Dtbsr);
        Err(if foreign { Refusal::ForeignDocument } else { Refusal::HashNotAuthorized })
    }

    /// Whether what is formed for these can be kept beside what is there: asked before anything is signed.
    fn has_room(&self, sorted: &Sorted) -> bool {
        let fresh = sorted.to_sign.iter().map(|(_, wanted)| wanted).chain(&sorted.to_add);
        let fresh: usize = fresh.map(|wanted| wanted.kept).sum();
        // What is taken over counts once.
        let taken = |place| sorted.to_sign.iter().any(|(other, _)| *other == place);
        let others = self.items.iter().enumerate().filter(|(place, item)| item.kept() > 0 && !taken(*place));
        let held: usize = others.map(|(_, item)| item.kept()).sum();
        fresh == 0 || held.saturating_add(fresh) <= KEPT
    }

    fn reserve(&mut self, request: &Request, sorted: Sorted) -> Vec<Use> {
        let state = |wanted: &Use| ItemState::Reserved {
            request: Bytes(request.digest.to_vec()),
            lease: request.lease.clone(),
            until: request.until,
            kept: wanted.kept,
        };
        for wanted in &sorted.to_add {
            let algorithm = Some(wanted.algorithm);
            let entry = Entry { r#type: wanted.kind, algorithm, hash: wanted.hash.clone(), label: None };
            self.items.push(Item { state: state(wanted), ..Item::new(entry, false) });
        }
        let mut uses = sorted.to_add;
        for (place, wanted) in sorted.to_sign {
            if let Some(item) = self.items.get_mut(place) {
                item.state = state(&wanted);
                uses.push(wanted);
            }
        }
        uses
    }

    /// Stores signatures of reserved hashes and gives the answers of the whole request, in its order. Who comes
    /// second gets what the first one stored. When no use is left, the slot is deleted.
    ///
    /// # Errors
    /// [`Refusal::HashNotAuthorized`] when a hash is neither reserved by this request nor done.
    pub fn complete(&mut self, request: &Request, made: &HashMap<Bytes, Answer>) -> Result<Vec<Answer>, Refusal> {
        let wanted: HashMap<&Bytes, &Use> = request.uses.iter().map(|wanted| (&wanted.hash, wanted)).collect();
        for item in &mut self.items {
            let (Some(answer), Some(wanted)) = (made.get(&item.entry.hash), wanted.get(&item.entry.hash)) else {
                continue;
            };
            if matches!(&item.state, ItemState::Reserved { request: by, .. } if *by.0 == request.digest) {
                let (scheme, signature) = (wanted.scheme, answer.signature.clone());
                item.state = ItemState::Done { scheme, signature, document: wanted.done(answer) };
            }
        }
        if self.is_spent() {
            self.slot = None;
        }
        self.answers(&request.uses)
    }

    /// Gives back what this run of the request reserved: nothing of it has been signed, or nothing was released.
    pub fn release(&mut self, request: &Request) {
        for item in &mut self.items {
            if matches!(&item.state, ItemState::Reserved { lease, .. } if *lease == request.lease) {
                item.state = ItemState::Free;
            }
        }
        // What SCAL 1 had added goes again, so that it does not use up the number of signatures.
        self.items.retain(|item| item.listed || item.state != ItemState::Free);
    }

    fn answers(&self, uses: &[Use]) -> Result<Vec<Answer>, Refusal> {
        let places = self.places();
        let answer = |wanted: &Use| {
            let item = places.get(wanted.hash.0.as_slice()).and_then(|place| self.items.get(*place));
            match item.map(|item| &item.state) {
                Some(ItemState::Done { signature, document, .. }) => {
                    let prepared = document.as_ref().map(|document| document.prepared.clone());
                    Ok(Answer { signature: signature.clone(), prepared })
                }
                _ => Err(Refusal::HashNotAuthorized),
            }
        };
        uses.iter().map(answer).collect()
    }

    pub(super) fn places(&self) -> HashMap<&[u8], usize> {
        self.items.iter().enumerate().map(|(place, item)| (item.entry.hash.0.as_slice(), place)).collect()
    }
}

impl Use {
    /// Whether this is what was made of it: a signature over a document is no answer to one over data, nor over the
    /// same document in another form.
    pub(super) fn is(&self, document: Option<&DoneDocument>) -> bool {
        match (document, self.form) {
            (None, None) => true,
            (Some(done), Some(form)) => done.kind == self.kind && *done.form.0 == form,
            _ => false,
        }
    }

    fn done(&self, answer: &Answer) -> Option<DoneDocument> {
        let (form, prepared) = (Bytes(self.form?.to_vec()), answer.prepared.clone()?);
        Some(DoneDocument { kind: self.kind, form, prepared })
    }
}

#[derive(Debug, Default)]
struct Sorted {
    to_sign: Vec<(usize, Use)>,
    to_add: Vec<Use>,
    under_way: bool,
}
