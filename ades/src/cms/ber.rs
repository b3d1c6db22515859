//! BER as other programs write it (X.690, 8.1): lengths need not be the shortest, or stand as an end behind the content, and
//! strings may come in pieces. It is only taken apart; the pieces stay the octets they are.

use std::borrow::Cow;

use super::Error;

/// How deep values may stand in each other where their ends are looked for, and pieces of strings in each other.
const DEPTH: usize = 32;

const OCTET_STRING: u8 = 0x04;
/// Of a tag.
const CONSTRUCTED: u8 = 0x20;
/// A length that is not said.
const INDEFINITE: u8 = 0x80;
const END: &[u8] = &[0, 0];

/// A value with a tag of one octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    /// Tag, length, content, and its end where that is written.
    pub(super) whole: &'a [u8],
    content: &'a [u8],
}

impl<'a> Value<'a> {
    /// The only value of these octets.
    pub(super) fn only(octets: &'a [u8]) -> Result<Self, Error> {
        match first(octets, DEPTH)? {
            (value, []) => Ok(value),
            _ => Err(malformed()),
        }
    }

    /// The values in a constructed one, which are no more than so many: whoever sends may send millions.
    pub(super) fn members(&self, most: usize) -> Result<Vec<Self>, Error> {
        let mut members = Vec::new();
        for member in self.each()? {
            if members.len() == most {
                return Err(malformed());
            }
            members.push(member?);
        }
        Ok(members)
    }

    /// The values in a constructed one, one after the other; the last that is given where something is malformed is that.
    pub(super) fn each(&self) -> Result<impl Iterator<Item = Result<Self, Error>> + use<'a>, Error> {
        if self.tag & CONSTRUCTED == 0 {
            return Err(malformed());
        }
        let mut rest = self.content;
        Ok(std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let found = first(rest, DEPTH);
            rest = found.as_ref().map_or(&[], |(_, left)| *left);
            Some(found.map(|(member, _)| member))
        }))
    }

    /// The octets of an OCTET STRING, in one piece.
    pub(super) fn octets(&self) -> Result<Cow<'a, [u8]>, Error> {
        if self.tag == OCTET_STRING {
            return Ok(self.content.into());
        }
        let mut octets = Vec::new();
        self.pieces(DEPTH, &mut octets)?;
        Ok(octets.into())
    }

    fn pieces(&self, depth: usize, octets: &mut Vec<u8>) -> Result<(), Error> {
        match self.tag {
            OCTET_STRING => octets.extend_from_slice(self.content),
            tag if tag == OCTET_STRING | CONSTRUCTED && depth > 0 => {
                for piece in self.each()? {
                    piece?.pieces(depth - 1, octets)?;
                }
            }
            _ => return Err(malformed()),
        }
        Ok(())
    }
}

/// The first value, and what follows it.
fn first(octets: &[u8], depth: usize) -> Result<(Value<'_>, &[u8]), Error> {
    let [tag, length, rest @ ..] = octets else { return Err(malformed()) };
    // Tags of more octets are in none of the standards that are read here, and zero is an end.
    if tag & 0x1f == 0x1f || *tag == 0 {
        return Err(malformed());
    }
    let (content, left) = match *length {
        short if short < INDEFINITE => rest.split_at_checked(usize::from(short)).ok_or_else(malformed)?,
        INDEFINITE if tag & CONSTRUCTED != 0 && depth > 0 => {
            let mut left = rest;
            while !left.starts_with(END) {
                (_, left) = first(left, depth - 1)?;
            }
            (&rest[..rest.len() - left.len()], &left[END.len()..])
        }
        long => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f)).ok_or_else(malformed)?;
            let zeros = length.iter().take_while(|octet| **octet == 0).count();
            if length.is_empty() || length.len() - zeros > size_of::<usize>() {
                return Err(malformed());
            }
            let length = length.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
            rest.split_at_checked(length).ok_or_else(malformed)?
        }
    };
    let (whole, _) = octets.split_at(octets.len() - left.len());
    Ok((Value { tag: *tag, whole, content }, left))
}

fn malformed() -> Error {
    Error::Der(der::ErrorKind::Failed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_all_kinds_and_strings_in_pieces() {
        let octets = |value: &[u8]| Value::only(value).unwrap().octets().unwrap().into_owned();
        for value in [
            &[4, 2, 7, 8][..],
            &[4, 0x81, 2, 7, 8],
            &[4, 0x83, 0, 0, 2, 7, 8],
            &[0x24, 6, 4, 1, 7, 4, 1, 8],
            &[0x24, 0x80, 4, 1, 7, 0x24, 0x80, 4, 0, 4, 1, 8, 0, 0, 0, 0],
        ] {
            assert_eq!(octets(value), [7, 8], "{value:02x?}");
        }
        let sequence = [0x30, 0x80, 0x30, 0x80, 2, 1, 1, 0, 0, 4, 2, 0, 0, 0, 0];
        let members = Value::only(&sequence).unwrap().members(2).unwrap();
        assert_eq!(members.iter().map(|one| one.whole).collect::<Vec<_>>(), [&sequence[2..9], &sequence[9..13]]);
    }

    #[test]
    fn members_are_counted_while_they_are_read() {
        let count = |most: usize| {
            let octets = [&[0x30, 8][..], &[5, 0].repeat(4)].concat();
            Value::only(&octets).unwrap().members(most).map(|members| members.len()).ok()
        };
        assert_eq!((count(3), count(4), count(5)), (None, Some(4), Some(4)));
    }

    #[test]
    fn what_does_not_end_is_refused() {
        let deep = [[0x30, 0x80].repeat(40), vec![0; 80]].concat();
        for value in [
            &[][..],
            &[4],
            &[4, 2, 7],
            &[4, 1, 7, 8],
            &[4, 0x80, 0, 0],
            &[0x30, 0x80],
            &[0x30, 0x80, 2, 1, 1],
            &[0x30, 0x80, 2, 1, 1, 0],
            &[0, 0],
            &[4, 0xff, 1],
            &[4, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            &[4, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1f, 1, 1],
            &deep,
        ] {
            assert!(Value::only(value).is_err(), "{value:02x?}");
        }
        assert!(Value::only(&[2, 1, 1]).unwrap().members(9).is_err());
        assert!(Value::only(&[0x30, 3, 2, 1, 1]).unwrap().members(1).is_ok());
        assert!(Value::only(&[0x30, 4, 2, 1, 1, 2]).unwrap().members(9).is_err());
        assert!(Value::only(&[0x24, 3, 2, 1, 1]).unwrap().octets().is_err());
    }
}
