//! Tokens, right and wrong.

use super::*;
use rsign_api::timestamp::Query;

use crate::evidence::testing::{Making, Manner, NOW, RIGHT, STAMPS, some_info, stamp, token};

const MAIL: &str = "1.3.6.1.5.5.7.3.4";

type Change = fn(&mut Vec<Vec<u8>>);

#[test]
fn only_who_may_stamp_and_did_is_believed() {
    let info = some_info(NOW);
    let judged = |making: Making| judge(&token(&info, &making)).map(|stamp| stamp.at);
    assert_eq!(judged(RIGHT), Ok(NOW));
    assert_eq!(judged(Making { purposes: (&[STAMPS], false), ..RIGHT }), Err(Wrong::Purpose), "not critical");
    assert_eq!(judged(Making { purposes: (&[STAMPS, MAIL], true), ..RIGHT }), Err(Wrong::Purpose), "not alone");
    assert_eq!(judged(Making { purposes: (&[MAIL], true), ..RIGHT }), Err(Wrong::Purpose));
    assert_eq!(judged(Making { certified: false, ..RIGHT }), Err(Wrong::NoCertificate));
    assert_eq!(judged(Making { spoilt: true, ..RIGHT }), Err(Wrong::Signature));
    // Another content than what was signed.
    let mut other = token(&info, &RIGHT);
    let place = other.windows(4).position(|window| window == [7; 4]).unwrap();
    other[place] = 8;
    assert_eq!(judge(&other).map(drop), Err(Wrong::Signature));
    assert_eq!(judge(&token(b"\x30\0", &RIGHT)).map(drop), Err(Wrong::Malformed), "no TSTInfo");
}

#[test]
fn a_stamping_key_may_sign_and_its_certificate_demands_nothing_unknown() {
    const USAGE: &[u64] = &[2, 5, 29, 15];
    let info = some_info(NOW);
    let judged = |said| judge(&token(&info, &Making { said, ..RIGHT })).map(drop);
    assert_eq!(judged(&[(USAGE, true, &[3, 2, 7, 0x80])]), Ok(()), "digitalSignature");
    assert_eq!(judged(&[(USAGE, true, &[3, 2, 6, 0x40])]), Ok(()), "nonRepudiation");
    assert_eq!(judged(&[(USAGE, true, &[3, 2, 2, 4])]), Err(Wrong::Purpose), "keyCertSign");
    assert_eq!(judged(&[(USAGE, true, &[5, 0])]), Err(Wrong::Purpose), "malformed");
    assert_eq!(judged(&[(&[1, 2, 3, 4], false, &[5, 0])]), Ok(()));
    assert_eq!(judged(&[(&[1, 2, 3, 4], true, &[5, 0])]), Err(Wrong::Purpose));
}

#[test]
fn the_time_is_within_the_certificates_and_that_of_a_new_token_is_now() {
    let stamp = judge(&token(&some_info(NOW), &RIGHT)).unwrap();
    assert!(stamp.is_fresh(NOW) && stamp.is_fresh(NOW + 300) && stamp.is_fresh(NOW - 300));
    assert!(!stamp.is_fresh(NOW + 301) && !stamp.is_fresh(NOW - 301));
    // Long before the first day of certificates that rcgen makes.
    assert_eq!(judge(&token(&some_info(86_400), &RIGHT)).map(drop), Err(Wrong::Time));
}

/// The signed attribute of this kind.
fn of_kind(attribute: &[u8], kind: ObjectIdentifier) -> bool {
    let kind = kind.to_der().unwrap();
    attribute.windows(kind.len()).any(|window| window == kind)
}

/// Puts a `signing-certificate` with these hashes there.
fn named(all: &mut Vec<Vec<u8>>, kind: ObjectIdentifier, hashes: &[&[u8]], serial: Option<u8>) {
    let sequence = |parts: &[Vec<u8>]| AnyRef::new(Tag::Sequence, &parts.concat()).unwrap().to_der().unwrap();
    let issuer = serial.map(|serial| sequence(&[sequence(&[]), serial.to_der().unwrap()])).unwrap_or_default();
    let id = |hash: &&[u8]| sequence(&[OctetString::new(*hash).unwrap().to_der().unwrap(), issuer.clone()]);
    let value = sequence(&[sequence(&hashes.iter().map(id).collect::<Vec<_>>())]);
    let values = AnyRef::new(Tag::Set, &value).unwrap().to_der().unwrap();
    all.push(sequence(&[kind.to_der().unwrap(), values]));
}

#[test]
fn what_is_signed_says_by_which_certificate() {
    let info = some_info(NOW);
    let judged = |attributes| judge(&token(&info, &Making { attributes, ..RIGHT })).map(drop);
    assert_eq!(judged(|all| all.retain(|one| !of_kind(one, SIGNING_CERTIFICATE_V2))), Err(Wrong::Binding), "nothing");
    assert_eq!(
        judged(|all| {
            all.retain(|one| !of_kind(one, SIGNING_CERTIFICATE_V2));
            named(all, SIGNING_CERTIFICATE_V2, &[&[7; 32]], None);
        }),
        Err(Wrong::Binding),
        "another"
    );
    assert_eq!(judged(|all| named(all, SIGNING_CERTIFICATE, &[&[7; 20]], None)), Err(Wrong::Binding), "one of two");
    assert_eq!(judged(|all| named(all, SIGNING_CERTIFICATE, &[], None)), Err(Wrong::Binding), "none");
    assert_eq!(
        judged(|all| all.extend(all.iter().find(|one| of_kind(one, SIGNING_CERTIFICATE_V2)).cloned())),
        Err(Wrong::Malformed)
    );
}

