//! Tokens, right and wrong.

use super::*;
use rsign_api::timestamp::Query;

use crate::evidence::testing::{Making, Manner, RIGHT, STAMPS, stamp, token};

const MAIL: &str = "1.3.6.1.5.5.7.3.4";

#[test]
fn only_who_may_stamp_and_did_is_believed() {
    let info = b"what a TSTInfo would be";
    let judged = |making: Making| judge(&token(info, &making)).map(drop);
    assert_eq!(judged(RIGHT), Ok(()));
    assert_eq!(judged(Making { purposes: (&[STAMPS], false), ..RIGHT }), Err(Wrong::Purpose), "not critical");
    assert_eq!(judged(Making { purposes: (&[STAMPS, MAIL], true), ..RIGHT }), Err(Wrong::Purpose), "not alone");
    assert_eq!(judged(Making { purposes: (&[MAIL], true), ..RIGHT }), Err(Wrong::Purpose));
    assert_eq!(judged(Making { certified: false, ..RIGHT }), Err(Wrong::NoCertificate));
    assert_eq!(judged(Making { spoilt: true, ..RIGHT }), Err(Wrong::Signature));
    // Another content than what was signed.
    let mut other = token(info, &RIGHT);
    let place = other.windows(4).position(|window| window == b"what").unwrap();
    other[place] = b'W';
    assert_eq!(judge(&other).map(drop), Err(Wrong::Signature));
}

#[test]
fn what_a_token_is_over() {
    let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[1]).unwrap();
    let token = timestamp::token(&stamp(&query.to_der().unwrap(), Manner::Right), &query).unwrap();
    let stamp = judge(&token).unwrap();
    assert!(stamp.is_over(HashAlgorithm::Sha256, &[7; 32]));
    assert!(!stamp.is_over(HashAlgorithm::Sha256, &[8; 32]) && !stamp.is_over(HashAlgorithm::Sha512, &[7; 32]));
    assert!(!judge(&super::super::testing::token(b"no TSTInfo", &RIGHT)).unwrap().is_over(HashAlgorithm::Sha256, &[]));
}

const CONFIGURATION: &str = "\
[req]
distinguished_name = dn
[dn]
[stamps]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
";

/// The openssl program, in a folder.
fn openssl(folder: &std::path::Path, line: &str) {
    let said = std::process::Command::new("openssl").current_dir(folder).args(line.split(' ')).output().unwrap();
    assert!(said.status.success(), "{line}: {}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn tokens_of_openssl_with_pss_and_salts_of_any_length() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("openssl.cnf"), CONFIGURATION).unwrap();
    std::fs::write(folder.join("info"), "what a TSTInfo would be").unwrap();
    let certify = "req -x509 -config openssl.cnf -extensions stamps -subj /CN=stamps -nodes";
    openssl(folder, &format!("{certify} -newkey rsa:2048 -keyout plain.key -out plain.pem"));
    // Keys that are for PSS alone: any, or with a hash function and a least length of the salt.
    openssl(folder, "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out free.key");
    let bound =
        "-pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32";
    openssl(folder, &format!("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 {bound} -out bound.key"));
    for name in ["free", "bound"] {
        openssl(folder, &format!("{certify} -key {name}.key -out {name}.pem"));
    }
    let sign = "cms -sign -binary -nodetach -in info -econtent_type 1.2.840.113549.1.9.16.1.4 -outform DER -out token";
    let pss = "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen";
    for (key, function, salt) in [
        ("plain", "sha256", "digest"),
        ("plain", "sha384", "digest"),
        ("plain", "sha512", "max"),
        ("plain", "sha256", "20"),
        ("plain", "sha256", "0"),
        ("free", "sha256", "max"),
        ("bound", "sha256", "32"),
        ("bound", "sha256", "max"),
    ] {
        openssl(folder, &format!("{sign} -signer {key}.pem -inkey {key}.key -md {function} {pss}:{salt}"));
        let mut token = std::fs::read(folder.join("token")).unwrap();
        let judged = judge(&token).map(|stamp| stamp.signer.not_after() > 0);
        assert_eq!(judged, Ok(true), "{key} {function} {salt}");
        *token.last_mut().unwrap() ^= 1;
        assert_eq!(judge(&token).map(drop), Err(Wrong::Signature), "{key} {function} {salt}");
        // Another length than was used.
        let mut token = std::fs::read(folder.join("token")).unwrap();
        let told = [0xa2, 4, 2, 2, 0, 222];
        if let Some(place) = token.windows(6).rposition(|window| window == told) {
            token[place + 5] = 221;
            assert_eq!(judge(&token).map(drop), Err(Wrong::Signature));
        }
    }
    // PKCS#1 goes on as before.
    openssl(folder, &format!("{sign} -signer plain.pem -inkey plain.key -md sha256"));
    assert!(judge(&std::fs::read(folder.join("token")).unwrap()).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_token_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = judge(&octets);
    }
}
