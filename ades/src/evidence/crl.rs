//! Revocation lists (RFC 5280, 5 and 6.3).

use der::Decode as _;
use der::asn1::ObjectIdentifier;
use x509_cert::crl::CertificateList;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;

use super::subject::urls;
use super::{SKEW, Subject, Wrong, to_be_signed};

const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
/// Says that a list is only what changed since another.
const DELTA: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
/// Why, and since when an entry's key is not to be trusted: whatever they say, the certificate is revoked.
const OF_ENTRIES: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("2.5.29.21"), ObjectIdentifier::new_unwrap("2.5.29.24")];
/// An entry about a certificate of somebody else.
const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");

/// Whether this CRL shows that the certificate is good, at this Unix second.
///
/// # Errors
/// See [`Wrong`].
pub fn judge(crl: &[u8], of: &Subject, issuer: &Subject, now: u64) -> Result<(), Wrong> {
    let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(crl).map_err(|_| Wrong::Malformed)?;
    if list.tbs_cert_list.issuer != *issuer.certificate().tbs_certificate().subject() || !covers(&list, of) {
        return Err(Wrong::Foreign);
    }
    if !issuer.may_revoke() {
        return Err(Wrong::Signature);
    }
    let signed = to_be_signed(crl).map_err(|_| Wrong::Malformed)?;
    if !issuer.signed(&list.signature_algorithm, None, &signed, list.signature.raw_bytes()) {
        return Err(Wrong::Signature);
    }
    let since = list.tbs_cert_list.this_update.to_unix_duration().as_secs();
    let until = list.tbs_cert_list.next_update.map(|time| time.to_unix_duration().as_secs());
    // One of before the certificate says nothing of it, and validators do not take it for a word on it.
    if since > now + SKEW || since < of.not_before() || until.is_none_or(|until| until <= now) {
        return Err(Wrong::Stale);
    }
    let entries = || list.tbs_cert_list.revoked_certificates.iter().flatten();
    // RFC 5280, 5.3: with one entry that is not understood the list says nothing of any.
    if entries().any(|entry| entry.crl_entry_extensions.iter().flatten().any(is_odd)) {
        return Err(Wrong::Malformed);
    }
    let serial = of.certificate().tbs_certificate().serial_number();
    if entries().any(|entry| entry.serial_number == *serial) { Err(Wrong::Revoked) } else { Ok(()) }
}

/// Whether an entry with this is not understood.
fn is_odd(extension: &Extension) -> bool {
    extension.extn_id == CERTIFICATE_ISSUER || extension.critical && !OF_ENTRIES.contains(&extension.extn_id)
}

/// Whether it is about this certificate and every reason, not a difference or somebody else's list (RFC 5280, 6.3.3 b).
fn covers(list: &CertificateList, of: &Subject) -> bool {
    let mut extensions = list.tbs_cert_list.crl_extensions.iter().flatten();
    // Whether they are critical or not: a CA may have forgotten to say so.
    extensions.all(|extension| {
        if extension.extn_id == DELTA {
            return false;
        }
        if extension.extn_id != ISSUING_DISTRIBUTION_POINT {
            return !extension.critical;
        }
        let point = IssuingDistributionPoint::from_der(extension.extn_value.as_bytes()).ok();
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
