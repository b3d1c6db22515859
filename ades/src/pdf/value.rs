//! One object of a PDF as its source text, together with where it stands, so that it can be replaced or added to there.

use super::Error;
use super::lexer::{end_of, is_blank, numbers_and_word, skip_blank};

/// Number and generation of an indirect object.
pub(super) type Id = (u32, u16);

/// The trailer's place, which is no indirect object.
pub(super) const NOWHERE: Id = (0, u16::MAX);

/// A direct object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    /// The indirect object it is part of.
    pub(super) owner: Id,
    /// Text of that whole object.
    source: &'a [u8],
    /// Where this object begins and ends in it.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'a> Value<'a> {
    /// The object at the start of `text`, behind white space; whatever follows it does not matter.
    pub(super) fn read(owner: Id, text: &'a [u8]) -> Result<Self, Error> {
        let source = text.get(skip_blank(text, 0)..).unwrap_or_default();
        let end = end_of(source, 0).ok_or(Error::Damaged("an object is not readable"))?;
        let source = source.get(..end).unwrap_or_default();
        Ok(Self { owner, source, start: 0, end })
    }

    /// The object that begins at `start` in the same indirect object.
    fn sibling(&self, start: usize) -> Option<Self> {
        Some(Self { start, end: end_of(self.source, start)?, ..*self })
    }

    /// Its own text.
    pub(super) fn text(&self) -> &'a [u8] {
        self.source.get(self.start..self.end).unwrap_or_default()
    }

    /// Text of the indirect object it is part of.
    pub(super) fn source(&self) -> &'a [u8] {
        self.source
    }

    /// Whether both stand at one place.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        (self.owner, self.start, self.end) == (other.owner, other.start, other.end)
    }

    pub(super) fn is_null(&self) -> bool {
        self.text() == b"null"
    }

    pub(super) fn is_dictionary(&self) -> bool {
        self.text().starts_with(b"<<")
    }

    pub(super) fn is_array(&self) -> bool {
        self.text().starts_with(b"[")
    }

    /// What it refers to, if it is a reference.
    pub(super) fn reference(&self) -> Option<Id> {
        let text = self.text();
        text.ends_with(b"R").then(|| numbers_and_word(text, 0, b"R")).flatten().map(|(id, _)| id)
    }

    /// Its value, if it is an integer.
    pub(super) fn integer(&self) -> Option<i64> {
        std::str::from_utf8(self.text()).ok()?.parse().ok()
    }

    /// Its value, if it is a number.
    pub(super) fn number(&self) -> Option<f64> {
        let text = self.text();
        let digit = text.iter().all(|o| o.is_ascii_digit() || matches!(o, b'+' | b'-' | b'.'));
        digit.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
    }

    /// The name without its solidus, `#xx` decoded.
    pub(super) fn name(&self) -> Option<Vec<u8>> {
        Some(decode_name(self.text().strip_prefix(b"/")?))
    }

    /// Octets of a string.
    pub(super) fn string(&self) -> Option<Vec<u8>> {
        let text = self.text();
        match text {
            [b'(', inner @ .., b')'] => Some(decode_literal(inner)),
            [b'<', inner @ .., b'>'] if !self.is_dictionary() => Some(decode_hexadecimal(inner)),
            _ => None,
        }
    }

    /// Members of an array.
    pub(super) fn members(&self) -> Option<Vec<Self>> {
        if !self.is_array() {
            return None;
        }
        let mut members = Vec::new();
        let mut at = skip_blank(self.source, self.start + 1);
        while at + 1 < self.end {
            let member = self.sibling(at)?;
            at = skip_blank(self.source, member.end);
            members.push(member);
        }
        Some(members)
    }

    /// Entries of a dictionary.
    pub(super) fn dictionary(&self) -> Option<Dictionary<'a>> {
        if !self.is_dictionary() {
            return None;
        }
        let mut entries = Vec::new();
        let mut at = skip_blank(self.source, self.start + 2);
        while at + 2 < self.end {
            let key = self.sibling(at)?;
            let value = self.sibling(skip_blank(self.source, key.end))?;
            if value.end > self.end {
                return None;
            }
            at = skip_blank(self.source, value.end);
            entries.push((key.name()?, value));
        }
        Some(Dictionary { value: *self, entries })
    }
}

