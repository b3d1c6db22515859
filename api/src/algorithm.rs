//! Keys, hashes and signature schemes, and the one table that ties them to the OIDs of the wire.

use serde::{Deserialize, Serialize};
use spki::ObjectIdentifier;

/// A kind of signing key rsign can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyType {
    /// RSA with a 2048-bit modulus.
    #[serde(rename = "RSA-2048")]
    Rsa2048,
    /// RSA with a 3072-bit modulus.
    #[serde(rename = "RSA-3072")]
    Rsa3072,
    /// RSA with a 4096-bit modulus.
    #[serde(rename = "RSA-4096")]
    Rsa4096,
    /// ECDSA on NIST P-256.
    #[serde(rename = "P-256")]
    P256,
    /// ECDSA on NIST P-384.
    #[serde(rename = "P-384")]
    P384,
    /// ECDSA on NIST P-521.
    #[serde(rename = "P-521")]
    P521,
}

impl KeyType {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 6] = [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256, Self::P384, Self::P521];

    /// The name in commands, files and headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::Rsa4096 => "RSA-4096",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// `key.len` of the API: bits of the modulus or of the curve's order.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Whether this is an RSA key.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The OID of the curve (`key.curve`), none for RSA.
    #[must_use]
    pub const fn curve(self) -> Option<ObjectIdentifier> {
        match self {
            Self::P256 => Some(oid::P256),
            Self::P384 => Some(oid::P384),
            Self::P521 => Some(oid::P521),
            _ => None,
        }
    }
}

impl std::str::FromStr for KeyType {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|key| key.name() == name)
            .ok_or_else(|| format!("unknown key type {name}; known are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// A hash function whose digests may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// Every hash function, weakest first.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Length of a digest in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a hash function's length, not a container's")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The OID of the hash function.
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    /// The hash function an OID names.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.oid() == oid)
    }
}

/// How a digest becomes a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "lowercase")]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5 over a `DigestInfo` (RFC 8017, 8.2).
    Pkcs1 {
        /// The digest's hash function.
        hash: HashAlgorithm,
    },
    /// RSASSA-PSS (RFC 8017, 8.1), MGF1 with the same hash function, trailer field 1.
    Pss {
        /// The digest's hash function.
        hash: HashAlgorithm,
        /// Salt length in bytes.
        salt: u32,
    },
    /// ECDSA, the signature as DER `ECDSA-Sig-Value` (RFC 3279).
    Ecdsa {
        /// The digest's hash function.
        hash: HashAlgorithm,
    },
}

impl Scheme {
    /// The digest's hash function.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::Pkcs1 { hash } | Self::Pss { hash, .. } | Self::Ecdsa { hash } => hash,
        }
    }

    /// Whether a key of this kind can make such a signature. For PSS the salt must fit the modulus
    /// (RFC 8017, 9.1.1: emLen >= hLen + sLen + 2).
    #[must_use]
    pub const fn fits(self, key: KeyType) -> bool {
        match self {
            Self::Pkcs1 { .. } => key.is_rsa(),
            Self::Pss { hash, salt } => key.is_rsa() && salt as usize + hash.len() + 2 <= key.bits() as usize / 8,
            Self::Ecdsa { .. } => !key.is_rsa(),
        }
    }
}

/// Object identifiers of the wire.
pub mod oid {
    use spki::ObjectIdentifier;

    const fn oid(dotted: &str) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(dotted)
    }

    /// SHA-256.
    pub const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
    /// SHA-384.
    pub const SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
    /// SHA-512.
    pub const SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");
    /// rsaEncryption: PKCS#1 v1.5 with the hash function named beside it.
    pub const RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
    /// sha256WithRSAEncryption.
    pub const RSA_SHA256: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
    /// sha384WithRSAEncryption.
    pub const RSA_SHA384: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
    /// sha512WithRSAEncryption.
    pub const RSA_SHA512: ObjectIdentifier = oid("1.2.840.113549.1.1.13");
    /// id-RSASSA-PSS.
    pub const RSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
    /// id-mgf1.
    pub const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
    /// id-ecPublicKey: ECDSA with the hash function named beside it.
    pub const EC: ObjectIdentifier = oid("1.2.840.10045.2.1");
    /// ecdsa-with-SHA256.
    pub const ECDSA_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
    /// ecdsa-with-SHA384.
    pub const ECDSA_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");
    /// ecdsa-with-SHA512.
    pub const ECDSA_SHA512: ObjectIdentifier = oid("1.2.840.10045.4.3.4");
    /// secp256r1.
    pub const P256: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
    /// secp384r1.
    pub const P384: ObjectIdentifier = oid("1.3.132.0.34");
    /// secp521r1.
    pub const P521: ObjectIdentifier = oid("1.3.132.0.35");
}
