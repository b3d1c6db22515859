//! Tag (u8), length (u32), value; tags ascending, each at most once, none that is not known (3.5).

use super::octets::Octets;
use super::{Failure, Secret};

/// The tags.
pub(super) mod tag {
    pub(in super::super) const CREDENTIAL: u8 = 0x01;
    pub(in super::super) const KEY_VERSION: u8 = 0x02;
    pub(in super::super) const TX: u8 = 0x03;
    pub(in super::super) const PIN: u8 = 0x04;
    pub(in super::super) const NEW_PIN: u8 = 0x05;
    pub(in super::super) const FACTOR: u8 = 0x06;
    pub(in super::super) const LIST: u8 = 0x07;
    pub(in super::super) const LIST_DIGEST: u8 = 0x08;
    pub(in super::super) const RESULT: u8 = 0x09;
    pub(in super::super) const RETRY_AFTER: u8 = 0x0a;
    pub(in super::super) const SIGNATURES: u8 = 0x0b;
    pub(in super::super) const TRIES_LEFT: u8 = 0x0c;
    pub(in super::super) const SCHEME: u8 = 0x0d;
    pub(in super::super) const COUNT: u8 = 0x0e;
    pub(in super::super) const OTPAUTH: u8 = 0x0f;
    pub(in super::super) const QR: u8 = 0x10;
}

/// Octets of a tag and a length.
const HEAD: usize = 5;

/// Writes fields, which the caller gives in the order of their tags; the space is taken at once, so that no secret is
/// left behind by growing.
pub(super) fn encode(fields: &[(u8, &[u8])]) -> Result<Secret, Failure> {
    debug_assert!(fields.is_sorted_by(|(one, _), (next, _)| one < next), "tags ascend");
    let mut body = Vec::with_capacity(fields.iter().map(|(_, value)| HEAD + value.len()).sum());
    for (tag, value) in fields {
        body.push(*tag);
        body.extend(u32::try_from(value.len()).map_err(|_| Failure)?.to_be_bytes());
        body.extend(*value);
    }
    Ok(Secret::new(body))
}

/// Reads fields. A body's reader asks for each tag it knows, in ascending order, and for the end: what is out of order,
/// repeated or unknown is never asked for and so stands in the way of the end.
pub(super) struct Fields<'a>(Octets<'a>);

impl<'a> Fields<'a> {
    pub(super) const fn of(body: &'a [u8]) -> Self {
        Self(Octets(body))
    }

    /// The value of the next field, if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Failure> {
        if self.0.0.first() != Some(&tag) {
            return Ok(None);
        }
        self.0.u8()?;
        let length = self.0.u32()?;
        self.0.counted(length).map(Some)
    }

    /// The value of the next field, which must have this tag.
    pub(super) fn required(&mut self, tag: u8) -> Result<&'a [u8], Failure> {
        self.optional(tag)?.ok_or(Failure)
    }

    /// A number that may be absent.
    pub(super) fn optional_number(&mut self, tag: u8) -> Result<Option<u32>, Failure> {
        self.optional(tag)?.map(number).transpose()
    }

    /// A number.
    pub(super) fn number(&mut self, tag: u8) -> Result<u32, Failure> {
        self.required(tag).and_then(number)
    }

    /// Nothing is left.
    pub(super) fn end(&self) -> Result<(), Failure> {
        self.0.end()
    }
}

fn number(value: &[u8]) -> Result<u32, Failure> {
    value.try_into().map(u32::from_be_bytes).map_err(|_| Failure)
}
