//! Extensions of certificates and lists (RFC 5280, 4.2 and 5.2), each with the criticality our profiles give it.

use der::asn1::{Ia5String, Null, ObjectIdentifier, OctetString};
use der::oid::AssociatedOid;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies,
    CrlDistributionPoints, CrlNumber, CrlReason, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};

use super::Error;

/// id-ad-caIssuers (RFC 5280, 4.2.2.1).
const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// id-ad-ocsp.
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");

/// id-kp-OCSPSigning (RFC 5280, 4.2.1.12).
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");

/// id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1).
const NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");

/// id-kp-timeStamping (RFC 5280, 4.2.1.12).
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

pub(super) fn authority_key(identifier: &[u8]) -> Result<Extension, Error> {
    let key_identifier = Some(OctetString::new(identifier)?);
    plain(&AuthorityKeyIdentifier { key_identifier, ..Default::default() })
}

pub(super) fn subject_key(identifier: &[u8]) -> Result<Extension, Error> {
    plain(&SubjectKeyIdentifier(OctetString::new(identifier)?))
}

/// contentCommitment and nothing else: usage type A, recommended where a signature expresses a commitment
/// (EN 319 412-2, 4.3.2).
pub(super) fn content_commitment() -> Result<Extension, Error> {
    critical(&KeyUsage(KeyUsages::NonRepudiation.into()))
}

/// A key that signs data, and no commitments.
pub(super) fn digital_signature() -> Result<Extension, Error> {
    critical(&KeyUsage(KeyUsages::DigitalSignature.into()))
}

/// For time-stamps and nothing else: critical, and the one purpose (RFC 3161, 2.3).
pub(super) fn time_stamping() -> Result<Extension, Error> {
    critical(&ExtendedKeyUsage(vec![TIME_STAMPING]))
}

/// For OCSP answers in its issuer's place (RFC 6960, 4.2.2.2).
pub(super) fn ocsp_signing() -> Result<Extension, Error> {
    plain(&ExtendedKeyUsage(vec![OCSP_SIGNING]))
}

/// Nobody need ask whether it is revoked, for as long as it is valid.
pub(super) fn no_check() -> Result<Extension, Error> {
    extension(NO_CHECK, &Null)
}

pub(super) fn certificate_and_crl_signing() -> Result<Extension, Error> {
    critical(&KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))
}

/// A CA below which there are end entities only.
pub(super) fn last_authority() -> Result<Extension, Error> {
    critical(&BasicConstraints { ca: true, path_len_constraint: Some(0) })
}

pub(super) fn policies(policies: &[ObjectIdentifier]) -> Result<Extension, Error> {
    let information = |oid: &ObjectIdentifier| PolicyInformation { policy_identifier: *oid, policy_qualifiers: None };
    plain(&CertificatePolicies(policies.iter().map(information).collect()))
}

/// Where the issuer's certificate is fetched, and where its OCSP is answered; `None` where neither is said.
pub(super) fn access(issuer: Option<&str>, ocsp: Option<&str>) -> Result<Option<Extension>, Error> {
    let mut places = Vec::new();
    for (access_method, url) in [(OCSP, ocsp), (CA_ISSUERS, issuer)] {
        if let Some(url) = url {
            let access_location = GeneralName::UniformResourceIdentifier(location(url)?);
            places.push(AccessDescription { access_method, access_location });
        }
    }
    if places.is_empty() { Ok(None) } else { plain(&AuthorityInfoAccessSyntax(places)).map(Some) }
}

/// Where the revocation list is fetched.
pub(super) fn crl_location(url: &str) -> Result<Extension, Error> {
    let name = DistributionPointName::FullName(vec![GeneralName::UniformResourceIdentifier(location(url)?)]);
    let point = DistributionPoint { distribution_point: Some(name), reasons: None, crl_issuer: None };
    plain(&CrlDistributionPoints(vec![point]))
}

pub(super) fn crl_number(number: u64) -> Result<Extension, Error> {
    plain(&CrlNumber::try_from(number)?)
}

pub(super) fn reason(reason: CrlReason) -> Result<Extension, Error> {
    plain(&reason)
}

/// Whether a certificate can name it as a place to fetch from: an absolute HTTP(S) URL.
#[must_use]
pub fn is_location(url: &str) -> bool {
    location(url).is_ok()
}

/// An absolute HTTP(S) URL as the IA5String it is written as.
pub(super) fn location(url: &str) -> Result<Ia5String, Error> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(Error::Location)?;
    if host.is_empty() || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Location);
    }
    Ok(Ia5String::new(url)?)
}

fn plain<T: AssociatedOid + der::Encode>(value: &T) -> Result<Extension, Error> {
    extension(T::OID, value)
}

fn critical<T: AssociatedOid + der::Encode>(value: &T) -> Result<Extension, Error> {
    Ok(Extension { critical: true, ..extension(T::OID, value)? })
}

/// A non-critical extension.
pub(super) fn extension(extn_id: ObjectIdentifier, value: &impl der::Encode) -> Result<Extension, Error> {
    Ok(Extension { extn_id, critical: false, extn_value: OctetString::new(value.to_der()?)? })
}
