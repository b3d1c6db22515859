//! Authorities of the moment for tests: they certify, revoke, answer OCSP and stamp, right or wrong as they are told.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod token;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest as lc_digest};
use der::asn1::{BitString, ObjectIdentifier};
use der::{Any, AnyRef, Decode as _, Encode as _, Sequence, Tag};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CustomExtension, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, SigningKey as _, date_time_ymd,
};
use rsign_api::algorithm::oid;
use x509_cert::crl::{CertificateList, TbsCertList};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::Subject;
use super::ocsp::{Answered, Name, Standing, successful, to_be_signed};
pub use token::{Making, Manner, POLICY, RIGHT, some_info, stamp, stamping_certificate, token, tst_info};

/// 2026-12-01, Unix seconds.
pub const NOW: u64 = 1_796_083_200;
/// Where the authorities' lists are.
pub const CRL: &str = "http://ca.example/crl";
/// Where they answer OCSP.
pub const OCSP: &str = "http://ca.example/ocsp";
/// The purpose of a certificate for time-stamps.
pub const STAMPS: &str = "1.3.6.1.5.5.7.3.8";
/// The purpose of a certificate for OCSP answers.
pub const ANSWERS: &str = "1.3.6.1.5.5.7.3.9";

/// An authority with a root of its own.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub subject: Subject,
}

/// Somebody with a certificate.
#[derive(Debug)]
pub struct Holder {
    /// The key.
    pub key: KeyPair,
    /// The certificate.
    pub subject: Subject,
}

/// A root of this name.
#[must_use]
pub fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::CrlSign, KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    let subject = Subject::read(params.self_signed(&key).unwrap().der()).unwrap();
    Authority { issuer: Issuer::new(params, key), subject }
}

fn named(serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "somebody");
    params.serial_number = Some(SerialNumber::from(serial));
    params
}

/// An extension: its OID, whether it is critical, its content.
pub type Said<'a> = (&'a [u64], bool, &'a [u8]);

fn said(all: &[Said<'_>]) -> Vec<CustomExtension> {
    let one = |(oid, critical, content): &Said<'_>| {
        let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
        extension.set_criticality(*critical);
        extension
    };
    all.iter().map(one).collect()
}

fn purposes(oids: &[&str], critical: bool) -> CustomExtension {
    let oids = oids.iter().map(|dotted| ObjectIdentifier::new_unwrap(dotted).to_der().unwrap());
    let mut usage = CustomExtension::from_oid_content(&[2, 5, 29, 37], sequence(&oids.collect::<Vec<_>>()));
    usage.set_criticality(critical);
    usage
}

impl Authority {
    /// An authority under this one, which may have so many under itself, and whose certificate names these usages.
    #[must_use]
    pub fn authority(&self, name: &str, below: Option<u8>, usages: &[KeyUsagePurpose]) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(below.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
        params.key_usages = usages.to_vec();
        let key = KeyPair::generate().unwrap();
        let subject = Subject::read(params.signed_by(&key, &self.issuer).unwrap().der()).unwrap();
        // It does what it may not.
        params.key_usages = Vec::new();
        Self { issuer: Issuer::new(params, key), subject }
    }

    /// An authority under this one whose certificate says this besides.
    #[must_use]
    pub fn authority_that_says(&self, name: &str, all: &[Said<'_>]) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let plain = params.clone();
        params.custom_extensions = said(all);
        let subject = Subject::read(params.signed_by(&key, &self.issuer).unwrap().der()).unwrap();
        Self { issuer: Issuer::new(plain, key), subject }
    }

    /// Somebody whose certificate says this besides.
    #[must_use]
    pub fn certify_that_says(&self, serial: u64, all: &[Said<'_>]) -> Holder {
        let mut params = Self::listed(serial);
        params.custom_extensions = said(all);
        self.sign(&params, KeyPair::generate().unwrap())
    }

    /// A certificate that names the authority's list.
    #[must_use]
    pub fn certify(&self, serial: u64) -> Subject {
        self.sign(&Self::listed(serial), KeyPair::generate().unwrap()).subject
    }

    /// A certificate that names the list, and where OCSP is answered.
    #[must_use]
    pub fn certify_with_ocsp(&self, serial: u64) -> Subject {
        let mut params = Self::listed(serial);
        let place =
            AnyRef::new(Tag::ContextSpecific { constructed: false, number: der::TagNumber(6) }, OCSP.as_bytes());
        let method = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1").to_der().unwrap();
        let access = sequence(&[sequence(&[method, place.unwrap().to_der().unwrap()])]);
        params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access));
        self.sign(&params, KeyPair::generate().unwrap()).subject
    }

