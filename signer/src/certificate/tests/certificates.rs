//! Requests, certificates and lists as openssl sees them.

use der::asn1::ObjectIdentifier;
use rsign_api::algorithm::KeyType;
use sha2::{Digest as _, Sha256};

use super::openssl::Openssl;
use super::{Authority, DAY, Key, NOW, authority, subject};
use crate::certificate::{
    Certificate, CrlReason, EndEntity, Error, PdsLocation, Profile, QcStatements, Responder, RevocationList, Revoked,
    ServiceEntity, Validity, request, time,
};

const SERIAL: [u8; 16] = [0x8f; 16];
const YEAR: Validity = Validity { not_before: NOW, not_after: NOW + 365 * DAY };

fn profile() -> Profile {
    Profile {
        policies: vec![ObjectIdentifier::new_unwrap("0.4.0.2042.1.2")],
        qc: QcStatements::default(),
        issuer_url: Some("http://ca.example/ca.der".to_owned()),
        ocsp_url: None,
        crl_url: Some("http://ca.example/ca.crl".to_owned()),
    }
}

fn issue(authority: &Authority, signer: &Key, spki: &[u8], profile: &Profile) -> Vec<u8> {
    let entity = EndEntity { subject: &subject(), spki, serial: &SERIAL, validity: YEAR };
    signer.finish(&authority.issue(&entity, profile).unwrap())
}

fn list(authority: &Authority, signer: &Key, revoked: &[Revoked]) -> Vec<u8> {
    let list = RevocationList { number: 7, this_update: NOW, next_update: NOW + DAY, revoked };
    signer.finish(&authority.revocation_list(&list).unwrap())
}

fn verify_line() -> String {
    format!("verify -x509_strict -attime {} -CAfile ca.pem -crl_check -CRLfile list.pem person.pem", NOW + 60)
}

#[test]
fn a_request_proves_possession() {
    let Some(openssl) = Openssl::find() else { return };
    for key in KeyType::ALL {
        let pair = Key::generate(key);
        let body = request(&subject(), &pair.spki()).unwrap();
        openssl.file("request.der", &pair.finish(&body));
        let said = openssl.must("req -in request.der -inform DER -verify -noout -text -nameopt RFC2253,utf8,-esc_msb");
        assert!(said.contains("verify OK"), "{key:?}: {said}");
        assert!(said.contains("GN=Zoë,O=Näidis OÜ,C=EE"), "{said}");

        let mut signature = pair.sign(&body);
        *signature.last_mut().unwrap() ^= 1;
        assert!(matches!(body.assemble(&signature), Err(Error::Signature)));
    }
}

#[test]
fn certificates_of_every_kind_of_authority_verify() {
    let Some(openssl) = Openssl::find() else { return };
    let person = Key::generate(KeyType::P256).spki();
    for key in [KeyType::Rsa3072, KeyType::P256, KeyType::P384, KeyType::P521] {
        let (authority, certificate, signer) = authority(key);
        openssl.pem("ca.pem", "CERTIFICATE", &certificate);
        openssl.pem("person.pem", "CERTIFICATE", &issue(&authority, &signer, &person, &profile()));
        openssl.pem("list.pem", "X509 CRL", &list(&authority, &signer, &[]));
        assert_eq!(openssl.must(&verify_line()).trim(), "person.pem: OK", "{key:?}");
    }
}

