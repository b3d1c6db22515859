//! What is appended to a file, with a gap for the CMS or the time-stamp token.

use std::ops::Range;

use rsign_api::algorithm::HashAlgorithm;

use super::Error;
use super::text::hexadecimal;
use crate::Hasher;

/// Octets to append to a file, of which a hexadecimal string is still to be filled in.
///
/// `/ByteRange` is written already: it covers the original and the update but for that string with its brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    pub(super) octets: Vec<u8>,
    /// Octets of the original.
    pub(super) original: usize,
    /// The string with its brackets, counted from the start of the update.
    pub(super) gap: Range<usize>,
}

/// Digests that one pass over original and update gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Of the original as it came.
    pub original: Vec<u8>,
    /// Of everything that `/ByteRange` covers.
    pub byte_range: Vec<u8>,
}

impl Update {
    /// An update that another process made; refused unless the gap is an empty hexadecimal string and `/ByteRange` says so.
    pub fn from_parts(octets: Vec<u8>, original: usize, gap: Range<usize>) -> Result<Self, Error> {
        let damaged = Error::Damaged("the update has no gap where it should be");
        if gap.end > octets.len() || gap.start > gap.end || original.checked_add(octets.len()).is_none() {
            return Err(damaged);
        }
        let update = Self { octets, original, gap };
        let [_, before, after, rest] = update.byte_range();
        let range = format!("/ByteRange [0 {before} {after} {rest} ");
        let behind = update.octets.get(update.gap.end..).unwrap_or_default();
        match update.octets.get(update.gap.clone()) {
            Some([b'<', digits @ .., b'>'])
                if digits.len() % 2 == 0
                    && digits.iter().all(|digit| *digit == b'0')
                    && behind.starts_with(range.as_bytes())
                    && behind.ends_with(b"%%EOF\n") =>
            {
                Ok(update)
            }
            _ => Err(damaged),
        }
    }

    /// The octets, the gap not filled.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The string with its brackets, counted from the start of the update.
    #[must_use]
    pub fn gap(&self) -> Range<usize> {
        self.gap.clone()
    }

    /// The four numbers of `/ByteRange`, octets.
    #[must_use]
    pub fn byte_range(&self) -> [usize; 4] {
        let rest = self.octets.len().saturating_sub(self.gap.end);
        [0, self.original + self.gap.start, self.original + self.gap.end, rest]
    }

    /// How many octets fit into the gap.
    #[must_use]
    pub fn reserve(&self) -> usize {
        (self.gap.len() - 2) / 2
    }

    /// Digests of the original, which must be the one this update was made for, and of what is signed.
    #[must_use]
    pub fn digests(&self, original: &[u8], algorithm: HashAlgorithm) -> Digests {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(original);
        self.digests_after(&hasher)
    }

    /// The same, the original hashed already: all of it is in the hasher, and nothing else.
    #[must_use]
    pub fn digests_after(&self, original: &Hasher) -> Digests {
        let mut hasher = original.clone();
        hasher.update(self.octets.get(..self.gap.start).unwrap_or_default());
        hasher.update(self.octets.get(self.gap.end..).unwrap_or_default());
        Digests { original: original.clone().finish(), byte_range: hasher.finish() }
    }

    /// The octets to append, the gap filled with this CMS or token, DER. What is left of it stays zeros.
    pub fn fill(mut self, der: &[u8]) -> Result<Vec<u8>, Error> {
        let reserve = self.reserve();
        let start = self.gap.start + 1;
        let room = self.octets.get_mut(start..start + der.len() * 2).filter(|_| der.len() <= reserve);
        let room = room.ok_or(Error::TooLong { length: der.len(), reserve })?;
        room.copy_from_slice(hexadecimal(der).as_bytes());
        Ok(self.octets)
    }
}
