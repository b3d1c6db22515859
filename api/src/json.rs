//! JSON as strangers send it: one pass that borrows from the body, and refuses what two parsers could read differently.
//!
//! CSC asks for an own sentence for each missing or ill-typed member, in a fixed order, and clients send nulls and
//! members of other versions. So a body is first read into this tree, and `csc/` asks the tree.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroize as _;

/// A JSON value; texts borrow from the body where they hold no escapes.
#[derive(Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction; beyond 64 bits the nearest end of the range.
    Integer(i64),
    /// A number with a fraction: no member of CSC has one.
    Fraction,
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object<'a>),
}

/// The members of a JSON object, each name once. Texts that had to be copied are wiped in the end: one may be a PIN.
#[derive(Clone, PartialEq, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// Not JSON, not an object, too deep, or a name twice (CSC Table 3: "includes a parameter more than once").
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a well-formed JSON object")]
pub struct Malformed;

impl<'a> Object<'a> {
    /// Reads a request body. An empty body and `null` are an object without members, as real clients send them.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(body: &'a [u8], depth: usize) -> Result<Self, Malformed> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        match Value::parse(body, depth)? {
            Value::Object(object) => Ok(object),
            Value::Null => Ok(Self::default()),
            _ => Err(Malformed),
        }
    }

    /// All members.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The member of this name; a null counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value).filter(|value| **value != Value::Null)
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            if let Value::Text(Cow::Owned(text)) = value {
                text.zeroize();
            }
        }
    }
}

impl<'a> Value<'a> {
    /// Reads JSON of any kind.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(json: &'a [u8], depth: usize) -> Result<Self, Malformed> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let left = Cell::new(VALUES);
        let seed = Seed { depth, left: &left };
        let value = seed.deserialize(&mut deserializer).map_err(|_| Malformed)?;
        deserializer.end().map_err(|_| Malformed)?;
        Ok(value)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Value<'_> {
    /// The kind only: a body holds PINs and SADs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) | Self::Fraction => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        })
    }
}

impl std::fmt::Debug for Object<'_> {
    /// Names only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Most values in one body: 1000 hashes and what stands around them. A value takes more room than it has letters, so
/// the body's length alone bounds little.
const VALUES: usize = 8192;

/// Carries the number of levels and of values that are still allowed.
#[derive(Clone, Copy)]
struct Seed<'s> {
    depth: usize,
    left: &'s Cell<usize>,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| serde::de::Error::custom("too many values"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        if value.fract() != 0.0 {
            return Ok(Value::Fraction);
        }
        #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what Integer promises")]
        Ok(Value::Integer(value as i64))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut members: Vec<(Cow<'de, str>, Value<'de>)> = Vec::new();
        while let Some(Key(name)) = entries.next_key::<Key<'de>>()? {
            members.push((name, entries.next_value_seed(seed)?));
        }
        if repeats(&members) {
            return Err(A::Error::custom("a name twice"));
        }
        Ok(Value::Object(Object(members)))
    }
}

/// Whether a name stands twice; objects as CSC has them are cheaper to compare pair by pair than to hash.
fn repeats(members: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    if members.len() > 16 {
        let mut seen = HashSet::with_capacity(members.len());
        return !members.iter().all(|(name, _)| seen.insert(name.as_ref()));
    }
    members.iter().enumerate().any(|(place, (name, _))| members.iter().take(place).any(|(other, _)| other == name))
}

/// A member's name, borrowed where possible (`Cow` alone never borrows under serde).
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nulls_are_absent_and_empty_bodies_are_objects() {
        let object = Object::parse(br#"{"a":null,"b":"x"}"#, 16).unwrap();
        assert!(object.get("a").is_none());
        assert_eq!(object.get("b").and_then(Value::text), Some("x"));
        for body in [&b""[..], b" \n", b"null", b"{}"] {
            assert!(Object::parse(body, 16).unwrap().get("a").is_none());
        }
    }

    #[test]
    fn refuses_what_two_parsers_read_differently() {
        for body in
            [&br#"{"a":1,"a":2}"#[..], br#"{"a":1,"\u0061":2}"#, b"[]", b"{", b"{} {}", br#"{"a":{"b":1,"b":1}}"#]
        {
            assert_eq!(Object::parse(body, 16).err(), Some(Malformed));
        }
        let many: Vec<String> = (0..40).map(|i| format!("\"m{}\":0", i % 39)).collect();
        assert!(Object::parse(format!("{{{}}}", many.join(",")).as_bytes(), 16).is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(Object::parse(nested(16).as_bytes(), 16).is_ok());
        assert!(Object::parse(nested(17).as_bytes(), 16).is_err());
    }

    #[test]
    fn huge_numbers_saturate() {
        let object = Object::parse(br#"{"a":99999999999999999999,"b":1.5,"c":2.0}"#, 16).unwrap();
        assert_eq!(object.get("a"), Some(&Value::Integer(i64::MAX)));
        assert_eq!(object.get("b"), Some(&Value::Fraction));
        assert_eq!(object.get("c"), Some(&Value::Integer(2)));
    }

    proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = Object::parse(&body, 16);
        }

        #[test]
        fn never_panics_on_near_json(body in r#"[\[\]{}",:0-9aeu\\ ]{0,64}"#) {
            let _ = Object::parse(body.as_bytes(), 16);
        }
    }
}
