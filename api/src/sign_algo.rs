//! `signAlgo`, `signAlgoParams` and `hashAlgo` of the wire, and the scheme they name together (CSC clause 11.10).

use data_encoding::BASE64;
use der::{Any, Decode, Sequence, asn1::ObjectIdentifier};
use spki::AlgorithmIdentifier;

use crate::algorithm::{HashAlgorithm, KeyType, Scheme, oid};
use crate::error::{self, Fault};

/// What a client wrote.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// `signAlgo`.
    pub algorithm: &'a str,
    /// `signAlgoParams`, Base64 of DER.
    pub params: Option<&'a str>,
    /// `hashAlgo` or `hashAlgorithmOID`; ignored where the algorithm names its hash function.
    pub hash: Option<&'a str>,
}

/// What an OID says by itself.
enum Meaning {
    Whole(Scheme),
    BareRsa,
    BareEc,
    Pss,
}

impl Named<'_> {
    /// The scheme, if the key can do it; checks in the order of the error table.
    ///
    /// # Errors
    /// The table's sentences.
    pub fn scheme(self, key: KeyType) -> Result<Scheme, Fault> {
        let scheme = match meaning(self.algorithm) {
            Some(Meaning::Whole(scheme)) => scheme,
            Some(Meaning::BareRsa) => Scheme::Pkcs1 { hash: self.named_hash()? },
            Some(Meaning::BareEc) => Scheme::Ecdsa { hash: self.named_hash()? },
            Some(Meaning::Pss) => pss(self.params.ok_or(error::SIGN_ALGO_PARAMS_MISSING)?)?,
            None => return Err(error::SIGN_ALGO),
        };
        match scheme {
            scheme if scheme.fits(key) => Ok(scheme),
            // The key can do PSS, but not with this salt.
            Scheme::Pss { .. } if key.is_rsa() => Err(error::SIGN_ALGO_PARAMS),
            _ => Err(error::SIGN_ALGO),
        }
    }

    fn named_hash(self) -> Result<HashAlgorithm, Fault> {
        hash(self.hash.ok_or(error::HASH_ALGO_MISSING)?)
    }
}

/// The hash function a dotted OID names; SHA-1 and SHA-224 are too weak to be known here.
///
/// # Errors
/// The table's sentence.
pub fn hash(dotted: &str) -> Result<HashAlgorithm, Fault> {
    let oid = ObjectIdentifier::new(dotted).map_err(|_| error::HASH_ALGO)?;
    HashAlgorithm::from_oid(oid).ok_or(error::HASH_ALGO)
}

/// `key.algo`: clients take the first entry or search for a combined OID, so those stand first (clients.md 2m, 9).
#[must_use]
pub fn offered(key: KeyType) -> Vec<ObjectIdentifier> {
    match key {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            vec![oid::RSA_SHA256, oid::RSA_SHA384, oid::RSA_SHA512, oid::RSA_PSS, oid::RSA]
        }
        KeyType::P256 => vec![oid::ECDSA_SHA256, oid::ECDSA_SHA384, oid::ECDSA_SHA512, oid::EC],
        KeyType::P384 => vec![oid::ECDSA_SHA384, oid::ECDSA_SHA512, oid::ECDSA_SHA256, oid::EC],
        KeyType::P521 => vec![oid::ECDSA_SHA512, oid::ECDSA_SHA384, oid::ECDSA_SHA256, oid::EC],
    }
}

fn meaning(dotted: &str) -> Option<Meaning> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    Some(match ObjectIdentifier::new(dotted).ok()? {
        oid::RSA_SHA256 => Meaning::Whole(Scheme::Pkcs1 { hash: Sha256 }),
        oid::RSA_SHA384 => Meaning::Whole(Scheme::Pkcs1 { hash: Sha384 }),
        oid::RSA_SHA512 => Meaning::Whole(Scheme::Pkcs1 { hash: Sha512 }),
        oid::ECDSA_SHA256 => Meaning::Whole(Scheme::Ecdsa { hash: Sha256 }),
        oid::ECDSA_SHA384 => Meaning::Whole(Scheme::Ecdsa { hash: Sha384 }),
        oid::ECDSA_SHA512 => Meaning::Whole(Scheme::Ecdsa { hash: Sha512 }),
        oid::RSA => Meaning::BareRsa,
        oid::EC => Meaning::BareEc,
        oid::RSA_PSS => Meaning::Pss,
        _ => return None,
    })
}

/// `RSASSA-PSS-params` (RFC 8017, A.2.3). Every member has a default, and both default hash functions are SHA-1.
#[derive(Sequence)]
struct PssParams {
    #[asn1(context_specific = "0", optional = "true")]
    hash: Option<AlgorithmIdentifier<Any>>,
    #[asn1(context_specific = "1", optional = "true")]
    mask: Option<AlgorithmIdentifier<Any>>,
    #[asn1(context_specific = "2", optional = "true")]
    salt: Option<u32>,
    #[asn1(context_specific = "3", optional = "true")]
    trailer: Option<u32>,
}

fn pss(params: &str) -> Result<Scheme, Fault> {
    let invalid = error::SIGN_ALGO_PARAMS;
    let der = BASE64.decode(params.as_bytes()).map_err(|_| invalid)?;
    let params = PssParams::from_der(&der).map_err(|_| invalid)?;
    let hash = params.hash.as_ref().and_then(hash_of).ok_or(invalid)?;
    let mask = params.mask.filter(|mask| mask.oid == oid::MGF1).ok_or(invalid)?;
    let mask_hash: AlgorithmIdentifier<Any> =
        mask.parameters.as_ref().and_then(|inner| inner.decode_as().ok()).ok_or(invalid)?;
    // Tokens disagree on an MGF1 hash unlike the message's; nobody needs one.
    if hash_of(&mask_hash) != Some(hash) || params.trailer.unwrap_or(1) != 1 {
        return Err(invalid);
    }
    Ok(Scheme::Pss { hash, salt: params.salt.unwrap_or(20) })
}

/// The hash function of an AlgorithmIdentifier whose parameters are absent or NULL (RFC 4055, 2.1).
fn hash_of(identifier: &AlgorithmIdentifier<Any>) -> Option<HashAlgorithm> {
    let plain = identifier.parameters.as_ref().is_none_or(Any::is_null);
    HashAlgorithm::from_oid(identifier.oid).filter(|_| plain)
}

#[cfg(test)]
mod tests;
