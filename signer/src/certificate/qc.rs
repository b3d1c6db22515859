//! Statements about qualified certificates (EN 319 412-5, in the extension of RFC 3739, 3.2.6).

use der::Sequence;
use der::asn1::{Any, Ia5String, ObjectIdentifier, PrintableString};
use x509_cert::ext::Extension;

use super::{Error, extension};

/// What certificates say of themselves. A CA states only what is true of it: the default claims neither that
/// the certificate is qualified nor that the key is in a certified device, only what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QcStatements {
    /// QcCompliance: a qualified certificate under Regulation (EU) No 910/2014 (EN 319 412-5, 4.2.1).
    pub compliance: bool,
    /// QcSSCD: the key resides in a qualified signature creation device (4.2.2).
    pub device: bool,
    /// QcType esign: the certificate is for electronic signatures (4.2.3).
    pub esign: bool,
    /// QcPDS: where the PKI disclosure statements are (4.3.4).
    pub disclosure: Vec<PdsLocation>,
}

/// Where a PKI disclosure statement is, and in which language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdsLocation {
    /// Absolute HTTP(S) URL.
    pub url: String,
    /// ISO 639-1, two small letters.
    pub language: String,
}

impl Default for QcStatements {
    fn default() -> Self {
        Self { compliance: false, device: false, esign: true, disclosure: Vec::new() }
    }
}

impl QcStatements {
    /// The extension, none where nothing is stated: an empty one is not allowed.
    pub(super) fn extension(&self) -> Result<Option<Extension>, Error> {
        let statements = self.statements()?;
        if statements.is_empty() {
            return Ok(None);
        }
        extension::extension(oid::QC_STATEMENTS, &statements).map(Some)
    }

    fn statements(&self) -> Result<Vec<QcStatement>, Error> {
        let mut statements = Vec::new();
        if self.compliance {
            statements.push(QcStatement { id: oid::COMPLIANCE, info: None });
        }
        if self.device {
            statements.push(QcStatement { id: oid::DEVICE, info: None });
        }
        if self.esign {
            statements.push(QcStatement { id: oid::TYPE, info: Some(Any::encode_from(&vec![oid::TYPE_ESIGN])?) });
        }
        if !self.disclosure.is_empty() {
            statements.push(QcStatement { id: oid::DISCLOSURE, info: Some(self.locations()?) });
        }
        Ok(statements)
    }

    /// At least one statement is in English (EN 319 412-5, 4.3.4).
    fn locations(&self) -> Result<Any, Error> {
        if !self.disclosure.iter().any(|location| location.language == "en") {
            return Err(Error::Disclosure);
        }
        let locations = self.disclosure.iter().map(PdsLocation::encode).collect::<Result<Vec<_>, _>>()?;
        Ok(Any::encode_from(&locations)?)
    }
}

impl PdsLocation {
    fn encode(&self) -> Result<Location, Error> {
        let two_letters = self.language.len() == 2 && self.language.bytes().all(|letter| letter.is_ascii_lowercase());
        if !two_letters {
            return Err(Error::Disclosure);
        }
        Ok(Location { url: extension::location(&self.url)?, language: PrintableString::new(&self.language)? })
    }
}

/// `QCStatement` (RFC 3739, 3.2.6).
#[derive(Sequence)]
struct QcStatement {
    id: ObjectIdentifier,
    info: Option<Any>,
}

/// `PdsLocation` (EN 319 412-5, 4.3.4).
#[derive(Sequence)]
struct Location {
    url: Ia5String,
    language: PrintableString,
}

mod oid {
    use der::asn1::ObjectIdentifier;

    const fn oid(dotted: &str) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(dotted)
    }

    /// id-pe-qcStatements.
    pub(super) const QC_STATEMENTS: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.3");
    /// id-etsi-qcs-QcCompliance.
    pub(super) const COMPLIANCE: ObjectIdentifier = oid("0.4.0.1862.1.1");
    /// id-etsi-qcs-QcSSCD.
    pub(super) const DEVICE: ObjectIdentifier = oid("0.4.0.1862.1.4");
    /// id-etsi-qcs-QcPDS.
    pub(super) const DISCLOSURE: ObjectIdentifier = oid("0.4.0.1862.1.5");
    /// id-etsi-qcs-QcType.
    pub(super) const TYPE: ObjectIdentifier = oid("0.4.0.1862.1.6");
    /// id-etsi-qct-esign.
    pub(super) const TYPE_ESIGN: ObjectIdentifier = oid("0.4.0.1862.1.6.1");
}
