//! Distinguished names of persons and of the built-in CA.

use der::asn1::{Any, ObjectIdentifier, PrintableString, Utf8StringRef};
use der::{Decode as _, Encode as _};
use rsign_api::signer::Subject;
use serde::{Deserialize, Serialize};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

use super::Error;

/// Name of a CA or of another service (EN 319 412-2, 4.2.3.1), in the order it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityName {
    /// `C`, ISO 3166-1 alpha-2.
    pub country: String,
    /// `O`, the legal name of who runs the CA.
    pub organization: String,
    /// `CN`.
    pub common_name: String,
}

/// `CN` of who answers OCSP.
const RESPONDER: &str = "OCSP responder";

/// The DER-able name of a person, in the order of [`Subject`]'s fields.
pub fn subject(subject: &Subject) -> Result<Name, Error> {
    let mut attributes = vec![COUNTRY.with(&subject.country)?];
    if let Some(organization) = &subject.organization {
        attributes.push(ORGANIZATION.with(organization)?);
    }
    attributes.push(GIVEN_NAME.with(&subject.given_name)?);
    attributes.push(SURNAME.with(&subject.surname)?);
    attributes.push(SERIAL_NUMBER.with(&subject.serial_number)?);
    attributes.push(COMMON_NAME.with(&subject.common_name)?);
    name(attributes)
}

/// The DER-able name of a CA.
pub fn authority(authority: &AuthorityName) -> Result<Name, Error> {
    name(vec![
        COUNTRY.with(&authority.country)?,
        ORGANIZATION.with(&authority.organization)?,
        COMMON_NAME.with(&authority.common_name)?,
    ])
}

/// The name of a CA's OCSP responder: its own, with another common name. Never the same, which would be a root's.
pub(super) fn responder(authority: &Name) -> Result<Name, Error> {
    let attributes = authority.iter().filter(|attribute| attribute.oid != COMMON_NAME.oid).cloned();
    name(attributes.chain([COMMON_NAME.with(RESPONDER)?]).collect())
}

/// How an attribute's value is written.
#[derive(Clone, Copy)]
enum Form {
    /// Two capital letters as PrintableString.
    Country,
    /// PrintableString.
    Printable,
    /// UTF8String, the one form of DirectoryString new names use (RFC 5280, 4.1.2.4).
    Utf8,
}

/// An attribute, its upper bound in characters and its form (RFC 5280, appendix A.1, from X.520).
struct Rule {
    attribute: &'static str,
    oid: ObjectIdentifier,
    bound: usize,
    form: Form,
}

const COUNTRY: Rule = Rule::new("country", "2.5.4.6", 2, Form::Country);
const ORGANIZATION: Rule = Rule::new("organization", "2.5.4.10", 64, Form::Utf8);
const GIVEN_NAME: Rule = Rule::new("given_name", "2.5.4.42", 32_768, Form::Utf8);
const SURNAME: Rule = Rule::new("surname", "2.5.4.4", 32_768, Form::Utf8);
const SERIAL_NUMBER: Rule = Rule::new("serial_number", "2.5.4.5", 64, Form::Printable);
const COMMON_NAME: Rule = Rule::new("common_name", "2.5.4.3", 64, Form::Utf8);

impl Rule {
    const fn new(attribute: &'static str, oid: &str, bound: usize, form: Form) -> Self {
        Self { attribute, oid: ObjectIdentifier::new_unwrap(oid), bound, form }
    }

    fn with(&self, value: &str) -> Result<AttributeTypeAndValue, Error> {
        self.check(value)?;
        let value = match self.form {
            Form::Utf8 => Any::encode_from(&Utf8StringRef::new(value)?)?,
            Form::Country | Form::Printable => {
                let printable = PrintableString::new(value);
                Any::encode_from(&printable.map_err(|_| self.fault("has a character outside PrintableString"))?)?
            }
        };
        Ok(AttributeTypeAndValue { oid: self.oid, value })
    }

    fn check(&self, value: &str) -> Result<(), Error> {
        if value.trim().is_empty() {
            return Err(self.fault("is empty"));
        }
        if value.chars().count() > self.bound {
            return Err(self.fault("is too long"));
        }
        if value.chars().any(deceives) {
            return Err(self.fault("has a control character"));
        }
        let two_capitals = value.len() == 2 && value.bytes().all(|letter| letter.is_ascii_uppercase());
        if matches!(self.form, Form::Country) && !two_capitals {
            return Err(self.fault("is not two capital letters"));
        }
        Ok(())
    }

    const fn fault(&self, fault: &'static str) -> Error {
        Error::Name { attribute: self.attribute, fault }
    }
}

/// Control characters, and the line and direction marks that make a name look like another one on a page.
fn deceives(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// x509-cert makes a `Name` of attributes only from text or DER; DER needs no escaping.
fn name(attributes: Vec<AttributeTypeAndValue>) -> Result<Name, Error> {
    let mut sequence = RdnSequence::default();
    for attribute in attributes {
        sequence.push(RelativeDistinguishedName::try_from(vec![attribute])?);
    }
    Ok(Name::from_der(&sequence.to_der()?)?)
}
