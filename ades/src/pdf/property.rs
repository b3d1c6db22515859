//! What a client may want said in a signature: `signed_props` of CSC 11.11 for PAdES (EN 319 142-1, 5.3).

use std::time::SystemTime;

use super::{Kind, Permission, Request, Visible};
use crate::Envelope;
use crate::cms::{self, Attribute};

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
/// The names of those that are unknown, come twice, have no fitting value or contradict others.
pub fn read_properties<'a>(
    properties: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<Said, Vec<String>> {
    let (mut said, mut invalid) = (Said::default(), Vec::new());
    for (name, value) in properties {
        if value.and_then(|value| said.hear(name, value)).is_none() {
            invalid.push(name.to_owned());
        }
    }
    invalid.extend(said.attributes().err().unwrap_or_default());
    // EN 319 142-1, 6.3: a reason is said once, in one way or the other.
    if said.reason.is_some() && said.attributes.iter().any(|(name, _)| ATTRIBUTES[..2].contains(&name.as_str())) {
        invalid.push("Reason".to_owned());
    }
    if said.rectangle.is_none() && (said.page.is_some() || said.text.is_some()) {
        invalid.push(if said.page.is_some() { "Page" } else { "Text" }.to_owned());
    }
    if invalid.is_empty() { Ok(said) } else { Err(invalid) }
}

impl Said {
    /// Takes one in; none if it does not fit or was said before.
    fn hear(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "Location" => once(&mut self.location, value.to_owned()),
            "Reason" => once(&mut self.reason, value.to_owned()),
            "Name" => once(&mut self.name, value.to_owned()),
            "ContactInfo" => once(&mut self.contact, value.to_owned()),
            "Field" => once(&mut self.field, value.to_owned()),
            "Text" => once(&mut self.text, value.to_owned()),
            "Page" => once(&mut self.page, value.parse().ok().filter(|page| *page > 0)?),
            "Rect" => once(&mut self.rectangle, rectangle(value)?),
            "P" => once(&mut self.permission, permission(value)?),
            _ if ATTRIBUTES.contains(&name) => {
                self.attributes.push((name.to_owned(), value.to_owned()));
                Some(())
            }
            _ => None,
        }
    }

    /// The attributes that go into the CMS.
    ///
    /// # Errors
    /// The names of those that are malformed.
    pub fn attributes(&self) -> Result<Vec<Attribute>, Vec<String>> {
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
        let lines = self.text.iter().flat_map(|text| text.split('\n')).map(str::to_owned).collect();
        let visible = self.rectangle.map(|rectangle| Visible { page: self.page.unwrap_or(1), rectangle, lines });
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

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// Four numbers with spaces between them.
fn rectangle(value: &str) -> Option<[f64; 4]> {
    let corners = value.split_whitespace().map(|corner| corner.parse().ok());
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

    fn read(properties: &[(&str, &str)]) -> Result<Said, Vec<String>> {
        read_properties(properties.iter().map(|(name, value)| (*name, Some(*value))))
    }

    #[test]
    fn what_is_said_becomes_a_request() {
        let said = [("Reason", "because"), ("Page", "2"), ("Rect", "0 0 99.5 50"), ("Text", "a\nb"), ("P", "3")];
        let request = read(&said).unwrap().request(Envelope::Certification, SystemTime::UNIX_EPOCH, 99).unwrap();
        let visible = Visible { page: 2, rectangle: [0.0, 0.0, 99.5, 50.0], lines: vec!["a".into(), "b".into()] };
        assert_eq!((request.visible, request.reserve), (Some(visible), 99));
        assert_eq!(request.kind, Kind::Certification(Permission::Annotations));
        assert_eq!(request.reason.as_deref(), Some("because"));
        assert!(read(&said).unwrap().request(Envelope::Revision, SystemTime::UNIX_EPOCH, 99).is_none());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let commitment = ("commitment-type-indication", "MAA=");
        for (said, invalid) in [
            (&[("Reason", "a"), ("Reason", "b")][..], "Reason"),
            (&[("reason", "a")], "reason"),
            (&[("Page", "0"), ("Rect", "0 0 9 9")], "Page"),
            (&[("Page", "1")], "Page"),
            (&[("Text", "x")], "Text"),
            (&[("Rect", "0 0 9")], "Rect"),
            (&[("P", "4")], "P"),
            (&[("mime-type", "DAA=")], "mime-type"),
            (&[("signer-location", "MAA=")], "signer-location"),
            (&[("commitment-type-indication", "!")], "commitment-type-indication"),
            (&[commitment, ("Reason", "a")], "Reason"),
        ] {
            assert_eq!(read(said), Err(vec![invalid.to_owned()]), "{said:?}");
        }
        let said = read(&[commitment]).unwrap();
        assert!(!said.is_of_document() && said.attributes().unwrap().len() == 1);
        assert!(ENTRIES.iter().all(|name| read(&[(name, "x")]).unwrap().is_of_document()));
        assert_eq!(read_properties([("Name", None)]), Err(vec!["Name".to_owned()]));
    }
}