/// A dictionary, its entries in the order of the source.
#[derive(Debug, Clone)]
pub(super) struct Dictionary<'a> {
    /// The whole.
    pub(super) value: Value<'a>,
    entries: Vec<(Vec<u8>, Value<'a>)>,
}

impl<'a> Dictionary<'a> {
    /// The direct value of this key. A key that stands twice is refused: readers disagree which of them counts.
    pub(super) fn direct(&self, key: &str) -> Result<Option<Value<'a>>, Error> {
        let mut found = self.entries.iter().filter(|(name, _)| name == key.as_bytes());
        let value = found.next().map(|(_, value)| *value);
        if found.next().is_some() {
            return Err(Error::Damaged("a dictionary has a key twice"));
        }
        Ok(value)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &(Vec<u8>, Value<'a>)> {
        self.entries.iter()
    }
}

fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn decode_name(text: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match (first, after) {
            (b'#', [high, low, tail @ ..]) if digit(*high).is_some() && digit(*low).is_some() => {
                name.push(digit(*high).unwrap_or(0) << 4 | digit(*low).unwrap_or(0));
                rest = tail;
            }
            _ => {
                name.push(*first);
                rest = after;
            }
        }
    }
    name
}

fn decode_hexadecimal(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text.iter().filter(|o| !is_blank(**o)).filter_map(|o| digit(*o)).collect();
    digits.chunks(2).map(|pair| pair.first().map_or(0, |d| d << 4) | pair.get(1).copied().unwrap_or(0)).collect()
}

fn decode_literal(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied().peekable();
    while let Some(octet) = rest.next() {
        if octet == b'\r' {
            rest.next_if_eq(&b'\n');
            octets.push(b'\n');
            continue;
        }
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        match rest.next() {
            Some(b'n') => octets.push(b'\n'),
            Some(b'r') => octets.push(b'\r'),
            Some(b't') => octets.push(b'\t'),
            Some(b'b') => octets.push(8),
            Some(b'f') => octets.push(12),
            Some(b'\r') => drop(rest.next_if_eq(&b'\n')),
            Some(b'\n') | None => {}
            Some(first @ b'0'..=b'7') => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    let Some(next) = rest.next_if(|o| (b'0'..=b'7').contains(o)) else { break };
                    value = value * 8 + u32::from(next - b'0');
                }
                octets.push(u8::try_from(value & 0xFF).unwrap_or_default()); // a high overflow is ignored (7.3.4.2)
            }
            Some(other) => octets.push(other),
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value<'_> {
        Value::read((1, 0), text.as_bytes()).unwrap()
    }

    #[test]
    fn a_dictionary_keeps_text_and_places() {
        let object = value("<< /A 1.00000001 /B [ 2 0 R (x) ] /C#20D <</E/F>>>>");
        let entries = object.dictionary().unwrap();
        assert_eq!(entries.direct("A").unwrap().unwrap().text(), b"1.00000001");
        assert_eq!(entries.direct("B").unwrap().unwrap().members().unwrap()[0].reference(), Some((2, 0)));
        let inner = entries.direct("C D").unwrap().unwrap();
        assert_eq!(&object.source()[inner.start..inner.end], b"<</E/F>>");
        assert!(entries.direct("Z").unwrap().is_none());
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        let entries = value("<</A 1/#41 2/B 3>>").dictionary().unwrap();
        assert!(matches!(entries.direct("A"), Err(Error::Damaged(_))));
        assert!(entries.direct("B").is_ok());
    }

    #[test]
    fn a_dictionary_without_pairs_is_none() {
        for text in ["<</A>>", "<</A 1/B>>", "<<1 2>>"] {
            assert!(value(text).dictionary().is_none(), "{text}");
        }
    }

    #[test]
    fn strings_and_names_are_decoded() {
        assert_eq!(value(r"(a\n\(\101\0533\\)").string().unwrap(), b"a\n(A+3\\");
        assert_eq!(value("<48 656C6C6F 5>").string().unwrap(), b"HelloP");
        assert_eq!(value("/A#2FB#").name().unwrap(), b"A/B#");
    }
}
