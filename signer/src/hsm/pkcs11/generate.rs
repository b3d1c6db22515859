//! Makes a signing key and its KEK, wraps the one under the other and the other into the PIN slot.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType as Kind, ObjectHandle};
use cryptoki::session::Session;
use der::Encode as _;
use der::asn1::OctetStringRef;
use rsign_api::algorithm::KeyType;

use super::template::{self, Extractable};
use super::{Token, TokenError};
use crate::hsm::{Generated, Opener, PublicKey};

/// 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

impl Token {
    pub(super) fn generate(&self, key: KeyType, opener: &Opener) -> Result<Generated, TokenError> {
        let session = self.session()?;
        let (public, private) = key_pair(&session, key, &template::signing_key(kind(key), Extractable::Yes), None)?;
        let kek = session.generate_key(&Mechanism::AesKeyGen, &template::new_kek())?;
        let (wrapped_key, slot) = self.compare(&session, key, (private, kek), opener)?;
        Ok(Generated { wrapped_key, slot, public: read_public(&session, key, public)? })
    }
}

/// The key type as PKCS#11 names it.
pub(super) const fn kind(key: KeyType) -> Kind {
    if key.is_rsa() { Kind::RSA } else { Kind::EC }
}

/// Generates a key pair; with a label for keys that stay on the token.
pub(super) fn key_pair(
    session: &Session,
    key: KeyType,
    private: &[Attribute],
    label: Option<&str>,
) -> Result<(ObjectHandle, ObjectHandle), TokenError> {
    let mut public = template::public_key();
    let mechanism = if let Some(curve) = key.curve() {
        public.push(Attribute::EcParams(curve.to_der().map_err(|error| TokenError::Device(error.to_string()))?));
        Mechanism::EccKeyPairGen
    } else {
        public.push(Attribute::ModulusBits(u64::from(key.bits()).into()));
        public.push(Attribute::PublicExponent(EXPONENT.to_vec()));
        Mechanism::RsaPkcsKeyPairGen
    };
    if let Some(label) = label {
        public.retain(|attribute| !matches!(attribute, Attribute::Token(_)));
        public.extend([Attribute::Token(true), Attribute::Label(label.as_bytes().to_vec())]);
    }
    Ok(session.generate_key_pair(&mechanism, &public, private)?)
}

/// Reads the public half.
pub(super) fn read_public(session: &Session, key: KeyType, public: ObjectHandle) -> Result<PublicKey, TokenError> {
    if key.is_rsa() {
        let attributes = session.get_attributes(public, &[AttributeType::Modulus, AttributeType::PublicExponent])?;
        let mut parts = (None, None);
        for attribute in attributes {
            match attribute {
                Attribute::Modulus(modulus) => parts.0 = Some(modulus),
                Attribute::PublicExponent(exponent) => parts.1 = Some(exponent),
                _ => {}
            }
        }
        let (Some(modulus), Some(exponent)) = parts else {
            return Err(TokenError::Device("the public key has no modulus or exponent".to_owned()));
        };
        return Ok(PublicKey::Rsa { modulus, exponent });
    }
    let attributes = session.get_attributes(public, &[AttributeType::EcPoint])?;
    let Some(Attribute::EcPoint(point)) = attributes.into_iter().next() else {
        return Err(TokenError::Device("the public key has no point".to_owned()));
    };
    // CKA_EC_POINT is the point inside a DER OCTET STRING.
    let point =
        <&OctetStringRef as der::Decode>::from_der(&point).map_err(|error| TokenError::Device(error.to_string()))?;
    Ok(PublicKey::Ec { point: point.as_bytes().to_vec() })
}
