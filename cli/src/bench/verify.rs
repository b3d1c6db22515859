//! Checks every signature of a slice, after its clock has stopped.

use anyhow::Context as _;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use der::{AnyRef, Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};

/// A credential's public key.
#[derive(Debug, Clone)]
pub(super) struct PublicKey {
    rsa: bool,
    spki: Vec<u8>,
}

impl PublicKey {
    pub(super) fn of_certificate(der: &[u8]) -> anyhow::Result<Self> {
        let certificate = x509_cert::Certificate::from_der(der).context("the certificate")?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let rsa = spki.algorithm.oid.to_string() == "1.2.840.113549.1.1.1";
        Ok(Self { rsa, spki: spki.to_der()? })
    }

    /// Whether this is a signature over the message with this number.
    pub(super) fn verifies(&self, number: u64, signature: &[u8]) -> bool {
        self.verifies_message(&message(number), signature)
    }

    /// Whether this CMS, with octets behind it or without, says this digest and has this key's signature.
    pub(super) fn verifies_cms(&self, cms: &[u8], digest: &[u8]) -> bool {
        let Some((attributes, signature)) = signed_attributes(cms) else { return false };
        let says = attributes.windows(digest.len()).any(|part| part == digest);
        says && self.verifies_message(&attributes, &signature)
    }

    fn verifies_message(&self, message: &[u8], signature: &[u8]) -> bool {
        if self.rsa {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.spki).verify(message, signature).is_ok()
        } else {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.spki).verify(message, signature).is_ok()
        }
    }
}

/// Of the only signer: the signed attributes as they were signed, and the signature value (RFC 5652, 5.3 and 5.4).
fn signed_attributes(cms: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (content_info, _) = AnyRef::from_der_partial(cms).ok()?;
    let content = members(content_info)?.pop()?;
    let signed_data = members(content)?.pop()?;
    let infos = members(signed_data)?.pop()?;
    let info = members(members(infos)?.pop()?)?;
    let [_, _, _, attributes, _, signature, ..] = info[..] else { return None };
    let set = AnyRef::new(der::Tag::Set, attributes.value()).ok()?.to_der().ok()?;
    Some((set, signature.value().to_vec()))
}

fn members(value: AnyRef<'_>) -> Option<Vec<AnyRef<'_>>> {
    let (mut rest, mut members) = (value.value(), Vec::new());
    while !rest.is_empty() {
        let (member, left) = AnyRef::from_der_partial(rest).ok()?;
        members.push(member);
        rest = left;
    }
    Some(members)
}

/// Every message of a run is another: a signature that belongs to another caller does not verify.
pub(super) fn message(number: u64) -> [u8; 24] {
    let mut message = *b"rsign bench 0000 \0\0\0\0\0\0\0";
    message[16..].copy_from_slice(&number.to_be_bytes());
    message
}

pub(super) fn digest(number: u64) -> [u8; 32] {
    Sha256::digest(message(number)).into()
}
