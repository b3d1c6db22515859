//! A certificate as far as its standing is looked into.

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use rsign_api::algorithm::HashAlgorithm;
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{algorithm, policy, to_be_signed};

/// id-kp-timeStamping.
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// id-kp-OCSPSigning.
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
/// id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1).
const NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
/// id-ad-ocsp.
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// Critical extensions that are understood, or that forbid nothing that is done here: basicConstraints, keyUsage,
/// extKeyUsage; certificatePolicies, policyConstraints and inhibitAnyPolicy, by [`super::policy`]; other names of subject and issuer, places of CRLs,
/// id-pkix-ocsp-nocheck, and what qualified certificates state (RFC 3739).
const UNDERSTOOD: [ObjectIdentifier; 11] = [
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
    ObjectIdentifier::new_unwrap("2.5.29.32"),
    ObjectIdentifier::new_unwrap("2.5.29.36"),
    ObjectIdentifier::new_unwrap("2.5.29.54"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.18"),
    ObjectIdentifier::new_unwrap("2.5.29.31"),
    NO_CHECK,
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3"),
];
/// Says for which names a CA may vouch; that is not evaluated here, so such a CA vouches for nobody.
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
/// anyExtendedKeyUsage.
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// A certificate, read.
#[derive(Debug, Clone)]
pub struct Subject {
    /// DER.
    pub der: Vec<u8>,
    certificate: Certificate,
}

impl Subject {
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
            && signed
                .is_ok_and(|signed| issuer.signed(self.certificate.signature_algorithm(), None, &signed, signature))
    }

    /// Whether its key made this signature. `function` is the hash function where the algorithm names none.
    pub(super) fn signed(
        &self,
        algorithm: &AlgorithmIdentifierOwned,
        function: Option<HashAlgorithm>,
        signed: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = self.certificate.tbs_certificate().subject_public_key_info();
        algorithm::verify(key, algorithm, function, signed, signature)
    }

    /// Whether it may sign certificates.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        let found = self.certificate.tbs_certificate().get_extension::<BasicConstraints>();
        found.ok().flatten().is_some_and(|(_, constraints)| constraints.ca)
    }

    /// Whether it may sign certificates, of any name, and demands nothing that is not understood here.
    pub(super) fn may_issue(&self) -> bool {
        let usage = self.certificate.tbs_certificate().get_extension::<KeyUsage>();
        let mut extensions = self.certificate.tbs_certificate().extensions().into_iter().flatten();
        self.is_authority()
            && usage.is_ok_and(|usage| usage.is_none_or(|(_, usage)| usage.key_cert_sign()))
            && extensions.all(|extension| extension.extn_id != NAME_CONSTRAINTS)
            && self.is_understood()
    }

    /// Whether it demands nothing that is not understood here.
    pub(super) fn is_understood(&self) -> bool {
        let mut extensions = self.certificate.tbs_certificate().extensions().into_iter().flatten();
        extensions.all(|extension| !extension.critical || UNDERSTOOD.contains(&extension.extn_id))
            && policy::is_understood(self)
    }

    /// Whether those below it may have this one's purpose: an authority whose certificate names purposes vouches for no
    /// others. Responders are answered for by who issued them (RFC 6960, 4.2.2.2), and need no such word.
    pub(super) fn lets(&self, leaf: &Self) -> bool {
        let purposes = |of: &Self| of.certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>();
        let (Ok(own), Ok(wanted)) = (purposes(self), purposes(leaf)) else { return false };
        let (Some((_, own)), Some((_, wanted))) = (own, wanted) else { return true };
        let among = |purpose: &ObjectIdentifier| *purpose == ANY_PURPOSE || own.0.contains(purpose);
        own.0.contains(&ANY_PURPOSE) || wanted.0.contains(&OCSP_SIGNING) || wanted.0.iter().any(among)
    }

    /// Whether it lets so many authorities stand between itself and the end of a path (RFC 5280, 4.2.1.9).
    pub(super) fn allows_below(&self, between: usize) -> bool {
        let found = self.certificate.tbs_certificate().get_extension::<BasicConstraints>().ok().flatten();
        let most = found.and_then(|(_, constraints)| constraints.path_len_constraint);
        most.is_none_or(|most| between <= usize::from(most))
    }

    /// Whether it may sign CRLs: one that says nothing of its key's usage may (RFC 5280, 6.3.3 f).
    pub(super) fn may_revoke(&self) -> bool {
        let usage = self.certificate.tbs_certificate().get_extension::<KeyUsage>();
        usage.is_ok_and(|usage| usage.is_none_or(|(_, usage)| usage.crl_sign()))
    }

    /// Whether this Unix second lies within its validity.
    #[must_use]
    pub fn is_valid_at(&self, second: u64) -> bool {
        (self.not_before()..=self.not_after()).contains(&second)
    }

    /// Its first second, Unix time.
    #[must_use]
    pub fn not_before(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_before.to_unix_duration().as_secs()
    }

    /// Its last second, Unix time.
    #[must_use]
    pub fn not_after(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs()
    }

    /// RFC 3161, 2.3: the extension is critical and names nothing else; and its key may sign data.
    pub(super) fn stamps_alone(&self) -> bool {
        let found = self.certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>();
        matches!(found, Ok(Some((true, usage))) if usage.0 == [TIME_STAMPING]) && self.signs() && self.is_understood()
    }

    /// Whether its issuer lets it answer OCSP in its place, with a key that may sign data.
    pub(super) fn answers(&self) -> bool {
        let found = self.certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>();
        matches!(found, Ok(Some((_, usage))) if usage.0.contains(&OCSP_SIGNING)) && self.signs() && self.is_understood()
    }

    /// Whether its key may sign data.
    #[must_use]
    pub fn signs(&self) -> bool {
        let usage = self.certificate.tbs_certificate().get_extension::<KeyUsage>();
        let signs = |usage: KeyUsage| usage.digital_signature() || usage.non_repudiation();
        usage.is_ok_and(|usage| usage.is_none_or(|(_, usage)| signs(usage)))
    }

    /// Whether nobody need ask if it is revoked: a responder, for as long as it is valid.
    #[must_use]
    pub fn is_exempt(&self) -> bool {
        let mut extensions = self.certificate.tbs_certificate().extensions().into_iter().flatten();
        self.answers() && extensions.any(|extension| extension.extn_id == NO_CHECK)
    }

    /// What it says of itself.
    pub(super) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its serial number, as its INTEGER has it.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.certificate.tbs_certificate().serial_number().as_bytes()
    }

    /// Its name, DER.
    pub(super) fn name(&self) -> Vec<u8> {
        self.certificate.tbs_certificate().subject().to_der().unwrap_or_default()
    }

    /// Its `SubjectPublicKeyInfo`, DER.
    ///
    /// # Errors
    /// When it cannot be encoded, which what was read can.
    pub fn public_key(&self) -> Result<Vec<u8>, der::Error> {
        self.certificate.tbs_certificate().subject_public_key_info().to_der()
    }

    /// The octets of its public key: the BIT STRING without its head.
    pub(super) fn key(&self) -> &[u8] {
        self.certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes()
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
        names.flat_map(urls).filter(|url| over_http(url)).collect()
    }

    /// Where OCSP is asked about it over HTTP.
    #[must_use]
    pub fn ocsp_urls(&self) -> Vec<String> {
        let found = self.certificate.tbs_certificate().get_extension::<AuthorityInfoAccessSyntax>();
        let places = found.ok().flatten().map(|(_, places)| places.0).unwrap_or_default();
        let names = places.into_iter().filter(|place| place.access_method == OCSP).map(|place| place.access_location);
        urls(names.collect()).filter(|url| over_http(url)).collect()
    }
}

pub(super) fn urls(names: Vec<GeneralName>) -> impl Iterator<Item = String> {
    names.into_iter().filter_map(|name| match name {
        GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
        _ => None,
    })
}

fn over_http(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}
