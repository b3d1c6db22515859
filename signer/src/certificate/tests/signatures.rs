//! Signatures by openssl, verified by us.

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};

use super::Key;
use super::openssl::Openssl;
use crate::certificate::{Error, Verifier, spki, verify};

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

/// A key that openssl signs digests with.
struct Signer {
    openssl: Openssl,
    spki: Vec<u8>,
}

impl Signer {
    fn new(key: KeyType) -> Option<Self> {
        let openssl = Openssl::find()?;
        let pair = Key::generate(key);
        openssl.file("key.der", &pair.pkcs8());
        Some(Self { openssl, spki: pair.spki() })
    }

    fn sign(&self, scheme: Scheme, digest: &[u8]) -> Vec<u8> {
        self.openssl.file("digest", digest);
        let padding = match scheme {
            Scheme::Pss { salt, .. } => format!(" -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:{salt}"),
            Scheme::Pkcs1 { .. } | Scheme::Ecdsa { .. } => String::new(),
        };
        let hash = format!("{:?}", scheme.hash()).to_lowercase();
        self.openssl.must(&format!(
            "pkeyutl -sign -inkey key.der -keyform DER -in digest -out signature -pkeyopt digest:{hash}{padding}"
        ));
        self.openssl.read("signature")
    }

    /// The signature verifies, and neither a changed one nor one of another digest does.
    fn check(&self, scheme: Scheme) {
        let digest: Vec<u8> = (0..scheme.hash().len()).map(|i| i as u8 + 1).collect();
        let signature = self.sign(scheme, &digest);
        let verifier = Verifier::new(&self.spki, scheme).unwrap();
        assert!(verifier.verify(&digest, &signature), "{scheme:?}");
        assert!(verify(&self.spki, scheme, &digest, &signature), "{scheme:?}");
        for changed in [0, signature.len() / 2, signature.len() - 1] {
            let mut tampered = signature.clone();
            tampered[changed] ^= 1;
            assert!(!verifier.verify(&digest, &tampered), "{scheme:?}, octet {changed}");
        }
        let mut other = digest.clone();
        other[0] ^= 0x80;
        assert!(!verifier.verify(&other, &signature), "{scheme:?}");
        assert!(!verifier.verify(&digest, &signature[..signature.len() - 1]), "{scheme:?}");
        assert!(!verifier.verify(&digest[..20], &signature), "{scheme:?}");
        assert!(!verifier.verify(&digest, &[]), "{scheme:?}");
    }
}

#[test]
fn rsa_of_every_size_in_every_hash_function() {
    for key in [KeyType::Rsa2048, KeyType::Rsa3072, KeyType::Rsa4096] {
        let Some(signer) = Signer::new(key) else { return };
        for hash in HashAlgorithm::ALL {
            signer.check(Scheme::Pkcs1 { hash });
            let longest = key.bits() / 8 - hash.len() as u32 - 2;
            for salt in [0, 32, hash.len() as u32, longest] {
                signer.check(Scheme::Pss { hash, salt });
            }
        }
    }
}

#[test]
fn a_salt_of_another_length_fails() {
    let Some(signer) = Signer::new(KeyType::Rsa2048) else { return };
    let salts = [0, 32, 222];
    for made in salts {
        let signature = signer.sign(Scheme::Pss { hash: SHA256, salt: made }, &[7; 32]);
        for asked in salts {
            let scheme = Scheme::Pss { hash: SHA256, salt: asked };
            assert_eq!(verify(&signer.spki, scheme, &[7; 32], &signature), made == asked, "{made} as {asked}");
        }
        assert!(!verify(&signer.spki, Scheme::Pkcs1 { hash: SHA256 }, &[7; 32], &signature));
    }
}

#[test]
fn every_curve_in_every_hash_function() {
    for key in [KeyType::P256, KeyType::P384, KeyType::P521] {
        let Some(signer) = Signer::new(key) else { return };
        for hash in HashAlgorithm::ALL {
            signer.check(Scheme::Ecdsa { hash });
        }
    }
}

#[test]
fn a_scheme_that_is_not_the_keys_is_refused() {
    let (rsa, ec) = (Key::generate(KeyType::Rsa2048).spki(), Key::generate(KeyType::P256).spki());
    let refused = |spki: &[u8], scheme| matches!(Verifier::new(spki, scheme), Err(Error::Scheme));
    assert!(refused(&rsa, Scheme::Ecdsa { hash: SHA256 }));
    assert!(refused(&ec, Scheme::Pkcs1 { hash: SHA256 }));
    assert!(refused(&ec, Scheme::Pss { hash: SHA256, salt: 32 }));
    assert!(refused(&rsa, Scheme::Pss { hash: SHA256, salt: 223 }));
    assert!(refused(&rsa, Scheme::Pss { hash: SHA256, salt: u32::MAX }));
}

#[test]
fn the_kind_of_a_key_is_told_and_foreign_keys_are_refused() {
    for key in KeyType::ALL {
        assert_eq!(spki::key_type(&Key::generate(key).spki()).unwrap(), key);
    }
    assert!(matches!(spki::rsa(&[0xff; 128], &[1, 0, 1]), Err(Error::Key)));
    assert!(matches!(spki::rsa(&[], &[1, 0, 1]), Err(Error::Key)));
    assert!(matches!(spki::ec(KeyType::P256, &[4; 97]), Err(Error::Key)));
    assert!(matches!(spki::ec(KeyType::P256, &[2; 65]), Err(Error::Key)));
    assert!(matches!(spki::ec(KeyType::Rsa2048, &[4; 65]), Err(Error::Key)));
    assert!(spki::key_type(b"0").is_err());

    let off_the_curve = spki::ec(KeyType::P256, &[4; 65]).unwrap();
    assert!(matches!(Verifier::new(&off_the_curve, Scheme::Ecdsa { hash: SHA256 }), Err(Error::Key)));
    let even_exponent = spki::rsa(&[0xff; 256], &[1, 0, 0]).unwrap();
    assert!(matches!(Verifier::new(&even_exponent, Scheme::Pkcs1 { hash: SHA256 }), Err(Error::Key)));
}

#[test]
fn openssl_reads_our_keys() {
    let Some(openssl) = Openssl::find() else { return };
    for key in KeyType::ALL {
        let pair = Key::generate(key);
        openssl.file("key.der", &pair.pkcs8());
        openssl.must("pkey -in key.der -inform DER -pubout -outform DER -out public.der");
        assert_eq!(openssl.read("public.der"), pair.spki(), "{key:?}");
    }
}

#[test]
fn a_verifier_is_shared_between_threads() {
    const fn shared<T: Send + Sync + Clone>() {}
    shared::<Verifier>();
}
