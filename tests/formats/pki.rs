//! A root, and people whose keys are in the test's memory.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256,
    RsaKeySize, SerialNumber,
};
use rsign_api::algorithm::KeyType;

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
        parameters.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        parameters.not_before = (SystemTime::now() - Duration::from_hours(1)).into();
        parameters.not_after = (SystemTime::now() + Duration::from_hours(24)).into();
        parameters.use_authority_key_identifier_extension = true;
        let certificate = parameters.signed_by(&key, &self.root).unwrap();
        Person { chain: vec![certificate.der().to_vec(), self.root.der().to_vec()], key }
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
}

impl Person {
    /// Own certificate and key as files, for programs.
    pub(crate) fn files(&self, pki: &Pki) -> (PathBuf, PathBuf) {
        let key = pki.write("person.key", self.key.serialize_pem().as_bytes());
        (pki.write("person.der", &self.chain[0]), key)
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
