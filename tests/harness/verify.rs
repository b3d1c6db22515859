//! Signatures, judged by code that has nothing to do with the one that made them: aws-lc-rs, and the openssl program.

use std::path::Path;
use std::process::Command;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use data_encoding::BASE64;
use der::{Decode as _, Encode as _};
use x509_cert::Certificate;

use crate::command;

/// A message and its digest: verifiers want the one, the service signs the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hash {
    pub message: Vec<u8>,
    pub digest: Vec<u8>,
}

impl Hash {
    /// SHA-256 of a text or of octets.
    #[must_use]
    pub fn of(message: impl AsRef<[u8]>) -> Self {
        Self::with(Sha::Sha256, message)
    }

    /// Of a text or of octets, with this function.
    #[must_use]
    pub fn with(sha: Sha, message: impl AsRef<[u8]>) -> Self {
        let message = message.as_ref();
        let digest = digest::digest(sha.algorithm(), message);
        Self { message: message.into(), digest: digest.as_ref().to_vec() }
    }

    /// So many different ones.
    #[must_use]
    pub fn many(label: &str, count: usize) -> Vec<Self> {
        (0..count).map(|number| Self::of(format!("{label} {number}"))).collect()
    }

    /// As the wire has it.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64.encode(&self.digest)
    }
}

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sha {
    Sha256,
    Sha384,
    Sha512,
}

impl Sha {
    /// All.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Dotted OID.
    #[must_use]
    pub const fn oid(self) -> &'static str {
        match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }

    const fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// What a digest is made a signature with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Padding {
    Pkcs1,
    Pss(u8),
    Ecdsa,
}

/// What a client asks for in signHash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithm {
    pub sign_algo: &'static str,
    pub hash_algo: Option<&'static str>,
    pub params: Option<String>,
    pub sha: Sha,
    padding: Padding,
}

impl Algorithm {
    /// RSASSA-PKCS1-v1_5 by its combined OID.
    #[must_use]
    pub const fn pkcs1(sha: Sha) -> Self {
        let sign_algo = match sha {
            Sha::Sha256 => "1.2.840.113549.1.1.11",
            Sha::Sha384 => "1.2.840.113549.1.1.12",
            Sha::Sha512 => "1.2.840.113549.1.1.13",
        };
        Self { sign_algo, hash_algo: None, params: None, sha, padding: Padding::Pkcs1 }
    }

    /// RSASSA-PSS with MGF1 of the same function and this salt length.
    #[must_use]
    pub fn pss(sha: Sha, salt: u8) -> Self {
        let params = Some(BASE64.encode(&pss_params(sha, sha, salt)));
        Self { sign_algo: "1.2.840.113549.1.1.10", hash_algo: None, params, sha, padding: Padding::Pss(salt) }
    }

    /// ECDSA by its combined OID.
    #[must_use]
    pub const fn ecdsa(sha: Sha) -> Self {
        let sign_algo = match sha {
            Sha::Sha256 => "1.2.840.10045.4.3.2",
            Sha::Sha384 => "1.2.840.10045.4.3.3",
            Sha::Sha512 => "1.2.840.10045.4.3.4",
        };
        Self { sign_algo, hash_algo: None, params: None, sha, padding: Padding::Ecdsa }
    }

    /// The same by the bare OID of the key, the hash function named beside it.
    #[must_use]
    pub fn bare(self) -> Self {
        let sign_algo = if self.padding == Padding::Ecdsa { "1.2.840.10045.2.1" } else { "1.2.840.113549.1.1.1" };
        Self { sign_algo, hash_algo: Some(self.sha.oid()), ..self }
    }

    /// The usual one of a key type with SHA-256.
    #[must_use]
    pub fn usual(key: &str) -> Self {
        if key.starts_with("RSA") { Self::pkcs1(Sha::Sha256) } else { Self::ecdsa(Sha::Sha256) }
    }
}

