//! What of a call is refused, where it stands in it, and why: the member `rsign_refused` of errors. It is ours, beside those
//! of the standard (RFC 6749, 5.2, lets answers have more).

mod detail;
mod expected;
mod explanation;
mod reason;

use serde::{Deserialize, Serialize};

pub use detail::{Detail, Member};
pub use reason::Reason;

/// Most objections that one answer holds.
const MOST: usize = 1000;

/// An array of signDoc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Array {
    /// `documents`.
    #[serde(rename = "documents")]
    Documents,
    /// `documentDigests`.
    #[serde(rename = "documentDigests")]
    Digests,
}

/// An entry, as the client sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The array it stands in.
    pub array: Array,
    /// Which of its members it is, from 0.
    pub index: usize,
}

/// What is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// The entry.
    #[serde(flatten)]
    pub place: Place,
    /// Which of its properties it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// What else there is to say of it.
    #[serde(flatten)]
    pub detail: Option<Detail>,
    /// Why.
    pub reason: Reason,
}

impl Objection {
    /// To this entry, for this reason, of the member that this is always about.
    #[must_use]
    pub fn new(place: Place, reason: Reason) -> Self {
        Self { place, property: None, detail: reason.member().map(Detail::Member), reason }
    }

    /// The same, about this property.
    #[must_use]
    pub fn of(self, property: &str) -> Self {
        Self { property: Some(property.to_owned()), ..self }
    }

    /// The same, with this.
    #[must_use]
    pub fn with(self, detail: Detail) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

/// One of `rsign_refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    #[serde(flatten)]
    objection: Objection,
    explanation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'static str>,
}

/// What is wrong with a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsayable {
    /// Its name, as whoever asks wrote it.
    pub name: String,
    /// Why it is not said.
    pub reason: Reason,
    /// The character of its value that it is about, if it is about one.
    pub character: Option<char>,
}

impl Unsayable {
    /// This property, for this reason.
    #[must_use]
    pub fn new(name: &str, reason: Reason) -> Self {
        Self { name: name.to_owned(), reason, character: None }
    }

    /// As an objection to the entry that it stands in.
    #[must_use]
    pub fn at(&self, place: Place) -> Objection {
        let objection = Objection::new(place, self.reason).of(&self.name);
        match self.character {
            Some(character) => objection.with(Detail::Character(character)),
            None => objection,
        }
    }
}

/// Objections as clients hear them.
#[must_use]
pub fn told(objections: &[Objection]) -> Vec<Told> {
    let one = |objection: &Objection| {
        let property = objection.property.as_deref().map(plain);
        let expected = property.as_deref().filter(|_| objection.reason == Reason::BadValue).and_then(expected::of);
        let explanation = objection.reason.explanation();
        Told { explanation, expected, objection: Objection { property, ..objection.clone() } }
    };
    objections.iter().take(MOST).map(one).collect()
}

/// What a client wrote is repeated only as far as it may be a name.
#[must_use]
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objection_says_where_what_and_why() {
        let place = Place { array: Array::Digests, index: 2 };
        let mut objection = Objection::new(place, Reason::OffPage).of("<Rect>\n");
        let told = |objection: &Objection| serde_json::to_value(super::told(std::slice::from_ref(objection))).unwrap();
        let expected = serde_json::json!([{ "array": "documentDigests", "index": 2, "property": "Rect",
            "reason": "off_page", "explanation": Reason::OffPage.explanation() }]);
        assert_eq!(told(&objection), expected);
        objection.property = None;
        assert!(told(&objection)[0].get("property").is_none());
        let kept = serde_json::to_string(&objection).unwrap();
        assert_eq!(kept, r#"{"array":"documentDigests","index":2,"reason":"off_page"}"#);
        assert_eq!(serde_json::from_str::<Objection>(&kept).unwrap(), objection);
        assert_eq!(super::told(&vec![objection; 2000]).len(), 1000);
    }

    #[test]
    fn what_else_there_is_to_say_stands_beside_it_and_is_kept() {
        let place = Place { array: Array::Documents, index: 0 };
        for (objection, name, value) in [
            (Objection::new(place, Reason::KeyAlgorithm), "member", serde_json::json!("signAlgo")),
            (
                Objection::new(place, Reason::Missing).with(Detail::Member(Member::SignatureFormat)),
                "member",
                serde_json::json!("signature_format"),
            ),
            (
                Objection::new(place, Reason::TooLong).with(Detail::Limit(16 << 20)),
                "limit",
                serde_json::json!(16_777_216),
            ),
            (
                Unsayable { character: Some('\u{141}'), ..Unsayable::new("Text", Reason::Character) }.at(place),
                "character",
                serde_json::json!("U+0141"),
            ),
        ] {
            let told = serde_json::to_value(told(std::slice::from_ref(&objection))).unwrap();
            assert_eq!(told[0][name], value, "{objection:?}");
            let kept = serde_json::to_string(&objection).unwrap();
            assert_eq!(serde_json::from_str::<Objection>(&kept).unwrap(), objection, "{kept}");
        }
        let told = |reason| {
            let objection = Objection::new(place, reason).of("Rect");
            serde_json::to_value(super::told(&[objection])).unwrap()[0].get("expected").cloned()
        };
        assert_eq!((told(Reason::BadValue), told(Reason::OffPage)), (expected::of("Rect").map(Into::into), None));
    }
}
