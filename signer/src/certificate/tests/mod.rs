//! Throwaway keys sign what the module forms, and the openssl command line, which shares no code with us, judges it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod certificates;
mod names;
mod openssl;
mod signatures;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as lc, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use der::asn1::UintRef;
use der::{Decode as _, Sequence};
use rsign_api::algorithm::KeyType;
use rsign_api::signer::Subject;

use super::{Authority, ToBeSigned, Validity, name, self_signed, spki};

/// 2027-01-15, in whose neighbourhood the tests take place.
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// A key in memory where the service has one in the HSM.
enum Key {
    Rsa(RsaKeyPair),
    Ec(KeyType, EcdsaKeyPair),
}

impl Key {
    fn generate(key: KeyType) -> Self {
        match key {
            KeyType::Rsa2048 => Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            KeyType::Rsa3072 => Self::Rsa(RsaKeyPair::generate(KeySize::Rsa3072).unwrap()),
            KeyType::Rsa4096 => Self::Rsa(RsaKeyPair::generate(KeySize::Rsa4096).unwrap()),
            KeyType::P256 => Self::Ec(key, EcdsaKeyPair::generate(&lc::ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
            KeyType::P384 => Self::Ec(key, EcdsaKeyPair::generate(&lc::ECDSA_P384_SHA384_ASN1_SIGNING).unwrap()),
            KeyType::P521 => Self::Ec(key, EcdsaKeyPair::generate(&lc::ECDSA_P521_SHA512_ASN1_SIGNING).unwrap()),
        }
    }

    fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => {
                let key = RsaPublicKey::from_der(pair.public_key().as_ref()).unwrap();
                spki::rsa(key.modulus.as_bytes(), key.exponent.as_bytes()).unwrap()
            }
            Self::Ec(key, pair) => spki::ec(*key, pair.public_key().as_ref()).unwrap(),
        }
    }

    fn pkcs8(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).unwrap().as_ref().to_vec(),
            Self::Ec(_, pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
        }
    }

    fn sign(&self, body: &ToBeSigned) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&lc::RSA_PKCS1_SHA256, &random, body.bytes(), &mut signature).unwrap();
                signature
            }
            Self::Ec(_, pair) => pair.sign(&random, body.bytes()).unwrap().as_ref().to_vec(),
        }
    }

    /// What the service does: form, sign, assemble.
    fn finish(&self, body: &ToBeSigned) -> Vec<u8> {
        body.assemble(&self.sign(body)).unwrap()
    }
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

fn subject() -> Subject {
    Subject {
        country: "EE".to_owned(),
        organization: Some("Näidis OÜ".to_owned()),
        given_name: "Zoë".to_owned(),
        surname: "Müller-Lüdenscheidt".to_owned(),
        serial_number: "PNOEE-38001085718".to_owned(),
        common_name: "Müller, Zoë".to_owned(),
    }
}

/// A CA of ten years, its certificate and its key.
fn authority(key: KeyType) -> (Authority, Vec<u8>, Key) {
    let pair = Key::generate(key);
    let name = name::AuthorityName {
        country: "EE".to_owned(),
        organization: "rsign".to_owned(),
        common_name: "rsign test CA".to_owned(),
    };
    let validity = Validity { not_before: NOW, not_after: NOW + 3650 * DAY };
    let certificate = pair.finish(&self_signed(&name, &pair.spki(), &[0x4a; 16], validity).unwrap());
    (Authority::from_certificate(&certificate).unwrap(), certificate, pair)
}
