//! A root, and people whose keys are in the test's memory.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, RsaEncoding, RsaKeyPair};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256,
    RsaKeySize, SerialNumber,
};
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};

/// A certification authority of one test, and the folder in which its files lie.
pub(crate) struct Pki {
    root: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// Somebody who signs.
pub(crate) struct Person {
    /// The own certificate and the root's, DER.
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) key: KeyPair,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "Root of a test");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        parameters.not_before = (SystemTime::now() - Duration::from_hours(24)).into();
        parameters.not_after = (SystemTime::now() + Duration::from_hours(24 * 365)).into();
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let root = CertifiedIssuer::self_signed(parameters, key).unwrap();
        let pki = Self { root, folder: tempfile::tempdir().unwrap() };
        pki.write("root.pem", pki.root.pem().as_bytes());
        let crl = CertificateRevocationListParams {
            this_update: (SystemTime::now() - Duration::from_mins(5)).into(),
            next_update: (SystemTime::now() + Duration::from_hours(24)).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        pki.write("root.crl", crl.signed_by(&pki.root).unwrap().der());
        pki
    }

    /// A person with a key of this kind.
    pub(crate) fn person(&self, key: KeyType) -> Person {
        let key = match key {
            KeyType::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            KeyType::Rsa3072 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072),
            KeyType::Rsa4096 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096),
            KeyType::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            KeyType::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            KeyType::P521 => KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512),
        };
        let key = key.unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "Ana");
        parameters.key_usages = vec![KeyUsagePurpose::ContentCommitment, KeyUsagePurpose::DigitalSignature];
        parameters.use_authority_key_identifier_extension = true;
        let certificate = Self::dated(parameters).signed_by(&key, &self.root).unwrap();
        Person { chain: vec![certificate.der().to_vec(), self.root.der().to_vec()], key }
    }

    /// A certificate of the root for this key, PEM.
    pub(crate) fn certify(&self, parameters: CertificateParams, key: &KeyPair) -> String {
        Self::dated(parameters).signed_by(key, &self.root).unwrap().pem()
    }

    fn dated(mut parameters: CertificateParams) -> CertificateParams {
        parameters.not_before = (SystemTime::now() - Duration::from_hours(1)).into();
        parameters.not_after = (SystemTime::now() + Duration::from_hours(24)).into();
        parameters
    }

    /// A file of this test.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes one.
    pub(crate) fn write(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, octets).unwrap();
        path
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.file("root.pem")
    }

    pub(crate) fn crl(&self) -> PathBuf {
        self.file("root.crl")
    }

    /// The root's own OCSP answer for a certificate (DER): it is good.
    pub(crate) fn ocsp(&self, certificate: &[u8]) -> Vec<u8> {
        let (certificate, root) = (self.write("asked.der", certificate), self.root());
        let key = self.write("root.key", self.root.key().serialize_pem().as_bytes());
        let said = output("openssl", &["x509", "-in", "{}", "-noout", "-serial"], &[&certificate]);
        let serial = String::from_utf8(said).unwrap().trim().trim_start_matches("serial=").to_owned();
        let index = self.write("index.txt", format!("V\t391231235959Z\t\t{serial}\tunknown\t/CN=x\n").as_bytes());
        let (question, answer) = (self.file("question.der"), self.file("answer.der"));
        let ask = ["ocsp", "-issuer", "{}", "-cert", "{}", "-no_nonce", "-reqout", "{}"];
        output("openssl", &ask, &[&root, &certificate, &question]);
        let tell =
            ["ocsp", "-index", "{}", "-CA", "{}", "-rsigner", "{}", "-rkey", "{}", "-reqin", "{}", "-respout", "{}"];
        output("openssl", &[&tell[..], &["-ndays", "1"]].concat(), &[&index, &root, &root, &key, &question, &answer]);
        std::fs::read(answer).unwrap()
    }
}

impl Person {
    /// Signs these octets; ECDSA values are DER, as the service's are.
    pub(crate) fn sign(&self, scheme: Scheme, octets: &[u8]) -> Vec<u8> {
        let pkcs8 = self.key.serialize_der();
        match scheme {
            Scheme::Ecdsa { hash } => {
                let curve = format!("{:?}", self.key.algorithm());
                let pair = EcdsaKeyPair::from_pkcs8(ecdsa(&curve, hash), &pkcs8).unwrap();
                pair.sign(&SystemRandom::new(), octets).unwrap().as_ref().to_vec()
            }
            Scheme::Pkcs1 { hash } => rsa(
                &pkcs8,
                octets,
                match hash {
                    HashAlgorithm::Sha256 => &signature::RSA_PKCS1_SHA256,
                    HashAlgorithm::Sha384 => &signature::RSA_PKCS1_SHA384,
                    HashAlgorithm::Sha512 => &signature::RSA_PKCS1_SHA512,
                },
            ),
            Scheme::Pss { hash, .. } => rsa(
                &pkcs8,
                octets,
                match hash {
                    HashAlgorithm::Sha256 => &signature::RSA_PSS_SHA256,
                    HashAlgorithm::Sha384 => &signature::RSA_PSS_SHA384,
                    HashAlgorithm::Sha512 => &signature::RSA_PSS_SHA512,
                },
            ),
        }
    }

    /// Own certificate and key as files, for programs.
    pub(crate) fn files(&self, pki: &Pki) -> (PathBuf, PathBuf) {
        let key = pki.write("person.key", self.key.serialize_pem().as_bytes());
        (pki.write("person.der", &self.chain[0]), key)
    }
}

fn rsa(pkcs8: &[u8], octets: &[u8], padding: &'static dyn RsaEncoding) -> Vec<u8> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
    let mut value = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), octets, &mut value).unwrap();
    value
}

fn ecdsa(curve: &str, hash: HashAlgorithm) -> &'static EcdsaSigningAlgorithm {
    match (curve, hash) {
        ("PKCS_ECDSA_P256_SHA256", HashAlgorithm::Sha256) => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        ("PKCS_ECDSA_P384_SHA384", HashAlgorithm::Sha384) => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        ("PKCS_ECDSA_P521_SHA512", HashAlgorithm::Sha512) => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        _ => panic!("{curve} with {hash:?} is not among these tests"),
    }
}

/// The output of a program that has to succeed.
pub(crate) fn output(program: &str, arguments: &[&str], files: &[&Path]) -> Vec<u8> {
    let mut files = files.iter();
    let mut command = std::process::Command::new(program);
    for argument in arguments {
        if *argument == "{}" {
            command.arg(files.next().unwrap())
        } else {
            command.arg(argument)
        };
    }
    let said = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(said.status.success(), "{program}: {}", String::from_utf8_lossy(&said.stderr));
    said.stdout
}
