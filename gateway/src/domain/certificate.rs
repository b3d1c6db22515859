//! What `credentials/info` says of a certificate, read once when the certificate arrives (CSC 6.1).

use data_encoding::HEXUPPER;
use der::{Decode as _, Encode as _, Tag, Tagged as _, asn1::ObjectIdentifier};
use serde::{Deserialize, Serialize};
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;
use x509_cert::time::Time;

/// The parts of a certificate clients ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `issuerDN`, RFC 4514.
    pub issuer: String,
    /// `subjectDN`, RFC 4514.
    pub subject: String,
    /// `serialNumber`, hexadecimal.
    pub serial_number: String,
    /// Unix seconds.
    pub not_before: i64,
    /// Unix seconds.
    pub not_after: i64,
    /// `O` of the subject, empty if none.
    pub organization: String,
    /// `CN` of the subject, empty if none.
    pub common_name: String,
}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// When it is not DER of an X.509 certificate.
    pub fn read(certificate: &[u8]) -> Result<Self, der::Error> {
        let certificate = Certificate::from_der(certificate)?;
        let tbs = certificate.tbs_certificate();
        Ok(Self {
            issuer: distinguished_name(tbs.issuer())?,
            subject: distinguished_name(tbs.subject())?,
            serial_number: HEXUPPER.encode(tbs.serial_number().as_bytes()),
            not_before: unix(tbs.validity().not_before),
            not_after: unix(tbs.validity().not_after),
            organization: attribute(tbs.subject(), ORGANIZATION),
            common_name: attribute(tbs.subject(), COMMON_NAME),
        })
    }
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// Names of attribute types. All are registered LDAP descriptors, so RFC 4514 allows them, and of those the ones that
/// Java's `X500Principal` reads too: it takes `SN` for nothing, and others take it for the serial number.
const NAMES: [(&str, &str); 10] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SURNAME"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.42", "GIVENNAME"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// A name as RFC 4514 writes it: last RDN first.
fn distinguished_name(name: &Name) -> Result<String, der::Error> {
    let mut text = String::new();
    let rdns: Vec<_> = name.iter_rdn().collect();
    for rdn in rdns.into_iter().rev() {
        for (place, attribute) in rdn.iter().enumerate() {
            match place {
                0 if text.is_empty() => {}
                0 => text.push(','),
                _ => text.push('+'),
            }
            write_attribute(&mut text, attribute)?;
        }
    }
    Ok(text)
}

fn write_attribute(out: &mut String, attribute: &AttributeTypeAndValue) -> Result<(), der::Error> {
    let oid = attribute.oid.to_string();
    let name = NAMES.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name);
    match (name, text(attribute)) {
        (Some(name), Some(value)) => {
            out.push_str(name);
            out.push('=');
            escape(out, &value);
        }
        _ => {
            out.push_str(&oid);
            out.push_str("=#");
            out.push_str(&data_encoding::HEXLOWER.encode(&attribute.value.to_der()?));
        }
    }
    Ok(())
}

fn text(attribute: &AttributeTypeAndValue) -> Option<String> {
    match attribute.value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => {
            std::str::from_utf8(attribute.value.value()).ok().map(str::to_owned)
        }
        _ => None,
    }
}

/// RFC 4514, 2.4.
fn escape(out: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (place, c) in value.chars().enumerate() {
        match c {
            ' ' if place == 0 || place == last => out.push_str("\\ "),
            '#' if place == 0 => out.push_str("\\#"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\{:02x}", u32::from(c))),
            _ => out.push(c),
        }
    }
}

fn attribute(name: &Name, oid: ObjectIdentifier) -> String {
    name.iter().find(|attribute| attribute.oid == oid).and_then(text).unwrap_or_default()
}

fn unix(time: Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

/// `YYYYMMDDHHMMSSZ`, as `validFrom` and `validTo` are written.
#[must_use]
pub fn generalized_time(unix: i64) -> String {
    let time = time::OffsetDateTime::from_unix_timestamp(unix).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (time.date(), time.time());
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_as_rfc_4514_says() {
        let mut out = String::new();
        escape(&mut out, " #a,b+c\\d\x01 ");
        assert_eq!(out, "\\ #a\\,b\\+c\\\\d\\01\\ ");
    }

    #[test]
    fn times_are_generalized_times() {
        assert_eq!(generalized_time(1_700_000_000), "20231114221320Z");
    }

    #[test]
    fn rubbish_is_no_certificate() {
        assert!(Facts::read(b"rubbish").is_err());
    }
}
