//! Certificates the built-in CA issues (RFC 5280; EN 319 412-2 for persons), and its own.

use der::Sequence;
use der::asn1::ObjectIdentifier;
use rsign_api::signer::Subject;
use x509_cert::certificate::Version;
use x509_cert::ext::Extensions;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity as X509Validity;
use x509_cert::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::name::AuthorityName;
use super::{
    Authority, Error, QcStatements, ToBeSigned, Validity, Verifier, extension, name, own_scheme, signed, spki,
};

/// What all certificates of persons have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Certificate policies, the most specific first; none leaves the extension out.
    pub policies: Vec<ObjectIdentifier>,
    /// Statements about qualified certificates.
    pub qc: QcStatements,
    /// Where the CA's certificate is fetched.
    pub issuer_url: Option<String>,
    /// Where the CA's revocation list is fetched.
    pub crl_url: Option<String>,
    /// Where the CA answers OCSP.
    pub ocsp_url: Option<String>,
}

impl Profile {
    /// Where validators find the rest.
    fn locations(&self) -> Result<Extensions, Error> {
        let crl = self.crl_url.as_deref().map(extension::crl_location);
        let access = extension::access(self.issuer_url.as_deref(), self.ocsp_url.as_deref()).transpose();
        crl.into_iter().chain(access).collect()
    }
}

/// A person's certificate to be.
#[derive(Debug, Clone, Copy)]
pub struct EndEntity<'a> {
    /// Who it is for.
    pub subject: &'a Subject,
    /// `SubjectPublicKeyInfo` of their key, DER.
    pub spki: &'a [u8],
    /// Serial number, big-endian, 1 to 20 octets of which at least 64 bits are random; the first bit is clear
    /// where there are 20.
    pub serial: &'a [u8],
    /// From when until when; within the CA's own.
    pub validity: Validity,
}

/// The certificate to be of a service of the same operator.
#[derive(Debug, Clone, Copy)]
pub struct ServiceEntity<'a> {
    /// `SubjectPublicKeyInfo` of its key, DER.
    pub spki: &'a [u8],
    /// As of an [`EndEntity`].
    pub serial: &'a [u8],
    /// From when until when; within the CA's own.
    pub validity: Validity,
}

impl Authority {
    /// The certificate of a time-stamping authority (RFC 3161, 2.3).
    pub fn issue_time_stamping(
        &self,
        name: &AuthorityName,
        entity: &ServiceEntity<'_>,
        profile: &Profile,
    ) -> Result<ToBeSigned, Error> {
        let purpose = [vec![extension::time_stamping()?], profile.locations()?].concat();
        self.issue_service(entity, name::authority(name)?, purpose)
    }

    /// The certificate of who answers OCSP in this CA's place (RFC 6960, 4.2.2.2). It names no place to ask whether it is
    /// revoked: it says that nobody need.
    pub fn issue_responder(&self, entity: &ServiceEntity<'_>) -> Result<ToBeSigned, Error> {
        let purpose = vec![extension::ocsp_signing()?, extension::no_check()?];
        self.issue_service(entity, name::responder(&self.name)?, purpose)
    }

    /// Of a key that signs data for one purpose.
    fn issue_service(
        &self,
        entity: &ServiceEntity<'_>,
        subject: Name,
        purpose: Extensions,
    ) -> Result<ToBeSigned, Error> {
        if !self.validity.contains(entity.validity) {
            return Err(Error::Time);
        }
        let (_, subject_public_key_info) = spki::parse(entity.spki)?;
        let common = vec![
            extension::authority_key(&self.key_identifier)?,
            extension::subject_key(&spki::identifier(&subject_public_key_info)?)?,
            extension::digital_signature()?,
        ];
        let tbs = Tbs {
            version: Version::V3,
            serial_number: serial(entity.serial)?,
            signature: signed::algorithm(self.verifier.scheme())?,
            issuer: self.name.clone(),
            validity: entity.validity.encode()?,
            subject,
            subject_public_key_info,
            extensions: [common, purpose].concat(),
        };
        ToBeSigned::new(&tbs, &self.verifier)
    }

    /// The certificate of a person's signing key. Without basicConstraints, so not a CA's (RFC 5280, 4.2.1.9).
    pub fn issue(&self, entity: &EndEntity<'_>, profile: &Profile) -> Result<ToBeSigned, Error> {
        if !self.validity.contains(entity.validity) {
            return Err(Error::Time);
        }
        let (_, subject_public_key_info) = spki::parse(entity.spki)?;
        let tbs = Tbs {
            version: Version::V3,
            serial_number: serial(entity.serial)?,
            signature: signed::algorithm(self.verifier.scheme())?,
            issuer: self.name.clone(),
            validity: entity.validity.encode()?,
            subject: name::subject(entity.subject)?,
            extensions: self.extensions(&subject_public_key_info, profile)?,
            subject_public_key_info,
        };
        ToBeSigned::new(&tbs, &self.verifier)
    }

    fn extensions(&self, spki: &SubjectPublicKeyInfo, profile: &Profile) -> Result<Extensions, Error> {
        let mut extensions = vec![
            extension::authority_key(&self.key_identifier)?,
            extension::subject_key(&spki::identifier(spki)?)?,
            extension::content_commitment()?,
        ];
        if !profile.policies.is_empty() {
            extensions.push(extension::policies(&profile.policies)?);
        }
        extensions.extend(profile.locations()?);
        extensions.extend(profile.qc.extension()?);
        Ok(extensions)
    }
}

/// The CA's own certificate, to be signed with its own key. Once signed, [`Authority::from_certificate`] reads it.
pub fn self_signed(
    authority: &AuthorityName,
    spki: &[u8],
    serial_number: &[u8],
    validity: Validity,
) -> Result<ToBeSigned, Error> {
    let (key, subject_public_key_info) = spki::parse(spki)?;
    let name = name::authority(authority)?;
    let scheme = own_scheme(key);
    let tbs = Tbs {
        version: Version::V3,
        serial_number: serial(serial_number)?,
        signature: signed::algorithm(scheme)?,
        issuer: name.clone(),
        validity: validity.encode()?,
        subject: name,
        extensions: vec![
            extension::subject_key(&spki::identifier(&subject_public_key_info)?)?,
            extension::certificate_and_crl_signing()?,
            extension::last_authority()?,
        ],
        subject_public_key_info,
    };
    ToBeSigned::new(&tbs, &Verifier::new(spki, scheme)?)
}

/// Positive and at most 20 octets (RFC 5280, 4.1.2.2).
pub(super) fn serial(octets: &[u8]) -> Result<SerialNumber, Error> {
    if octets.iter().all(|octet| *octet == 0) {
        return Err(Error::Serial);
    }
    SerialNumber::new(octets).map_err(|_| Error::Serial)
}

/// `TBSCertificate` (RFC 5280, 4.1) as far as it is used here: always version 3, always with extensions.
#[derive(Sequence)]
struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifier,
    issuer: Name,
    validity: X509Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfo,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Extensions,
}
