//! What a client may want said in a signature: `signed_props` of CSC 11.11 for PAdES (EN 319 142-1, 5.3).

use std::time::SystemTime;

use rsign_api::objection::{Reason, Unsayable};

use super::{Kind, Permission, Place, Request, Visible, helvetica};
use crate::Envelope;
use crate::cms::{self, Attribute};
use crate::property::{offer, set};

/// Entries of the signature dictionary, by the names that ISO 32000 and the CSC API give them.
pub const ENTRIES: [&str; 4] = ["Location", "Reason", "Name", "ContactInfo"];

/// What else is said of a signature in a PDF, by names of our own after keys of ISO 32000: an empty field's name or a
/// new one's, what a certified document may become, and for a visible signature its page, rectangle and lines of text.
pub const PLACES: [&str; 5] = ["Field", "P", "Page", "Rect", "Text"];

/// Signed attributes that PAdES allows a client to give (EN 319 142-1, 6.3).
const ATTRIBUTES: [&str; 6] = [
    "commitment-type-indication",
    "1.2.840.113549.1.9.16.2.16",
    "signer-attributes-v2",
    "0.4.0.19122.1.1",
    "signature-policy-identifier",
    "1.2.840.113549.1.9.16.2.15",
];

/// What a client wants said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    location: Option<String>,
    reason: Option<String>,
    name: Option<String>,
    contact: Option<String>,
    field: Option<String>,
    permission: Option<Permission>,
    page: Option<u32>,
    rectangle: Option<[f64; 4]>,
    text: Option<String>,
    attributes: Vec<(String, String)>,
}

/// Reads names and values.
///
/// # Errors
/// Those that are unknown, come twice, have no fitting value or contradict others.
pub fn read_properties<'a>(
    properties: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<Said, Vec<Unsayable>> {
    let mut said = Said::default();
    let known = |name: &str| stands_in_document(name) || ATTRIBUTES.contains(&name);
    let mut invalid = offer(properties, |name, value| said.hear(name, value), known);
    invalid.extend(said.attributes().err().unwrap_or_default());
    // EN 319 142-1, 6.3: a reason is said once, in one way or the other.
    if said.reason.is_some() && said.attributes.iter().any(|(name, _)| ATTRIBUTES[..2].contains(&name.as_str())) {
        invalid.push(Unsayable::new("Reason", Reason::Contradiction));
    }
    let nowhere = said.rectangle.is_none() && invalid.iter().all(|other| other.name != "Rect");
    if nowhere && said.page.is_some() {
        invalid.push(Unsayable::new("Page", Reason::NoPlace));
    }
    // Text may stand where a field of the document does; whether it does is seen there.
    if nowhere && said.text.is_some() && said.field.is_none() {
        invalid.push(Unsayable::new("Text", Reason::NoPlace));
    }
    invalid.extend(said.unreadable().filter(|_| invalid.iter().all(|other| other.name != "Text")));
    if invalid.is_empty() { Ok(said) } else { Err(invalid) }
}

/// Whether a property of this name stands in the document, so that it can be said of a digest no more.
#[must_use]
pub fn stands_in_document(name: &str) -> bool {
    ENTRIES.contains(&name) || PLACES.contains(&name)
}

impl Said {
    /// Takes one in, unless it does not fit or was said before.
    fn hear(&mut self, name: &str, value: &str) -> Result<(), Reason> {
        let text = || Some(value.to_owned());
        match name {
            "Location" => set(&mut self.location, text()),
            "Reason" => set(&mut self.reason, text()),
            "Name" => set(&mut self.name, text()),
            "ContactInfo" => set(&mut self.contact, text()),
            "Field" => set(&mut self.field, text()),
            // As systems end lines, and a tab as the blank that it looks like.
            "Text" => set(&mut self.text, Some(value.replace("\r\n", "\n").replace('\t', " "))),
            "Page" => set(&mut self.page, value.parse().ok().filter(|page| *page > 0)),
            "Rect" => set(&mut self.rectangle, rectangle(value)),
            "P" => set(&mut self.permission, permission(value)),
            // Malformed ones and those that come twice are named together.
            _ => {
                self.attributes.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
        }
    }

    /// What is wrong with what is to be seen: a frame with nothing in it, or a character that the font lacks.
    fn unreadable(&self) -> Option<Unsayable> {
        let text = match &self.text {
            Some(text) => text.as_str(),
            None if self.rectangle.is_some() => "",
            None => return None,
        };
        if text.trim().is_empty() {
            return Some(Unsayable::new("Text", Reason::NoText));
        }
        let lacking = text.chars().find(|c| *c != '\n' && helvetica::code(*c).is_none())?;
        Some(Unsayable { character: Some(lacking), ..Unsayable::new("Text", Reason::Character) })
    }

    /// The attributes that go into the CMS.
    ///
    /// # Errors
    /// Those that are malformed.
    pub fn attributes(&self) -> Result<Vec<Attribute>, Vec<Unsayable>> {
        cms::read_properties(self.attributes.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))))
    }

    /// Whether any of it stands in the document, so that it can be said of a digest no more.
    #[must_use]
    pub fn is_of_document(&self) -> bool {
        let Self { location, reason, name, contact, field, permission, page, rectangle, text, attributes: _ } = self;
        [location, reason, name, contact, field, text].iter().any(|text| text.is_some())
            || permission.is_some()
            || page.is_some()
            || rectangle.is_some()
    }

    /// The signature that is wanted; none where this kind cannot be what was said.
    #[must_use]
    pub fn request(&self, envelope: Envelope, time: SystemTime, reserve: usize) -> Option<Request> {
        let kind = match (envelope, self.permission) {
            (Envelope::Certification, permission) => Kind::Certification(permission.unwrap_or(Permission::FormFilling)),
            (Envelope::Revision, None) => Kind::Revision,
            _ => return None,
        };
        let lines: Vec<String> = self.text.iter().flat_map(|text| text.split('\n')).map(str::to_owned).collect();
        let place = self.rectangle.map(|rectangle| Place { page: self.page.unwrap_or(1), rectangle });
        let visible = (place.is_some() || self.text.is_some()).then_some(Visible { place, lines });
        Some(Request {
            kind,
            field: self.field.clone(),
            time,
            reason: self.reason.clone(),
            location: self.location.clone(),
            name: self.name.clone(),
            contact: self.contact.clone(),
            visible,
            reserve,
        })
    }
}

