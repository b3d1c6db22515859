//! What of a call is refused, where it stands in it, and why: the member `rsign_refused` of errors. It is ours, beside those
//! of the standard (RFC 6749, 5.2, lets answers have more).

mod reason;

use serde::{Deserialize, Serialize};

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
    /// Why.
    pub reason: Reason,
}

/// One of `rsign_refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    #[serde(flatten)]
    objection: Objection,
    explanation: &'static str,
}

/// What is wrong with a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsayable {
    /// Its name, as whoever asks wrote it.
    pub name: String,
    /// Why it is not said.
    pub reason: Reason,
}

impl Unsayable {
    /// This property, for this reason.
    #[must_use]
    pub fn new(name: &str, reason: Reason) -> Self {
        Self { name: name.to_owned(), reason }
    }
}

/// Objections as clients hear them.
#[must_use]
pub fn told(objections: &[Objection]) -> Vec<Told> {
    let one = |objection: &Objection| {
        let property = objection.property.as_deref().map(plain);
        Told { explanation: objection.reason.explanation(), objection: Objection { property, ..objection.clone() } }
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
        let mut objection = Objection { place, property: Some("<Rect>\n".to_owned()), reason: Reason::OffPage };
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
}
