//! Which signatures are verified: the one table from their names to aws-lc-rs's.

use aws_lc_rs::digest as lc_digest;
use aws_lc_rs::signature::{self as lc, RsaParameters, RsaPssSaltLength, UnparsedPublicKey, VerificationAlgorithm};
use der::asn1::ObjectIdentifier;
use der::{Any, Decode as _, Encode as _, Sequence};
use rsign_api::algorithm::{HashAlgorithm, oid};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// `id-sha1`: names issuers in OCSP, and nothing is signed by it.
pub(crate) const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// `RSASSA-PSS-params` (RFC 4055, 3.1) as far as it is read.
#[derive(Sequence)]
struct Pss {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<u16>,
}

/// Whether this key made this signature over these octets. `function` is the hash function of what was signed, where that is
/// named elsewhere.
pub(super) fn verify(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    function: Option<HashAlgorithm>,
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let octets = key.subject_public_key.raw_bytes();
    if algorithm.oid == oid::RSA_PSS {
        let known = pss(key, algorithm, function);
        return known.is_some_and(|known| known.verify_sig(octets, signed, signature).is_ok());
    }
    let known = known(key, algorithm, function);
    known.is_some_and(|known| UnparsedPublicKey::new(known, octets).verify(signed, signature).is_ok())
}

fn known(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    function: Option<HashAlgorithm>,
) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = match key.algorithm.oid {
        oid::RSA => None,
        oid::EC => Some(key.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok()?),
        // A key for PSS makes nothing else (RFC 4055, 1.2).
        _ => return None,
    };
    let signature = match (algorithm.oid, function) {
        (oid::RSA, Some(HashAlgorithm::Sha256)) => oid::RSA_SHA256,
        (oid::RSA, Some(HashAlgorithm::Sha384)) => oid::RSA_SHA384,
        (oid::RSA, Some(HashAlgorithm::Sha512)) => oid::RSA_SHA512,
        (other, _) => other,
    };
    Some(match (signature, curve) {
        (oid::RSA_SHA256, None) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (oid::RSA_SHA384, None) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (oid::RSA_SHA512, None) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (oid::ECDSA_SHA256, Some(oid::P256)) => &lc::ECDSA_P256_SHA256_ASN1,
        (oid::ECDSA_SHA384, Some(oid::P256)) => &lc::ECDSA_P256_SHA384_ASN1,
        (oid::ECDSA_SHA512, Some(oid::P256)) => &lc::ECDSA_P256_SHA512_ASN1,
        (oid::ECDSA_SHA256, Some(oid::P384)) => &lc::ECDSA_P384_SHA256_ASN1,
        (oid::ECDSA_SHA384, Some(oid::P384)) => &lc::ECDSA_P384_SHA384_ASN1,
        (oid::ECDSA_SHA512, Some(oid::P384)) => &lc::ECDSA_P384_SHA512_ASN1,
        (oid::ECDSA_SHA256, Some(oid::P521)) => &lc::ECDSA_P521_SHA256_ASN1,
        (oid::ECDSA_SHA384, Some(oid::P521)) => &lc::ECDSA_P521_SHA384_ASN1,
        (oid::ECDSA_SHA512, Some(oid::P521)) => &lc::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// With one hash function everywhere, that of what was signed included (RFC 4056, 3), a salt of any length, and whatever the
/// key demands.
fn pss(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    function: Option<HashAlgorithm>,
) -> Option<RsaParameters> {
    let (named, salt) = parameters(algorithm.parameters.as_ref()?)?;
    let demanded = match (key.algorithm.oid, &key.algorithm.parameters) {
        (oid::RSA, _) | (oid::RSA_PSS, None) => None,
        (oid::RSA_PSS, Some(demanded)) => Some(parameters(demanded)?),
        _ => return None,
    };
    // RFC 4055, 3.3: the salt may be longer than the key says.
    let fits = demanded.is_none_or(|(function, least)| function == named && least <= salt);
    if !fits || function.is_some_and(|function| function != named) {
        return None;
    }
    let known = match named {
        HashAlgorithm::Sha256 => lc::RSA_PSS_2048_8192_SHA256,
        HashAlgorithm::Sha384 => lc::RSA_PSS_2048_8192_SHA384,
        HashAlgorithm::Sha512 => lc::RSA_PSS_2048_8192_SHA512,
    };
    Some(known.with_pss_salt_length(RsaPssSaltLength::Custom(salt)))
}

/// The hash function, which masks too, and the length of the salt; 20 where that is not said.
fn parameters(parameters: &Any) -> Option<(HashAlgorithm, u16)> {
    let parameters = Pss::from_der(&parameters.to_der().ok()?).ok()?;
    let function = HashAlgorithm::from_oid(parameters.hash?.oid)?;
    let mask = parameters.mask?;
    let inner = AlgorithmIdentifierOwned::from_der(&mask.parameters?.to_der().ok()?).ok()?;
    let same = mask.oid == oid::MGF1 && inner.oid == function.oid();
    same.then_some((function, parameters.salt.unwrap_or(20)))
}

/// Hash by the function of this name, SHA-1 included.
pub(crate) fn hash(function: ObjectIdentifier, octets: &[u8]) -> Option<Vec<u8>> {
    match HashAlgorithm::from_oid(function) {
        Some(known) => Some(crate::digest(known, octets)),
        None if function == SHA1 => {
            Some(lc_digest::digest(&lc_digest::SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref().to_vec())
        }
        None => None,
    }
}
