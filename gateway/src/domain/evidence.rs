//! What shows that a certificate was good: CRLs (RFC 5280), judged before they go into a signature. Everything is read
//! here and nothing written anew; what is kept are the octets that came.

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode as _, Encode as _};
use rsign_api::algorithm::oid;
use x509_cert::Certificate;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::crl::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{BasicConstraints, CrlDistributionPoints};

const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// Why a CRL shows nothing of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is no CRL, or one of a kind that is not read here.
    #[error("the CRL cannot be read")]
    Malformed,
    /// Somebody else's.
    #[error("the CRL is not its issuer's")]
    Foreign,
    /// Not signed by its issuer.
    #[error("the CRL's signature is not good")]
    Signature,
    /// Not valid yet, or no more.
    #[error("the CRL is out of date")]
    Stale,
    /// It shows that the certificate is revoked.
    #[error("the certificate is revoked")]
    Revoked,
}

/// A certificate as far as its standing is looked into.
#[derive(Debug, Clone)]
pub struct Subject {
    /// DER.
    pub der: Vec<u8>,
    certificate: Certificate,
}

impl Subject {
    /// Whether it may sign certificates.
    fn is_authority(&self) -> bool {
        let found = self.certificate.tbs_certificate().get_extension::<BasicConstraints>();
        found.ok().flatten().is_some_and(|(_, constraints)| constraints.ca)
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is no certificate.
    pub fn read(der: &[u8]) -> Result<Self, der::Error> {
        Ok(Self { der: der.to_vec(), certificate: Certificate::from_der(der)? })
    }

    /// Whether it vouches for itself: nobody can revoke it.
    #[must_use]
    pub fn is_root(&self) -> bool {
        let tbs = self.certificate.tbs_certificate();
        tbs.issuer() == tbs.subject()
    }

    /// Whether this one has the name of its issuer, and signed it.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let named = self.certificate.tbs_certificate().issuer() == issuer.certificate.tbs_certificate().subject();
        let signature = self.certificate.signature().raw_bytes();
        let signed = to_be_signed(&self.der);
        named
            && signed.is_ok_and(|signed| issuer.signed(self.certificate.signature_algorithm().oid, &signed, signature))
    }

    /// Whether its key made this signature.
    pub(super) fn signed(&self, algorithm: ObjectIdentifier, signed: &[u8], signature: &[u8]) -> bool {
        let key = self.certificate.tbs_certificate().subject_public_key_info();
        let known = self::algorithm(algorithm, key.algorithm.parameters.as_ref());
        known.is_some_and(|known| {
            UnparsedPublicKey::new(known, key.subject_public_key.raw_bytes()).verify(signed, signature).is_ok()
        })
    }

    /// What it says of itself.
    pub(super) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Where its CRL is to be had over HTTP.
    #[must_use]
    pub fn crl_urls(&self) -> Vec<String> {
        let found = self.certificate.tbs_certificate().get_extension::<CrlDistributionPoints>();
        let points = found.ok().flatten().map(|(_, points)| points.0).unwrap_or_default();
        let names = points.into_iter().filter_map(|point| match point.distribution_point {
            Some(DistributionPointName::FullName(names)) => Some(names),
            _ => None,
        });
        names.flat_map(urls).filter(|url| url.starts_with("http://") || url.starts_with("https://")).collect()
    }
}

/// Whether this CRL shows that the certificate is good, at this Unix second.
///
/// # Errors
/// See [`Wrong`].
pub fn judge(crl: &[u8], of: &Subject, issuer: &Subject, now: u64) -> Result<(), Wrong> {
    let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(crl).map_err(|_| Wrong::Malformed)?;
    if list.tbs_cert_list.issuer != *issuer.certificate.tbs_certificate().subject() || !covers(&list, of) {
        return Err(Wrong::Foreign);
    }
    let signed = to_be_signed(crl).map_err(|_| Wrong::Malformed)?;
    if !issuer.signed(list.signature_algorithm.oid, &signed, list.signature.raw_bytes()) {
        return Err(Wrong::Signature);
    }
    let since = list.tbs_cert_list.this_update.to_unix_duration().as_secs();
    let until = list.tbs_cert_list.next_update.map(|time| time.to_unix_duration().as_secs());
    // Clocks differ a little.
    if since > now + 300 || until.is_none_or(|until| until <= now) {
        return Err(Wrong::Stale);
    }
    let serial = of.certificate.tbs_certificate().serial_number();
    let mut revoked = list.tbs_cert_list.revoked_certificates.iter().flatten();
    if revoked.any(|entry| entry.serial_number == *serial) { Err(Wrong::Revoked) } else { Ok(()) }
}

/// Whether it is about this certificate and every reason, not a difference or somebody else's list (RFC 5280, 6.3.3 b).
fn covers(list: &CertificateList, of: &Subject) -> bool {
    let extensions = list.tbs_cert_list.crl_extensions.iter().flatten();
    extensions.filter(|extension| extension.critical).all(|extension| {
        let point = (extension.extn_id == ISSUING_DISTRIBUTION_POINT)
            .then(|| IssuingDistributionPoint::from_der(extension.extn_value.as_bytes()).ok())
            .flatten();
        point.is_some_and(|point| {
            let kind = if of.is_authority() { !point.only_contains_user_certs } else { !point.only_contains_ca_certs };
            let whole =
                !point.indirect_crl && point.only_some_reasons.is_none() && !point.only_contains_attribute_certs;
            let place = match point.distribution_point {
                None => true,
                Some(DistributionPointName::FullName(names)) => {
                    let own = of.crl_urls();
                    urls(names).any(|url| own.contains(&url))
                }
                Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => false,
            };
            kind && whole && place
        })
    })
}

fn urls(names: Vec<GeneralName>) -> impl Iterator<Item = String> {
    names.into_iter().filter_map(|name| match name {
        GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
        _ => None,
    })
}

/// The octets that are signed of a certificate or CRL, as they came.
fn to_be_signed(whole: &[u8]) -> der::Result<Vec<u8>> {
    let (first, _) = AnyRef::from_der_partial(AnyRef::from_der(whole)?.value())?;
    first.to_der()
}

fn algorithm(signature: ObjectIdentifier, curve: Option<&der::Any>) -> Option<&'static dyn VerificationAlgorithm> {
    // RSA keys have NULL there.
    let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    Some(match (signature, curve) {
        (oid::RSA_SHA256, None) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (oid::RSA_SHA384, None) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (oid::RSA_SHA512, None) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (oid::ECDSA_SHA256, Some(oid::P256)) => &lc::ECDSA_P256_SHA256_ASN1,
        (oid::ECDSA_SHA384, Some(oid::P256)) => &lc::ECDSA_P256_SHA384_ASN1,
        (oid::ECDSA_SHA256, Some(oid::P384)) => &lc::ECDSA_P384_SHA256_ASN1,
        (oid::ECDSA_SHA384, Some(oid::P384)) => &lc::ECDSA_P384_SHA384_ASN1,
        (oid::ECDSA_SHA512, Some(oid::P521)) => &lc::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests;
