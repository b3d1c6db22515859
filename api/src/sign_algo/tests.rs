use data_encoding::BASE64;
use proptest::prelude::*;

use super::*;

/// SHA-256, MGF1-SHA-256, salt 32, trailer 1, as a real v1 tester sends it.
const SHA256_SALT32: &str = "MDmgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEgowMCAQE=";

fn named<'a>(algorithm: &'a str, params: Option<&'a str>, hash: Option<&'a str>) -> Named<'a> {
    Named { algorithm, params, hash }
}

/// Builds RSASSA-PSS-params by hand: SHA-2 OIDs differ in their last arc only.
fn params(hash: u8, mask: u8, salt: &[u8]) -> String {
    let identifier = |arc: u8| vec![0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, arc];
    let mut mgf = vec![6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
    mgf.extend(identifier(mask));
    let wrap = |tag: u8, inner: &[u8]| [&[tag, u8::try_from(inner.len()).unwrap()], inner].concat();
    let body = [wrap(0xa0, &identifier(hash)), wrap(0xa1, &wrap(0x30, &mgf)), wrap(0xa2, &wrap(2, salt))].concat();
    BASE64.encode(&wrap(0x30, &body))
}

#[test]
fn combined_oids_ignore_the_hash_member() {
    let scheme = named("1.2.840.113549.1.1.11", None, Some("rubbish")).scheme(KeyType::Rsa2048);
    assert_eq!(scheme, Ok(Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 }));
    let scheme = named("1.2.840.10045.4.3.3", Some("BQA="), None).scheme(KeyType::P256);
    assert_eq!(scheme, Ok(Scheme::Ecdsa { hash: HashAlgorithm::Sha384 }));
}

#[test]
fn bare_oids_need_it() {
    let bare = "1.2.840.113549.1.1.1";
    assert_eq!(named(bare, None, None).scheme(KeyType::Rsa2048), Err(error::HASH_ALGO_MISSING));
    assert_eq!(named(bare, None, Some("1.3.14.3.2.26")).scheme(KeyType::Rsa2048), Err(error::HASH_ALGO));
    let scheme = named(bare, None, Some("2.16.840.1.101.3.4.2.3")).scheme(KeyType::Rsa2048);
    assert_eq!(scheme, Ok(Scheme::Pkcs1 { hash: HashAlgorithm::Sha512 }));
}

#[test]
fn algorithms_of_other_keys_are_refused() {
    assert_eq!(named("1.2.840.10045.4.3.2", None, None).scheme(KeyType::Rsa2048), Err(error::SIGN_ALGO));
    assert_eq!(named("1.2.840.113549.1.1.11", None, None).scheme(KeyType::P256), Err(error::SIGN_ALGO));
    assert_eq!(named("1.2.840.113549.1.1.5", None, None).scheme(KeyType::Rsa2048), Err(error::SIGN_ALGO));
    assert_eq!(named("not an oid", None, None).scheme(KeyType::Rsa2048), Err(error::SIGN_ALGO));
}

#[test]
fn pss_takes_hash_and_salt_from_its_parameters() {
    let pss = oid::RSA_PSS.to_string();
    let scheme = named(&pss, Some(SHA256_SALT32), None).scheme(KeyType::Rsa2048);
    assert_eq!(scheme, Ok(Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 32 }));
    // pyHanko asks for the largest salt: 222 for RSA-2048 with SHA-256.
    let largest = params(1, 1, &[0, 222]);
    assert_eq!(
        named(&pss, Some(&largest), None).scheme(KeyType::Rsa2048),
        Ok(Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 222 })
    );
    let none = params(3, 3, &[0]);
    assert_eq!(
        named(&pss, Some(&none), None).scheme(KeyType::Rsa2048),
        Ok(Scheme::Pss { hash: HashAlgorithm::Sha512, salt: 0 })
    );
}

#[test]
fn pss_parameters_no_key_here_does_are_refused() {
    let pss = oid::RSA_PSS.to_string();
    assert_eq!(named(&pss, None, None).scheme(KeyType::Rsa2048), Err(error::SIGN_ALGO_PARAMS_MISSING));
    let defaults = BASE64.encode(&[0x30, 0]);
    let (other_mask, salt_too_long) = (params(1, 2, &[32]), params(1, 1, &[0, 223]));
    for refused in [defaults.as_str(), &other_mask, &salt_too_long, "????", ""] {
        assert_eq!(named(&pss, Some(refused), None).scheme(KeyType::Rsa2048), Err(error::SIGN_ALGO_PARAMS));
    }
    assert_eq!(named(&pss, Some(SHA256_SALT32), None).scheme(KeyType::P256), Err(error::SIGN_ALGO));
}

#[test]
fn everything_offered_is_understood() {
    for key in KeyType::ALL {
        for oid in offered(key) {
            let hash = Some("2.16.840.1.101.3.4.2.1");
            let dotted = oid.to_string();
            assert!(named(&dotted, Some(SHA256_SALT32), hash).scheme(key).is_ok(), "{oid} for {}", key.name());
        }
    }
}

proptest! {
    #[test]
    fn parameters_never_panic(der in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = pss(&BASE64.encode(&der));
    }
}
