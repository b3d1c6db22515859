//! Signature activation data: what maps an authorization to the unwrap (DESIGN 4).
//!
//! The row holds SHA-256(r), the KEK wrapped under a key derived from r and the list, the list, and where each entry
//! stands; `r` leaves with the SAD and is stored nowhere. So the row alone opens nothing, and a row whose list, count,
//! client, user or expiry was changed derives another key, which the HSM refuses.

mod binding;
mod spend;
mod token;
mod why;

use std::collections::HashSet;

use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Entry, EntryType, Refusal, Scal};
use serde::{Deserialize, Serialize};

use crate::hsm::MasterVersion;

pub use binding::{form_digest, list_digest, request_digest};
pub use spend::{Answer, Claim, Claimed, KEPT, Request, Use};
pub use token::SadToken;

/// Most extensions of one SAD: each leaves a digest in the row.
const MAX_EXTENSIONS: usize = 32;

/// Most entries of a list.
pub const MAX_ENTRIES: usize = 1000;

/// One authorization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sad {
    /// Id of the row; part of the token.
    pub id: String,
    /// The credential it is for.
    pub credential: String,
    /// The credential's owner.
    pub user: String,
    /// The client it was given to.
    pub client: String,
    /// Version of the key.
    pub key_version: u32,
    /// The credential's epoch when it was given: another epoch ends it.
    pub epoch: u32,
    /// What it binds.
    pub scal: Scal,
    /// Most signatures.
    pub signatures: u32,
    /// SHA-256(r).
    pub handle: Bytes,
    /// SHA-256 of earlier r's, before extensions: good for stored answers, and the last one to repeat its extension.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Bytes>,
    /// The KEK under K_ot, 40 bytes; deleted when no use is left.
    pub slot: Option<Bytes>,
    /// Which K_MK K_ot is derived from.
    #[serde(default)]
    pub master: MasterVersion,
    /// The list, each hash once.
    pub items: Vec<Item>,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// No extension goes beyond this.
    pub absolute_until: i64,
}

/// One hash and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The digest, its function and type as they were approved.
    pub entry: Entry,
    /// How often it stands in the list.
    pub times: u32,
    /// Whether it was approved with the list, so that the key of the SAD depends on it; otherwise it was added under
    /// SCAL 1, or is kept only for its answer.
    pub listed: bool,
    /// What it has become.
    pub state: ItemState,
}

/// free → reserved → done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum ItemState {
    /// Not used yet.
    Free,
    /// A request is signing it.
    Reserved {
        /// Digest of the request; the same request may take over when the lease has ended.
        request: Bytes,
        /// Who took it.
        lease: String,
        /// End of the lease, Unix milliseconds.
        until: i64,
        /// Octets that will be kept with the signature, see [`Use::kept`].
        #[serde(default)]
        kept: usize,
    },
    /// Signed: this signature, and no other, ever leaves.
    Done {
        /// How.
        scheme: Scheme,
        /// The signature.
        signature: Bytes,
        /// As what, where it was a document's; absent for data to be signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DoneDocument>,
    },
}

/// What was signed around a document's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneDocument {
    /// Sdr or Sodr: what the entry was spent as.
    pub kind: EntryType,
    /// See [`Use::form`].
    pub form: Bytes,
    /// The octets that the signer formed and the signature is over.
    pub prepared: Bytes,
}

impl Item {
    fn new(entry: Entry, listed: bool) -> Self {
        Self { entry, times: 1, listed, state: ItemState::Free }
    }

    /// Octets that are kept with its signature, or will be.
    fn kept(&self) -> usize {
        match &self.state {
            ItemState::Free => 0,
            ItemState::Reserved { kept, .. } => *kept,
            ItemState::Done { document, .. } => document.as_ref().map_or(0, |document| document.prepared.len()),
        }
    }

