//! What is kept of a signature between its two steps: the signed attributes, and the update without its gap.

use super::{Error, Update};

/// The signed attributes of a CMS, and the update it goes into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// A DER SET OF, as [`crate::cms::prepare`] gave it.
    pub attributes: Vec<u8>,
    /// The update they are about.
    pub update: Update,
}

impl Prepared {
    /// As octets: lengths of the attributes, of the update before the gap and of the gap (each 4 octets, big-endian),
    /// attributes, update without the gap.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let (update, gap) = (self.update.octets(), self.update.gap());
        let mut octets = Vec::new();
        for length in [self.attributes.len(), gap.start, gap.len()] {
            octets.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
        octets.extend_from_slice(&self.attributes);
        octets.extend_from_slice(update.get(..gap.start).unwrap_or_default());
        octets.extend_from_slice(update.get(gap.end..).unwrap_or_default());
        octets
    }

    /// Reads it again; `original` is the length of the document that the update is of.
    ///
    /// # Errors
    /// Octets that are no such thing, or of an update of another document.
    pub fn from_octets(octets: &[u8], original: usize) -> Result<Self, Error> {
        let damaged = Error::Damaged("what was kept between the steps is not readable");
        let Some((lengths, rest)) = octets.split_first_chunk::<12>() else { return Err(damaged) };
        let length = |at: usize| {
            let octets = lengths.get(at..at + 4).unwrap_or_default();
            octets.iter().fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet))
        };
        let (attributes, start, gap) = (length(0), length(4), length(8));
        let Some((attributes, update)) = rest.split_at_checked(attributes) else { return Err(damaged) };
        let Some((before, after)) = update.split_at_checked(start) else { return Err(damaged) };
        let Some(digits) = gap.checked_sub(2).filter(|digits| *digits <= 2 << 20) else { return Err(damaged) };
        let octets = [before, b"<", "0".repeat(digits).as_bytes(), b">", after].concat();
        let update = Update::from_parts(octets, original, start..start + gap)?;
        Ok(Self { attributes: attributes.to_vec(), update })
    }
}