/// Four numbers with spaces between them.
fn rectangle(value: &str) -> Option<[f64; 4]> {
    let finite = |corner: &f64| corner.is_finite();
    let corners = value.split_whitespace().map(|corner| corner.parse().ok().filter(finite));
    corners.collect::<Option<Vec<f64>>>()?.try_into().ok()
}

fn permission(value: &str) -> Option<Permission> {
    [Permission::NoChanges, Permission::FormFilling, Permission::Annotations]
        .into_iter()
        .find(|permission| permission.number().to_string() == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(properties: &[(&str, &str)]) -> Result<Said, Vec<Unsayable>> {
        read_properties(properties.iter().map(|(name, value)| (*name, Some(*value))))
    }

    #[test]
    fn what_is_said_becomes_a_request() {
        let said = [("Reason", "because"), ("Page", "2"), ("Rect", "0 0 99.5 50"), ("Text", "a\nb"), ("P", "3")];
        let request = read(&said).unwrap().request(Envelope::Certification, SystemTime::UNIX_EPOCH, 99).unwrap();
        let place = Some(Place { page: 2, rectangle: [0.0, 0.0, 99.5, 50.0] });
        let visible = Visible { place, lines: vec!["a".into(), "b".into()] };
        assert_eq!((request.visible, request.reserve), (Some(visible), 99));
        assert_eq!(request.kind, Kind::Certification(Permission::Annotations));
        assert_eq!(request.reason.as_deref(), Some("because"));
        assert!(read(&said).unwrap().request(Envelope::Revision, SystemTime::UNIX_EPOCH, 99).is_none());
        // A field of the document has a place by itself.
        let in_field = read(&[("Field", "Here"), ("Text", "a")]).unwrap();
        let request = in_field.request(Envelope::Revision, SystemTime::UNIX_EPOCH, 99).unwrap();
        assert_eq!(request.visible, Some(Visible { place: None, lines: vec!["a".into()] }));
        // However lines end; a tab is a blank.
        let text = read(&[("Field", "Here"), ("Text", "a\r\n\tb\n")]).unwrap();
        let request = text.request(Envelope::Revision, SystemTime::UNIX_EPOCH, 99).unwrap();
        assert_eq!(request.visible.unwrap().lines, ["a", " b", ""]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let commitment = ("commitment-type-indication", "MAA=");
        let policy = ("signature-policy-identifier", "MAA=");
        for (said, invalid, reason) in [
            (&[("Reason", "a"), ("Reason", "b")][..], "Reason", Reason::SaidTwice),
            (&[("reason", "a")], "reason", Reason::UnknownProperty),
            (&[("Page", "0"), ("Rect", "0 0 9 9"), ("Text", "x")], "Page", Reason::BadValue),
            (&[("Rect", "0 0 9 9")], "Text", Reason::NoText),
            (&[("Rect", "0 0 9 9"), ("Text", "")], "Text", Reason::NoText),
            (&[("Field", "x"), ("Text", " \r\n\t")], "Text", Reason::NoText),
            (&[("Page", "1")], "Page", Reason::NoPlace),
            (&[("Page", "1"), ("Field", "x")], "Page", Reason::NoPlace),
            (&[("Text", "x")], "Text", Reason::NoPlace),
            (&[("Rect", "0 0 9")], "Rect", Reason::BadValue),
            (&[("Rect", "0 0 9 inf"), ("Text", "x"), ("Page", "1")], "Rect", Reason::BadValue),
            (&[("Rect", "NaN 0 9 9")], "Rect", Reason::BadValue),
            (&[("P", "4")], "P", Reason::BadValue),
            (&[("mime-type", "DAA=")], "mime-type", Reason::UnknownProperty),
            (&[("signer-location", "MAA=")], "signer-location", Reason::UnknownProperty),
            (&[("commitment-type-indication", "!")], "commitment-type-indication", Reason::BadValue),
            (&[policy, policy], "signature-policy-identifier", Reason::SaidTwice),
            (&[commitment, ("Reason", "a")], "Reason", Reason::Contradiction),
        ] {
            assert_eq!(read(said), Err(vec![Unsayable::new(invalid, reason)]), "{said:?}");
        }
        for (text, character) in [("a\u{141}", '\u{141}'), ("a\rb", '\r'), ("a\u{0}", '\u{0}')] {
            let lacking = Unsayable { character: Some(character), ..Unsayable::new("Text", Reason::Character) };
            assert_eq!(read(&[("Rect", "0 0 9 9"), ("Text", text)]), Err(vec![lacking]), "{text:?}");
        }
        let said = read(&[commitment]).unwrap();
        assert!(!said.is_of_document() && said.attributes().unwrap().len() == 1);
        assert!(ENTRIES.iter().all(|name| read(&[(name, "x")]).unwrap().is_of_document()));
        assert_eq!(read_properties([("Name", None)]), Err(vec![Unsayable::new("Name", Reason::NoValue)]));
    }
}