/// DER of RSASSA-PSS-params; every function named here has nine octets of OID.
#[must_use]
pub fn pss_params(hash: Sha, mask: Sha, salt: u8) -> Vec<u8> {
    let identifier = |sha: Sha| {
        tlv(0x30, &[&der::asn1::ObjectIdentifier::new_unwrap(sha.oid()).to_der().unwrap()[..], &[5, 0]].concat())
    };
    let mgf1 = der::asn1::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8").to_der().unwrap();
    let mask = tlv(0x30, &[mgf1, identifier(mask)].concat());
    let salt = salt.to_der().unwrap();
    tlv(0x30, &[tlv(0xa0, &identifier(hash)), tlv(0xa1, &mask), tlv(0xa2, &salt)].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).ok().filter(|length| *length < 128).expect("short");
    [&[tag, length], content].concat()
}

/// The public key of a certificate.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: String,
    spki: Vec<u8>,
    bits: Vec<u8>,
}

impl PublicKey {
    /// Of a certificate in DER; `key` is the type it should be, as the ready file names it.
    ///
    /// # Panics
    /// When it is no certificate.
    #[must_use]
    pub fn of(key: &str, certificate: &[u8]) -> Self {
        let certificate = Certificate::from_der(certificate).unwrap();
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let bits = spki.subject_public_key.as_bytes().unwrap().to_vec();
        Self { key: key.to_owned(), spki: spki.to_der().unwrap(), bits }
    }

    /// By aws-lc-rs, which knows PSS only with a salt as long as the digest.
    ///
    /// # Panics
    /// When asked for what it does not know.
    #[must_use]
    pub fn verifies(&self, algorithm: &Algorithm, hash: &Hash, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.aws(algorithm), &self.bits).verify(&hash.message, signature).is_ok()
    }

    fn aws(&self, algorithm: &Algorithm) -> &'static dyn VerificationAlgorithm {
        use Padding::{Ecdsa, Pkcs1, Pss};
        use Sha::{Sha256, Sha384, Sha512};
        match (self.key.as_str(), algorithm.padding, algorithm.sha) {
            (key, Pkcs1, Sha256) if key.starts_with("RSA") => &signature::RSA_PKCS1_2048_8192_SHA256,
            (key, Pkcs1, Sha384) if key.starts_with("RSA") => &signature::RSA_PKCS1_2048_8192_SHA384,
            (key, Pkcs1, Sha512) if key.starts_with("RSA") => &signature::RSA_PKCS1_2048_8192_SHA512,
            (key, Pss(32), Sha256) if key.starts_with("RSA") => &signature::RSA_PSS_2048_8192_SHA256,
            ("P-256", Ecdsa, Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
            ("P-256", Ecdsa, Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
            ("P-384", Ecdsa, Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
            ("P-384", Ecdsa, Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
            ("P-521", Ecdsa, Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
            (key, ..) => panic!("aws-lc-rs is not asked about {algorithm:?} with {key}"),
        }
    }

    /// By the openssl program.
    ///
    /// # Errors
    /// What it said.
    ///
    /// # Panics
    /// When there is no openssl.
    pub fn openssl(&self, algorithm: &Algorithm, hash: &Hash, signature: &[u8]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let (key, message) = (write("key.der", &self.spki), write("message", &hash.message));
        let signature = write("signature", signature);
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", &format!("-{}", algorithm.sha.name()), "-keyform", "DER", "-verify"]).arg(key);
        if let Padding::Pss(salt) = algorithm.padding {
            openssl.args(["-sigopt", "rsa_padding_mode:pss", "-sigopt", &format!("rsa_pss_saltlen:{salt}")]);
            openssl.args(["-sigopt", &format!("rsa_mgf1_md:{}", algorithm.sha.name())]);
        }
        command(openssl.arg("-signature").arg(signature).arg(message)).map(|_| ())
    }
}

/// Whether openssl accepts the chain up to this root.
///
/// # Errors
/// What it said.
pub fn openssl_chain(root: &Path, certificate: &Path) -> Result<String, String> {
    command(Command::new("openssl").args(["verify", "-CAfile"]).arg(root).arg(certificate))
}
