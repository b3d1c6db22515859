//! The members that serde reads into a struct.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Asked for a struct, it notes which members are wanted and gives none.
struct Asked<'c>(&'c Cell<Option<&'static [&'static str]>>);

#[derive(Debug)]
struct NotRead;

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was read")
    }
}

impl std::error::Error for NotRead {}

impl serde::de::Error for NotRead {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = NotRead;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotRead> {
        Err(NotRead)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, NotRead> {
        self.0.set(Some(fields));
        Err(NotRead)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Their names on the wire.
pub(crate) fn of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let asked = Cell::new(None);
    assert!(T::deserialize(Asked(&asked)).is_err());
    asked.get().expect("a struct")
}