    /// Whether it may be spent so: its type and hash function are those approved, or none was named.
    fn fits(&self, wanted: &Use) -> bool {
        (self.entry.r#type == EntryType::Untyped || self.entry.r#type == wanted.kind)
            && self.entry.algorithm.is_none_or(|algorithm| algorithm == wanted.algorithm)
            && self.entry.hash.len() == wanted.algorithm.len()
    }
}

/// Reads an approved list: each hash once, its length fitting its function.
///
/// # Errors
/// [`Refusal::DigestLength`]; [`Refusal::Malformed`] when one hash comes with two functions, types or labels, or the
/// list is too long.
pub fn items(list: &[Entry]) -> Result<Vec<Item>, Refusal> {
    if list.len() > MAX_ENTRIES {
        return Err(Refusal::Malformed);
    }
    let mut items: Vec<Item> = Vec::with_capacity(list.len());
    let mut places = std::collections::HashMap::with_capacity(list.len());
    for entry in list {
        let fits = match entry.algorithm {
            Some(algorithm) => entry.hash.len() == algorithm.len(),
            None => HashAlgorithm::ALL.into_iter().any(|algorithm| entry.hash.len() == algorithm.len()),
        };
        if !fits {
            return Err(Refusal::DigestLength);
        }
        if entry.label.as_ref().is_some_and(|label| label.len() != 32) {
            return Err(Refusal::Malformed);
        }
        match places.get(&entry.hash.0) {
            None => {
                places.insert(entry.hash.0.clone(), items.len());
                items.push(Item::new(entry.clone(), true));
            }
            Some(&place) => match items.get_mut(place) {
                Some(item) if item.entry == *entry => item.times += 1,
                _ => return Err(Refusal::Malformed),
            },
        }
    }
    Ok(items)
}

impl Sad {
    /// Whether this token's `r` is the row's, without regard to time.
    fn presents(&self, token: &SadToken) -> Presented {
        let handle = token.handle();
        let same = |stored: &Bytes| bool::from(subtle::ConstantTimeEq::ct_eq(stored.0.as_slice(), handle.as_slice()));
        if same(&self.handle) {
            Presented::Current
        } else if self.earlier.iter().any(same) {
            Presented::Earlier
        } else {
            Presented::Foreign
        }
    }

    /// Whether nothing can be signed any more.
    fn is_spent(&self) -> bool {
        let full = match self.scal {
            Scal::Two => true,
            Scal::One => self.items.len() >= self.signatures as usize,
        };
        full && self.items.iter().all(|item| matches!(item.state, ItemState::Done { .. }))
    }

    /// The items of an extension: the unspent approved hashes that were named (all when none was), those under way,
    /// and, as answers only, those that are done. SCAL 1 may name new ones, up to the number of signatures.
    ///
    /// # Errors
    /// [`Refusal::HashNotAuthorized`], [`Refusal::TooManySignatures`].
    pub fn renewed(&self, named: &[Entry]) -> Result<Vec<Item>, Refusal> {
        let wanted = items(named)?;
        let mut hashes: HashSet<&[u8]> = wanted.iter().map(|item| item.entry.hash.0.as_slice()).collect();
        let mut renewed = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let named = hashes.remove(item.entry.hash.0.as_slice());
            match item.state {
                ItemState::Done { .. } => renewed.push(Item { listed: false, ..item.clone() }),
                ItemState::Free if !named && !wanted.is_empty() => {}
                ItemState::Free | ItemState::Reserved { .. } => renewed.push(item.clone()),
            }
        }
        if self.scal == Scal::Two && !hashes.is_empty() {
            return Err(Refusal::HashNotAuthorized);
        }
        let added = wanted.iter().filter(|item| hashes.contains(item.entry.hash.0.as_slice()));
        renewed.extend(added.cloned());
        if renewed.len() > self.signatures as usize { Err(Refusal::TooManySignatures) } else { Ok(renewed) }
    }

    /// The row after an extension.
    ///
    /// # Errors
    /// See [`Sad::renewed`].
    pub fn extended_to(
        &self,
        named: &[Entry],
        expires_at: i64,
        (slot, master): (Bytes, MasterVersion),
        token: &SadToken,
    ) -> Result<Self, Refusal> {
        if self.earlier.len() >= MAX_EXTENSIONS {
            return Err(Refusal::InvalidSad);
        }
        let mut next = Self { items: self.renewed(named)?, expires_at, slot: Some(slot), master, ..self.clone() };
        next.earlier.push(std::mem::replace(&mut next.handle, Bytes(token.handle().to_vec())));
        Ok(next)
    }

    /// Checks that this token, client and user may use the row at all.
    ///
    /// # Errors
    /// [`Refusal::InvalidSad`].
    pub fn admit(
        &self,
        token: &SadToken,
        client: &str,
        user: Option<&str>,
        credential: &str,
    ) -> Result<Presented, Refusal> {
        let presented = self.presents(token);
        let own = self.client == client && user.is_none_or(|user| user == self.user) && self.credential == credential;
        if own && presented != Presented::Foreign { Ok(presented) } else { Err(Refusal::InvalidSad) }
    }

    /// Checks that its time is not over, and that nothing happened to the credential since.
    ///
    /// # Errors
    /// [`Refusal::InvalidSad`], [`Refusal::SadExpired`].
    pub const fn lives(&self, epoch: u32, now: i64) -> Result<(), Refusal> {
        if self.epoch != epoch {
            return Err(Refusal::InvalidSad);
        }
        if self.expires_at <= now { Err(Refusal::SadExpired) } else { Ok(()) }
    }
}

/// Which `r` a token carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The row's.
    Current,
    /// One before an extension.
    Earlier,
    /// None of the row's.
    Foreign,
}

#[cfg(test)]
mod tests;
