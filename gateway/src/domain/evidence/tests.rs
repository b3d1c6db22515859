//! CRLs made by rcgen, right and wrong.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CrlScope, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::*;

/// 2026-12-01.
pub(crate) const NOW: u64 = 1_796_083_200;

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) subject: Subject,
}

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::CrlSign, KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    let subject = Subject::read(params.self_signed(&key).unwrap().der()).unwrap();
    Authority { issuer: Issuer::new(params, key), subject }
}

impl Authority {
    pub(crate) fn certify(&self, serial: u64) -> Subject {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "somebody");
        params.serial_number = Some(SerialNumber::from(serial));
        let uris = vec!["ldap://x".to_owned(), "http://ca.example/crl".to_owned()];
        params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
        let key = KeyPair::generate().unwrap();
        Subject::read(params.signed_by(&key, &self.issuer).unwrap().der()).unwrap()
    }

    pub(crate) fn crl(&self, days: (u8, u8), revoked: &[u64]) -> Vec<u8> {
        self.crl_about(None, days, revoked)
    }

    fn crl_about(&self, about: Option<CrlIssuingDistributionPoint>, days: (u8, u8), revoked: &[u64]) -> Vec<u8> {
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
}

#[test]
fn a_crl_of_the_issuer_that_holds_and_does_not_name_the_certificate() {
    let (own, other) = (authority("own"), authority("other"));
    let somebody = own.certify(7);
    assert!(own.subject.is_root() && !somebody.is_root());
    assert!(somebody.is_issued_by(&own.subject) && !somebody.is_issued_by(&other.subject));
    assert!(!somebody.is_issued_by(&authority("own").subject), "the name alone is nothing");
    assert_eq!(somebody.crl_urls(), ["http://ca.example/crl"]);
    let judged = |crl: &[u8]| judge(crl, &somebody, &own.subject, NOW);
    assert_eq!(judged(&own.crl((20, 20), &[8])), Ok(()));
    assert_eq!(judged(&own.crl((20, 20), &[7])), Err(Wrong::Revoked));
    assert_eq!(judged(&other.crl((20, 20), &[])), Err(Wrong::Foreign));
    // Of one with the same name and another key.
    assert_eq!(judged(&authority("own").crl((20, 20), &[])), Err(Wrong::Signature));
    assert_eq!(judge(&own.crl((20, 1), &[]), &somebody, &own.subject, NOW + 86_400), Err(Wrong::Stale));
    assert_eq!(judge(&own.crl((20, 20), &[]), &somebody, &own.subject, NOW - 30 * 86_400), Err(Wrong::Stale));
    for rubbish in [&b""[..], b"rubbish", &own.subject.der] {
        assert_eq!(judged(rubbish), Err(Wrong::Malformed));
    }
}

#[test]
fn a_crl_about_other_certificates_of_the_issuer_shows_nothing() {
    let own = authority("own");
    let somebody = own.certify(7);
    for (url, scope, expected) in [
        ("http://ca.example/crl", None, Ok(())),
        ("http://ca.example/crl", Some(CrlScope::UserCertsOnly), Ok(())),
        ("http://ca.example/crl", Some(CrlScope::CaCertsOnly), Err(Wrong::Foreign)),
        ("http://ca.example/of-others", None, Err(Wrong::Foreign)),
    ] {
        let distribution_point = CrlDistributionPoint { uris: vec![url.to_owned()] };
        let crl = own.crl_about(Some(CrlIssuingDistributionPoint { distribution_point, scope }), (20, 20), &[]);
        assert_eq!(judge(&crl, &somebody, &own.subject, NOW), expected, "{url}");
    }
}

proptest::proptest! {
    #[test]
    fn no_crl_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let own = authority("own");
        let _ = judge(&octets, &own.subject, &own.subject, NOW);
    }
}
