//! Signed attributes that a client may ask for: `signed_props` of CSC 11.11 for CMS (EN 319 122-1, 5.2).

use data_encoding::BASE64;
use der::asn1::ObjectIdentifier;
use rsign_api::objection::{Reason, Unsayable};

use super::Attribute;
use crate::property::offer;

/// Attributes a client may give the value of, by the names of the standard.
pub const NAMES: [(&str, ObjectIdentifier); 8] = [
    ("commitment-type-indication", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.16")),
    ("content-hints", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.4")),
    ("mime-type", ObjectIdentifier::new_unwrap("0.4.0.1733.2.1")),
    ("signer-location", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.17")),
    ("signer-attributes-v2", ObjectIdentifier::new_unwrap("0.4.0.19122.1.1")),
    ("signature-policy-identifier", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.15")),
    ("content-reference", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.10")),
    ("content-identifier", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.7")),
];

/// The attributes of these names (or OIDs) and values, Base64 of DER.
///
/// # Errors
/// Those that are unknown, come twice, lack their value or have another than one DER value.
pub fn read<'a>(
    properties: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<Vec<Attribute>, Vec<Unsayable>> {
    let mut attributes = Vec::<Attribute>::new();
    let take = |name: &str, value: &str| {
        let attribute = attribute(name, value).ok_or(Reason::BadValue)?;
        if attributes.iter().any(|other| other.r#type == attribute.r#type) {
            return Err(Reason::SaidTwice);
        }
        attributes.push(attribute);
        Ok(())
    };
    let invalid = offer(properties, take, |name| r#type(name).is_some());
    if invalid.is_empty() { Ok(attributes) } else { Err(invalid) }
}

fn attribute(name: &str, value: &str) -> Option<Attribute> {
    let value = BASE64.decode(value.as_bytes()).ok()?;
    Attribute::raw(r#type(name)?, value).ok()
}

fn r#type(name: &str) -> Option<ObjectIdentifier> {
    let known = NAMES.iter().find(|(known, oid)| *known == name || oid.to_string() == name);
    known.map(|(_, oid)| *oid)
}
