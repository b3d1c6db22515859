//! `AlgorithmIdentifier` of what signs and what hashes (RFC 5754, RFC 4056, RFC 5758).

use der::Encode as _;
use der::asn1::{Any, ObjectIdentifier};
use rsign_api::algorithm::{HashAlgorithm, Scheme, oid};

use super::{Error, tlv};

/// Of a hash function: parameters are absent (RFC 5754, 2).
pub(super) fn hash(hash: HashAlgorithm) -> Result<Vec<u8>, Error> {
    tlv::sequence(&[&hash.oid().to_der()?])
}

/// Of a signature: NULL with PKCS#1 v1.5 (RFC 4055, 5), nothing with ECDSA (RFC 5758, 3.2). PSS always names hash
/// function and salt, whose defaults are those of SHA-1; the trailer field is the default (RFC 4055, 3.1).
pub(super) fn signature(scheme: Scheme) -> Result<Vec<u8>, Error> {
    match scheme {
        Scheme::Pkcs1 { hash } => tlv::sequence(&[&rsa(hash).to_der()?, &Any::null().to_der()?]),
        Scheme::Ecdsa { hash } => tlv::sequence(&[&ecdsa(hash).to_der()?]),
        Scheme::Pss { hash, salt } => {
            // RFC 4055, 2.1: NULL stands here, though an absent value means the same.
            let function = tlv::sequence(&[&hash.oid().to_der()?, &Any::null().to_der()?])?;
            let mask = tlv::sequence(&[&oid::MGF1.to_der()?, &function])?;
            let parameters = tlv::sequence(&[
                &tlv::of(tlv::context(0), &[&function])?,
                &tlv::of(tlv::context(1), &[&mask])?,
                &tlv::of(tlv::context(2), &[&salt.to_der()?])?,
            ])?;
            tlv::sequence(&[&oid::RSA_PSS.to_der()?, &parameters])
        }
    }
}

const fn rsa(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha256 => oid::RSA_SHA256,
        HashAlgorithm::Sha384 => oid::RSA_SHA384,
        HashAlgorithm::Sha512 => oid::RSA_SHA512,
    }
}

const fn ecdsa(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha256 => oid::ECDSA_SHA256,
        HashAlgorithm::Sha384 => oid::ECDSA_SHA384,
        HashAlgorithm::Sha512 => oid::ECDSA_SHA512,
    }
}