#[test]
fn a_certificate_is_named_by_its_hash_and_if_at_all_by_its_serial_number() {
    let stamp = judge(&token(&some_info(NOW), &RIGHT)).unwrap();
    let id = |hash: Vec<u8>, serial: Option<Any>| {
        let issuer = serial.map(|serial| Sid { issuer: Any::null(), serial });
        CertId { function: None, hash: OctetString::new(hash).unwrap(), issuer }
    };
    let (sha1, sha256) = (algorithm::SHA1, HashAlgorithm::Sha256.oid());
    let hash = |function| algorithm::hash(function, &stamp.signer.der).unwrap();
    let serial = stamp.signer.certificate().tbs_certificate().serial_number().to_der().unwrap();
    let own = Some(Any::from_der(&serial).unwrap());
    assert!(id(hash(sha1), None).names(&stamp.signer, sha1) && id(hash(sha256), None).names(&stamp.signer, sha256));
    assert!(!id(hash(sha1), None).names(&stamp.signer, sha256));
    assert!(id(hash(sha256), own).names(&stamp.signer, sha256));
    let other = Some(Any::from_der(&[2, 1, 1]).unwrap());
    assert!(!id(hash(sha256), other).names(&stamp.signer, sha256));
}

#[test]
fn signed_attributes_are_there_once_and_in_their_places() {
    let info = some_info(NOW);
    let judged = |attributes| judge(&token(&info, &Making { attributes, ..RIGHT })).map(drop);
    for kind in [CONTENT_TYPE, MESSAGE_DIGEST] {
        let (without, twice): (Change, Change) = if kind == CONTENT_TYPE {
            (
                |all| all.retain(|one| !of_kind(one, CONTENT_TYPE)),
                |all| all.extend(all.iter().find(|one| of_kind(one, CONTENT_TYPE)).cloned()),
            )
        } else {
            (
                |all| all.retain(|one| !of_kind(one, MESSAGE_DIGEST)),
                |all| all.extend(all.iter().find(|one| of_kind(one, MESSAGE_DIGEST)).cloned()),
            )
        };
        assert_eq!(judged(without), Err(Wrong::Malformed), "without {kind}");
        assert_eq!(judged(twice), Err(Wrong::Malformed), "twice {kind}");
    }
    // The signature is over a SET, whatever tag stands in its place.
    let right = token(&info, &RIGHT);
    let first = [&[0x30, 0x1a], &CONTENT_TYPE.to_der().unwrap()[..]].concat();
    let place = right.windows(first.len()).position(|window| window == first).unwrap();
    let place = (2..4).map(|back| place - back).find(|at| right[*at] == 0xa0).unwrap();
    assert_eq!(judge(&changed(&right, place, 0xa2)).map(drop), Err(Wrong::Malformed), "signed attributes");
    assert_eq!(judge(&changed(&right, place, 0x31)).map(drop), Err(Wrong::Malformed), "signed attributes");
    // The set of signatures is the last member.
    let signed = content(&right, SIGNED_DATA).unwrap();
    let infos = members(&AnyRef::from_der(&signed).unwrap()).unwrap().pop().unwrap();
    let place = right.len() - infos.len();
    assert_eq!(right[place], 0x31);
    assert_eq!(judge(&changed(&right, place, 0x30)).map(drop), Err(Wrong::Malformed), "signatures");
    // [0] around SignedData follows the head of the whole and the type.
    let place = right.windows(SIGNED_DATA.as_bytes().len()).position(|one| one == SIGNED_DATA.as_bytes()).unwrap();
    let place = place + SIGNED_DATA.as_bytes().len();
    assert_eq!(right[place], 0xa0);
    assert_eq!(judge(&changed(&right, place, 0xa1)).map(drop), Err(Wrong::Malformed), "content");
}

fn changed(token: &[u8], place: usize, tag: u8) -> Vec<u8> {
    let mut token = token.to_vec();
    token[place] = tag;
    token
}

#[test]
fn what_a_token_is_over() {
    let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[1]).unwrap();
    let token = timestamp::token(&stamp(&query.to_der().unwrap(), Manner::Right, NOW), &query).unwrap();
    let stamp = judge(&token).unwrap();
    assert!(stamp.is_over(HashAlgorithm::Sha256, &[7; 32]));
    assert!(!stamp.is_over(HashAlgorithm::Sha256, &[8; 32]) && !stamp.is_over(HashAlgorithm::Sha512, &[7; 32]));
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
    // Its certificates are of today.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 60;
    std::fs::write(folder.join("info"), some_info(now)).unwrap();
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
    let sign =
        "cms -sign -cades -binary -nodetach -in info -econtent_type 1.2.840.113549.1.9.16.1.4 -outform DER -out token";
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