#[test]
fn a_certificate_has_the_profiles_extensions_and_no_others() {
    let Some(openssl) = Openssl::find() else { return };
    let (authority, certificate, signer) = authority(KeyType::P256);
    let person = Key::generate(KeyType::Rsa2048).spki();
    openssl.pem("person.pem", "CERTIFICATE", &issue(&authority, &signer, &person, &profile()));
    let said = openssl.must("x509 -in person.pem -noout -text -certopt ext_parse");
    for expected in [
        "Version: 3 (0x2)",
        "8f:8f:8f:8f:8f:8f",
        "X509v3 Authority Key Identifier: \n",
        "X509v3 Subject Key Identifier: \n",
        "X509v3 Key Usage: critical\n                Non Repudiation\n",
        "Policy: 0.4.0.2042.1.2",
        "Full Name:\n                  URI:http://ca.example/ca.crl",
        "CA Issuers - URI:http://ca.example/ca.der",
        "qcStatements: \n",
        "OBJECT            :0.4.0.1862.1.6\n",
        "OBJECT            :0.4.0.1862.1.6.1\n",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    for absent in ["Basic Constraints", "0.4.0.1862.1.1\n", "0.4.0.1862.1.4\n", "0.4.0.1862.1.5\n"] {
        assert!(!said.contains(absent), "{absent} in {said}");
    }

    openssl.pem("ca.pem", "CERTIFICATE", &certificate);
    let said = openssl.must("x509 -in ca.pem -noout -text");
    assert!(said.contains("X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n"), "{said}");
    assert!(said.contains("X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n"), "{said}");
}

#[test]
fn a_responder_is_named_by_its_own_authority_alone() {
    let Some(openssl) = Openssl::find() else { return };
    let ((authority, own, signer), (_, other, _)) = (authority(KeyType::P256), super::authority(KeyType::P256));
    let spki = Key::generate(KeyType::P256).spki();
    let entity = ServiceEntity { spki: &spki, serial: &SERIAL, validity: YEAR };
    let certificate = signer.finish(&authority.issue_responder(&entity).unwrap());
    openssl.pem("ca.pem", "CERTIFICATE", &own);
    openssl.pem("responder.pem", "CERTIFICATE", &certificate);
    let said = openssl.must("x509 -in responder.pem -noout -text");
    for expected in [
        "Subject: C = EE, O = rsign, CN = OCSP responder",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage: \n                OCSP Signing\n",
        "OCSP No Check: \n",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    assert!(!said.contains("CRL Distribution") && !said.contains("Authority Information Access"), "{said}");
    let verified = openssl.must(&format!("verify -x509_strict -attime {} -CAfile ca.pem responder.pem", NOW + 60));
    assert_eq!(verified.trim(), "responder.pem: OK");
    assert_eq!(Responder::from_certificate(&certificate, &own).unwrap().validity(), YEAR);
    let person = issue(&authority, &signer, &spki, &profile());
    for (named, by) in [(&certificate, &other), (&person, &own), (&own, &own)] {
        assert!(matches!(Responder::from_certificate(named, by), Err(Error::NotAResponder)));
    }
    let late = ServiceEntity { validity: Validity { not_after: NOW + 3651 * DAY, ..YEAR }, ..entity };
    assert!(matches!(authority.issue_responder(&late), Err(Error::Time)), "it does not outlive its authority");
}

#[test]
fn qc_statements_are_made_where_they_are_configured() {
    let Some(openssl) = Openssl::find() else { return };
    let (authority, _, signer) = authority(KeyType::P256);
    let person = Key::generate(KeyType::P256).spki();
    let disclosure = vec![PdsLocation { url: "https://ca.example/pds.pdf".to_owned(), language: "en".to_owned() }];
    let qc = QcStatements { compliance: true, device: true, esign: false, disclosure };
    let full = Profile { qc, ..Profile::default() };
    openssl.pem("person.pem", "CERTIFICATE", &issue(&authority, &signer, &person, &full));
    let said = openssl.must("x509 -in person.pem -noout -text -certopt ext_parse");
    for expected in
        ["0.4.0.1862.1.1\n", "0.4.0.1862.1.4\n", "0.4.0.1862.1.5\n", ":https://ca.example/pds.pdf\n", ":en\n"]
    {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    assert!(!said.contains("0.4.0.1862.1.6"), "{said}");

    let silent = Profile { qc: QcStatements { esign: false, ..QcStatements::default() }, ..Profile::default() };
    openssl.pem("person.pem", "CERTIFICATE", &issue(&authority, &signer, &person, &silent));
    let said = openssl.must("x509 -in person.pem -noout -text");
    for absent in ["qcStatements", "Policies", "Authority Information", "CRL Distribution"] {
        assert!(!said.contains(absent), "{absent} in {said}");
    }
}

#[test]
fn a_revoked_certificate_is_on_the_list() {
    let Some(openssl) = Openssl::find() else { return };
    let (authority, certificate, signer) = authority(KeyType::P384);
    let person = Key::generate(KeyType::P256).spki();
    let revoked = [
        Revoked { serial: SERIAL.to_vec(), at: NOW - DAY, reason: CrlReason::KeyCompromise },
        Revoked { serial: vec![5], at: NOW - DAY, reason: CrlReason::Unspecified },
    ];
    openssl.pem("ca.pem", "CERTIFICATE", &certificate);
    openssl.pem("person.pem", "CERTIFICATE", &issue(&authority, &signer, &person, &profile()));
    openssl.pem("list.pem", "X509 CRL", &list(&authority, &signer, &revoked));
    let said = openssl.must("crl -in list.pem -CAfile ca.pem -verify -noout -text");
    for expected in
        ["verify OK", "Version 2", "X509v3 CRL Number: \n                7\n", "Key Compromise", "Serial Number: 05"]
    {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    assert_eq!(said.matches("Reason Code").count(), 1, "{said}");
    let said = openssl.run(&verify_line());
    assert!(!said.success && said.text.contains("certificate revoked"), "{}", said.text);
}

#[test]
fn a_certificate_is_read_back() {
    let (authority, certificate, signer) = authority(KeyType::P521);
    for key in KeyType::ALL {
        let spki = Key::generate(key).spki();
        let der = issue(&authority, &signer, &spki, &profile());
        let read = Certificate::read(&der).unwrap();
        assert_eq!((read.key, read.spki), (key, spki));
        assert_eq!((read.serial, read.validity), (SERIAL.to_vec(), YEAR));
        assert_eq!(read.digest[..], Sha256::digest(&der)[..]);
        assert!(read.subject.starts_with("CN=Müller\\, Zoë,SERIALNUMBER="), "{}", read.subject);
        assert!(matches!(Authority::from_certificate(&der), Err(Error::NotAnAuthority)));
    }
    assert_eq!(Certificate::read(&certificate).unwrap().subject, "CN=rsign test CA,O=rsign,C=EE");
}

/// Foreign certificates come over the wire: whatever is in them, reading ends in an answer.
#[test]
fn no_damage_makes_reading_panic() {
    let (authority, _, signer) = authority(KeyType::P256);
    let der = issue(&authority, &signer, &Key::generate(KeyType::P256).spki(), &profile());
    for at in 0..der.len() {
        assert!(Certificate::read(&der[..at]).is_err());
        for octet in [0, 0x7f, 0x80, 0xff, der[at] ^ 0x20] {
            let mut damaged = der.clone();
            damaged[at] = octet;
            let _ = Certificate::read(&damaged);
            let _ = Authority::from_certificate(&damaged);
        }
    }
    let longer = [der, vec![0]].concat();
    assert!(Certificate::read(&longer).is_err());
}

#[test]
fn what_rfc_5280_forbids_is_refused() {
    let (authority, _, _) = authority(KeyType::P256);
    let spki = Key::generate(KeyType::P256).spki();
    let person = subject();
    let entity = EndEntity { subject: &person, spki: &spki, serial: &SERIAL, validity: YEAR };
    let refuse = |entity: EndEntity<'_>, profile: &Profile| authority.issue(&entity, profile).unwrap_err();

    for serial in [&[][..], &[0], &[0, 0], &[1; 21], &[0x80; 20]] {
        assert!(matches!(refuse(EndEntity { serial, ..entity }, &profile()), Error::Serial), "{serial:?}");
    }
    assert!(authority.issue(&EndEntity { serial: &[0x7f; 20], ..entity }, &profile()).is_ok());
    for validity in [
        Validity { not_before: NOW + 2, not_after: NOW + 1 },
        Validity { not_before: NOW - 1, not_after: NOW + DAY },
        Validity { not_before: NOW, not_after: authority.validity().not_after + 1 },
    ] {
        assert!(matches!(refuse(EndEntity { validity, ..entity }, &profile()), Error::Time), "{validity:?}");
    }
    for url in ["", "ca.example", "ldap://ca.example", "http://", "http://ca.example/ü", "http://ca.example/a b"] {
        let profile = Profile { crl_url: Some(url.to_owned()), ..profile() };
        assert!(matches!(refuse(entity, &profile), Error::Location), "{url}");
    }
    for language in ["et", "EN", "eng", ""] {
        let disclosure = vec![PdsLocation { url: "https://ca.example/".to_owned(), language: language.to_owned() }];
        let profile = Profile { qc: QcStatements { disclosure, ..QcStatements::default() }, ..profile() };
        assert!(matches!(refuse(entity, &profile), Error::Disclosure), "{language}");
    }
}

#[test]
fn lists_that_rfc_5280_forbids_are_refused() {
    let (authority, _, _) = authority(KeyType::P256);
    let removed = [Revoked { serial: vec![5], at: NOW, reason: CrlReason::RemoveFromCRL }];
    let list = RevocationList { number: 1, this_update: NOW, next_update: NOW + DAY, revoked: &removed };
    assert!(matches!(authority.revocation_list(&list), Err(Error::Reason)));
    let backwards = RevocationList { next_update: NOW, revoked: &[], ..list };
    assert!(matches!(authority.revocation_list(&backwards), Err(Error::Time)));
}

#[test]
fn times_change_their_type_in_2050() {
    use x509_cert::time::Time;
    assert!(matches!(time::encode(2_524_607_999).unwrap(), Time::UtcTime(_)));
    assert!(matches!(time::encode(2_524_608_000).unwrap(), Time::GeneralTime(_)));
    assert!(matches!(time::encode(-1), Err(Error::Time)));
    assert!(matches!(time::encode(i64::MAX), Err(Error::Time)));
}