    /// Somebody for these purposes, who may be exempt from being asked about; valid for these years.
    #[must_use]
    pub fn certify_for(&self, serial: u64, oids: &[&str], exempt: bool, years: (i32, i32)) -> Holder {
        let mut params = Self::listed(serial);
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        params.custom_extensions.push(purposes(oids, true));
        if exempt {
            let none = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], vec![5, 0]);
            params.custom_extensions.push(none);
        }
        self.sign(&params, KeyPair::generate().unwrap())
    }

    fn listed(serial: u64) -> CertificateParams {
        let uris = vec!["ldap://x".to_owned(), CRL.to_owned()];
        let mut params = named(serial);
        params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
        params
    }

    fn sign(&self, params: &CertificateParams, key: KeyPair) -> Holder {
        let subject = Subject::read(params.signed_by(&key, &self.issuer).unwrap().der()).unwrap();
        Holder { key, subject }
    }

    /// A list from a day in November to one in December 2026.
    #[must_use]
    pub fn crl(&self, days: (u8, u8), revoked: &[u64]) -> Vec<u8> {
        self.crl_about(None, days, revoked)
    }

    /// The same, about some certificates only.
    #[must_use]
    pub fn crl_about(&self, about: Option<CrlIssuingDistributionPoint>, days: (u8, u8), revoked: &[u64]) -> Vec<u8> {
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 11, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 11, days.0),
            next_update: date_time_ymd(2026, 12, days.1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: about,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }

    /// A list with something in it changed, signed anew.
    #[must_use]
    pub fn crl_changed(&self, crl: &[u8], change: impl FnOnce(&mut TbsCertList)) -> Vec<u8> {
        let mut list = CertificateList::from_der(crl).unwrap();
        change(&mut list.tbs_cert_list);
        let signed = list.tbs_cert_list.to_der().unwrap();
        list.signature = BitString::from_bytes(&self.issuer.key().sign(&signed).unwrap()).unwrap();
        list.to_der().unwrap()
    }

    /// An OCSP answer about a certificate of its own.
    #[must_use]
    pub fn ocsp(&self, about: &Subject, standing: Standing, at: u64) -> Vec<u8> {
        self.ocsp_by(None, about, standing, at)
    }

    /// The same by somebody else, whose certificate it brings.
    #[must_use]
    pub fn ocsp_by(&self, by: Option<&Holder>, about: &Subject, standing: Standing, at: u64) -> Vec<u8> {
        self.ocsp_words(by, about, &[standing], at)
    }

    /// The same with several words on that certificate.
    #[must_use]
    pub fn ocsp_words(&self, by: Option<&Holder>, about: &Subject, standings: &[Standing], at: u64) -> Vec<u8> {
        let one = |standing: &Standing| Answered { name: Name::of(about, &self.subject), standing: *standing };
        let answered: Vec<_> = standings.iter().map(one).collect();
        let (key, public) = match by {
            Some(holder) => (&holder.key, holder.subject.key()),
            None => (self.issuer.key(), self.subject.key()),
        };
        let signed = to_be_signed(public, &answered, None, at, 3600).unwrap();
        let basic = Basic {
            body: Any::from_der(&signed).unwrap(),
            algorithm: AlgorithmIdentifierOwned { oid: oid::ECDSA_SHA256, parameters: None },
            signature: BitString::from_bytes(&key.sign(&signed).unwrap()).unwrap(),
            certificates: by.map(|holder| vec![Any::from_der(&holder.subject.der).unwrap()]),
        };
        successful(basic.to_der().unwrap()).unwrap()
    }
}

#[derive(Sequence)]
struct Basic {
    body: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certificates: Option<Vec<Any>>,
}

/// SHA-1 of these octets, as OCSP names things.
#[must_use]
pub fn sha1(octets: &[u8]) -> Vec<u8> {
    lc_digest(&SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref().to_vec()
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    AnyRef::new(Tag::Sequence, &parts.concat()).unwrap().to_der().unwrap()
}
