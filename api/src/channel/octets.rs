//! Reading and writing octets: big-endian numbers and strings behind their length. A reader never panics.

use super::Failure;

/// What is left to read.
pub(super) struct Octets<'a>(pub(super) &'a [u8]);

impl<'a> Octets<'a> {
    /// The next `count` octets.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Failure> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Failure)?;
        self.0 = tail;
        Ok(head)
    }

    /// The next N octets.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (head, tail) = self.0.split_first_chunk().ok_or(Failure)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Failure> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Failure> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Failure> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Failure> {
        self.array().map(u64::from_be_bytes)
    }

    /// As many octets as the number says; `usize` is never smaller than it on what we run on.
    pub(super) fn counted(&mut self, count: u32) -> Result<&'a [u8], Failure> {
        self.take(usize::try_from(count).map_err(|_| Failure)?)
    }

    /// `lp(x)`: u16 length, then x.
    pub(super) fn prefixed(&mut self) -> Result<&'a [u8], Failure> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// These octets and no others.
    pub(super) fn constant(&mut self, expected: &[u8]) -> Result<(), Failure> {
        if self.take(expected.len())? == expected { Ok(()) } else { Err(Failure) }
    }

    /// Nothing is left.
    pub(super) fn end(&self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure) }
    }
}

/// Writes `lp(x)`.
pub(super) fn put_prefixed(out: &mut Vec<u8>, octets: &[u8]) -> Result<(), Failure> {
    let length = u16::try_from(octets.len()).map_err(|_| Failure)?;
    out.extend(length.to_be_bytes());
    out.extend(octets);
    Ok(())
}
