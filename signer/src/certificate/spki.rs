//! `SubjectPublicKeyInfo` from the raw parts an HSM gives out, and which kind of key one holds.

use der::asn1::{Any, BitString, Null, UintRef};
use der::{Decode as _, Encode as _, Sequence};
use rsign_api::algorithm::{KeyType, oid};
use sha2::{Digest as _, Sha256};
use x509_cert::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::Error;

/// `RSAPublicKey` (RFC 8017, A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// The DER of an RSA key from its modulus and public exponent, big-endian (RFC 3279, 2.3.1).
pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, Error> {
    let key = RsaPublicKey { modulus: UintRef::new(modulus)?, exponent: UintRef::new(exponent)? };
    rsa_type(&key)?;
    let algorithm = AlgorithmIdentifier { oid: oid::RSA, parameters: Some(Any::encode_from(&Null)?) };
    encode(algorithm, &key.to_der()?)
}

/// The DER of an EC key from its uncompressed SEC 1 point (RFC 5480, 2).
///
/// `CKA_EC_POINT` wraps the point in an OCTET STRING; the caller takes that off.
pub fn ec(key: KeyType, point: &[u8]) -> Result<Vec<u8>, Error> {
    let curve = key.curve().ok_or(Error::Key)?;
    check_point(key, point)?;
    let algorithm = AlgorithmIdentifier { oid: oid::EC, parameters: Some(Any::encode_from(&curve)?) };
    encode(algorithm, point)
}

/// Which kind of key the DER holds. Whether an EC point lies on its curve is seen by [`super::Verifier::new`].
pub fn key_type(spki: &[u8]) -> Result<KeyType, Error> {
    parse(spki).map(|(key, _)| key)
}

/// The kind of key and the structure.
pub(super) fn parse(spki: &[u8]) -> Result<(KeyType, SubjectPublicKeyInfo), Error> {
    let spki = SubjectPublicKeyInfo::from_der(spki)?;
    let key = identify(&spki)?;
    Ok((key, spki))
}

/// Which kind of key it is.
pub(super) fn identify(spki: &SubjectPublicKeyInfo) -> Result<KeyType, Error> {
    let public = octets(spki)?;
    let parameters = spki.algorithm.parameters.as_ref().ok_or(Error::Key)?;
    match spki.algorithm.oid {
        oid::RSA if parameters.is_null() => rsa_type(&RsaPublicKey::from_der(public)?),
        oid::EC => {
            let curve = parameters.decode_as().map_err(|_| Error::Key)?;
            let key = KeyType::ALL.into_iter().find(|key| key.curve() == Some(curve)).ok_or(Error::Key)?;
            check_point(key, public)?;
            Ok(key)
        }
        _ => Err(Error::Key),
    }
}

/// The value of the BIT STRING: `RSAPublicKey` or the point.
pub(super) fn octets(spki: &SubjectPublicKeyInfo) -> Result<&[u8], Error> {
    spki.subject_public_key.as_bytes().ok_or(Error::Key)
}

/// Key identifier: the leftmost 160 bits of SHA-256 of the BIT STRING's value (RFC 7093, 2, method 1), since
/// SHA-1 of RFC 5280, 4.2.1.2, is not to be started anew.
pub(super) fn identifier(spki: &SubjectPublicKeyInfo) -> Result<[u8; 20], Error> {
    let digest = Sha256::digest(octets(spki)?);
    let mut identifier = [0; 20];
    identifier.copy_from_slice(&digest[..20]);
    Ok(identifier)
}

fn encode(algorithm: AlgorithmIdentifier, public: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(SubjectPublicKeyInfo { algorithm, subject_public_key: BitString::from_bytes(public)? }.to_der()?)
}

/// The modulus has exactly the bits of the kind: a shorter one would be an odd key, not a smaller kind.
fn rsa_type(key: &RsaPublicKey<'_>) -> Result<KeyType, Error> {
    let modulus = key.modulus.as_bytes();
    let zeros = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len() * 8 - zeros;
    KeyType::ALL.into_iter().find(|kind| kind.is_rsa() && kind.bits() as usize == bits).ok_or(Error::Key)
}

fn check_point(key: KeyType, point: &[u8]) -> Result<(), Error> {
    let coordinate = key.bits().div_ceil(8) as usize;
    let uncompressed = point.first() == Some(&0x04) && point.len() == 1 + 2 * coordinate;
    if uncompressed { Ok(()) } else { Err(Error::Key) }
}
