//! The list a user approves, its digest, and the short code by which people compare it (3.5).

use der::{Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};
use spki::ObjectIdentifier;

use super::Failure;
use super::octets::{Octets, put_prefixed};
use crate::algorithm::HashAlgorithm;
use crate::signer;
use crate::signer::EntryType;

/// Most entries of a list (DESIGN 6).
pub const MAX_ENTRIES: usize = 1000;
/// Most entries of a list that travels in a record (DESIGN 5).
pub const MAX_NATIVE: usize = 100;

/// A list: one hash function, 1 to 1000 digests of its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    algorithm: HashAlgorithm,
    entries: Vec<Entry>,
}

/// One digest of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it may be spent on.
    pub r#type: EntryType,
    /// The digest, decoded: how a client spelt its Base64 does not matter.
    pub hash: Vec<u8>,
    /// [`label_digest`] of the label the user is shown, if there is one.
    pub label: Option<[u8; 32]>,
}

/// Digits and letters without I, L, O and U.
const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How no label is written.
const NO_LABEL: [u8; 32] = [0; 32];

impl List {
    /// A list.
    ///
    /// # Errors
    /// It is empty or too long, a digest is not as long as the hash function's, or a label's digest is all zero.
    pub fn new(algorithm: HashAlgorithm, entries: Vec<Entry>) -> Result<Self, Failure> {
        let fits = |entry: &Entry| entry.hash.len() == algorithm.len() && entry.label != Some(NO_LABEL);
        if (1..=MAX_ENTRIES).contains(&entries.len()) && entries.iter().all(fits) {
            Ok(Self { algorithm, entries })
        } else {
            Err(Failure)
        }
    }

    /// The list of what a gateway registered. Where it named no hash function, the digests' length does.
    ///
    /// # Errors
    /// As [`Self::new`]; or more than one hash function, or a label's digest of another length.
    pub fn registered(entries: &[signer::Entry]) -> Result<Self, Failure> {
        let algorithm = entries.first().and_then(algorithm_of).ok_or(Failure)?;
        let convert = |entry: &signer::Entry| {
            let label = entry.label.as_ref().map(|label| label.0.as_slice().try_into()).transpose();
            match (algorithm_of(entry), label) {
                (Some(other), Ok(label)) if other == algorithm => {
                    Ok(Entry { r#type: entry.r#type, hash: entry.hash.0.clone(), label })
                }
                _ => Err(Failure),
            }
        };
        Self::new(algorithm, entries.iter().map(convert).collect::<Result<_, _>>()?)
    }

    /// The hash function.
    #[must_use]
    pub const fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// `lp(hash OID, DER) | u16 count | per entry: u8 type | lp(hash) | SHA-256 of the label, zeros if none`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        // Neither can fail: an OID's encoding and a digest are short.
        let oid = self.algorithm.oid().to_der().unwrap_or_default();
        let _ = put_prefixed(&mut octets, &oid);
        octets.extend(u16::try_from(self.entries.len()).unwrap_or(u16::MAX).to_be_bytes());
        for entry in &self.entries {
            octets.push(type_octet(entry.r#type));
            let _ = put_prefixed(&mut octets, &entry.hash);
            octets.extend(entry.label.unwrap_or(NO_LABEL));
        }
        octets
    }

    /// Reads the octets.
    ///
    /// # Errors
    /// Anything but exactly such a list.
    pub fn decode(octets: &[u8]) -> Result<Self, Failure> {
        let mut octets = Octets(octets);
        let oid = ObjectIdentifier::from_der(octets.prefixed()?).map_err(|_| Failure)?;
        let algorithm = HashAlgorithm::from_oid(oid).ok_or(Failure)?;
        let count = octets.u16()?;
        let entries = (0..count).map(|_| read_entry(&mut octets)).collect::<Result<_, _>>()?;
        octets.end()?;
        Self::new(algorithm, entries)
    }

    /// `SHA-256("rsign/list/v1\0" | list)`.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest([b"rsign/list/v1\0".as_slice(), &self.encode()].concat()).into()
    }
}

/// SHA-256 of a label, UTF-8.
#[must_use]
pub fn label_digest(label: &str) -> [u8; 32] {
    Sha256::digest(label.as_bytes()).into()
}

/// The first 80 bits of a list digest, in Crockford's Base32: `XXXX-XXXX-XXXX-XXXX`.
#[must_use]
pub fn short_code(digest: &[u8; 32]) -> String {
    let bits = digest.iter().take(10).fold(0, |bits, octet| bits << 8 | u128::from(*octet));
    let mut code = String::with_capacity(19);
    for position in 0..16 {
        if position > 0 && position % 4 == 0 {
            code.push('-');
        }
        let five = (bits >> (75 - 5 * position)) & 31;
        code.extend(CROCKFORD.chars().nth(five as usize));
    }
    code
}

fn algorithm_of(entry: &signer::Entry) -> Option<HashAlgorithm> {
    let by_length = || HashAlgorithm::ALL.into_iter().find(|hash| hash.len() == entry.hash.len());
    entry.algorithm.or_else(by_length)
}

fn read_entry(octets: &mut Octets<'_>) -> Result<Entry, Failure> {
    let r#type = read_type(octets.u8()?)?;
    let hash = octets.prefixed()?.to_vec();
    let label = octets.array()?;
    Ok(Entry { r#type, hash, label: (label != NO_LABEL).then_some(label) })
}

const fn type_octet(r#type: EntryType) -> u8 {
    match r#type {
        EntryType::Untyped => 0,
        EntryType::Dtbsr => 1,
        EntryType::Sdr => 2,
        EntryType::Sodr => 3,
    }
}

fn read_type(octet: u8) -> Result<EntryType, Failure> {
    let types = [EntryType::Untyped, EntryType::Dtbsr, EntryType::Sdr, EntryType::Sodr];
    types.into_iter().find(|r#type| type_octet(*r#type) == octet).ok_or(Failure)
}
