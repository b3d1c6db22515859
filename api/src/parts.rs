//! A document and what was put around it, into it or beside what it has, without the document: that stays where it lies.

use std::io;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::octets::{Octets, PIECE, Source};

/// One part; what is meant is all parts one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// These octets.
    Octets(Bytes),
    /// Octets of the document.
    Document {
        /// The first of them.
        start: u64,
        /// The first one behind them.
        end: u64,
    },
    /// All of the document in Base64 (RFC 4648, 4).
    Base64,
    /// All of the document in Base64url without padding (RFC 4648, 5).
    Base64url,
}

impl Part {
    /// Of own octets.
    #[must_use]
    pub fn own(octets: impl Into<Vec<u8>>) -> Self {
        Self::Octets(Bytes(octets.into()))
    }
}

/// Why parts do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("octets of a document that it does not have")]
pub struct Missing;

/// All parts, one after the other.
///
/// # Errors
/// When a part is of a document, and there is none, or it is shorter.
pub fn joined(parts: Vec<Part>, document: Option<&Octets>) -> Result<Octets, Missing> {
    joined_by(parts, document, |octets| Ok(octets.into()))
}

/// The same, where somebody else says what becomes of own octets.
///
/// # Errors
/// The same, and those of whoever keeps them.
pub fn joined_by<E: From<Missing>>(
    parts: Vec<Part>,
    document: Option<&Octets>,
    mut keep: impl FnMut(Vec<u8>) -> Result<Octets, E>,
) -> Result<Octets, E> {
    let document = || document.cloned().ok_or(Missing);
    let one = |part| {
        Ok::<_, E>(match part {
            Part::Octets(octets) => keep(octets.0)?,
            Part::Document { start, end } => Slice::of(document()?, start, end)?,
            Part::Base64 => Octets::over(Encoded { octets: document()?, padded: true }),
            Part::Base64url => Octets::over(Encoded { octets: document()?, padded: false }),
        })
    };
    let mut octets = parts.into_iter().map(one).collect::<Result<Vec<Octets>, _>>()?;
    Ok(match octets.len() {
        1 => octets.remove(0),
        _ => Octets::joined(octets),
    })
}

/// Some of a document's octets.
#[derive(Debug)]
struct Slice {
    octets: Octets,
    start: u64,
    length: u64,
}

impl Slice {
    fn of(octets: Octets, start: u64, end: u64) -> Result<Octets, Missing> {
        let length = end.checked_sub(start).filter(|_| end <= octets.len()).ok_or(Missing)?;
        Ok(if length == octets.len() { octets } else { Octets::over(Self { octets, start, length }) })
    }
}

impl Source for Slice {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        self.octets.read_at(self.start.saturating_add(at), into.get_mut(..most).unwrap_or_default())
    }

    fn in_memory(&self) -> bool {
        self.octets.in_memory()
    }
}

/// All of a document's octets, as text.
#[derive(Debug)]
struct Encoded {
    octets: Octets,
    /// Base64, or else Base64url.
    padded: bool,
}

impl Encoded {
    fn encode(&self, octets: &[u8]) -> String {
        if self.padded { BASE64.encode(octets) } else { BASE64URL_NOPAD.encode(octets) }
    }
}

impl Source for Encoded {
    fn length(&self) -> u64 {
        let octets = self.octets.len();
        if self.padded { octets.div_ceil(3) * 4 } else { octets.saturating_mul(4).div_ceil(3) }
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        // Three octets are four letters; there is a letter too many before, or behind.
        let groups = into.len().min(PIECE).div_ceil(4) + 1;
        let mut octets = vec![0; groups * 3];
        let read = self.octets.read_at(at / 4 * 3, &mut octets)?;
        let text = self.encode(octets.get(..read).unwrap_or_default());
        let skipped = usize::try_from(at % 4).unwrap_or_default();
        let text = text.as_bytes().get(skipped..).unwrap_or_default();
        let most = into.len().min(text.len());
        for (to, from) in into.iter_mut().zip(text) {
            *to = *from;
        }
        Ok(most)
    }

    fn in_memory(&self) -> bool {
        self.octets.in_memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(parts: &[Part], document: &[u8]) -> Result<Vec<u8>, Missing> {
        Ok(joined(parts.to_vec(), Some(&document.into()))?.whole(usize::MAX).unwrap().into_owned())
    }

    #[test]
    fn parts_of_a_document_and_around_it() {
        let of = |start, end| Part::Document { start, end };
        let parts = [of(0, 3), Part::own("-"), of(3, 3), of(3, 5), Part::Base64, Part::own("-"), Part::Base64url];
        assert_eq!(whole(&parts, b"ab\xfe\xffe").unwrap(), b"ab\xfe-\xffeYWL+/2U=-YWL-_2U");
        assert_eq!(whole(&[of(0, 5)], b"abcde").unwrap(), b"abcde");
        assert_eq!(joined(vec![Part::own("alone")], None).unwrap().held(), Some(&b"alone"[..]));
        for odd in [of(0, 6), of(4, 3), of(6, 6), of(u64::MAX, u64::MAX)] {
            assert_eq!(whole(&[odd], b"abcde"), Err(Missing));
        }
        assert_eq!(joined(vec![Part::Base64], None).err(), Some(Missing));
    }

    #[test]
    fn text_is_read_from_anywhere() {
        for length in 0..20_u8 {
            let document: Vec<u8> = (0..length).map(|octet| octet.wrapping_mul(37)).collect();
            for (part, text) in
                [(Part::Base64, BASE64.encode(&document)), (Part::Base64url, BASE64URL_NOPAD.encode(&document))]
            {
                let octets = joined(vec![part], Some(&document.clone().into())).unwrap();
                assert_eq!(octets.len(), text.len() as u64);
                for at in 0..=text.len() {
                    for most in 0..=text.len() {
                        let mut into = vec![0; most];
                        let read = octets.read_at(at as u64, &mut into).unwrap();
                        assert_eq!(into[..read], text.as_bytes()[at..(at + most).min(text.len())], "{length} {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_long_text_is_read_in_pieces() {
        let document: Vec<u8> = (0..700_001_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let mut text = Vec::new();
        let octets = joined(vec![Part::Base64], Some(&document.clone().into())).unwrap();
        octets.each(|piece| text.extend_from_slice(piece)).unwrap();
        assert!(text == BASE64.encode(&document).into_bytes());
    }

    #[test]
    fn on_the_wire() {
        let parts = [Part::own("ab"), Part::Document { start: 1, end: 2 }, Part::Base64, Part::Base64url];
        let json = r#"[{"octets":"YWI="},{"document":{"start":1,"end":2}},"base64","base64url"]"#;
        assert_eq!(serde_json::to_string(&parts).unwrap(), json);
        assert_eq!(serde_json::from_str::<Vec<Part>>(json).unwrap(), parts);
    }
}
