//! Verifies signatures with SHA-256, and those of JWS with the hash function of the key's curve, apart from the code that makes
//! them.

use anyhow::{Context as _, bail};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_FIXED,
    ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use data_encoding::HEXLOWER_PERMISSIVE;
use der::{AnyRef, Decode as _, Encode as _};

/// A credential's public key.
#[derive(Debug, Clone)]
pub(crate) struct PublicKey {
    kind: Kind,
    spki: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    P521,
}

impl PublicKey {
    pub(crate) fn of_certificate(der: &[u8]) -> anyhow::Result<Self> {
        let certificate = x509_cert::Certificate::from_der(der).context("the certificate")?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let curve = || {
            let parameters = spki.algorithm.parameters.as_ref()?;
            parameters.decode_as::<der::oid::ObjectIdentifier>().ok().map(|oid| oid.to_string())
        };
        let kind = match (spki.algorithm.oid.to_string().as_str(), curve().as_deref()) {
            ("1.2.840.113549.1.1.1", _) => Kind::Rsa,
            ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => Kind::P256,
            ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => Kind::P384,
            ("1.2.840.10045.2.1", Some("1.3.132.0.35")) => Kind::P521,
            (algorithm, _) => bail!("a certificate of a key of another kind: {algorithm}"),
        };
        Ok(Self { kind, spki: spki.to_der()? })
    }

    /// Whether this is a signature over the message: RSA PKCS#1 v1.5, or ECDSA in DER.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let known: &'static dyn VerificationAlgorithm = match self.kind {
            Kind::Rsa => &RSA_PKCS1_2048_8192_SHA256,
            Kind::P256 => &ECDSA_P256_SHA256_ASN1,
            Kind::P384 => &ECDSA_P384_SHA256_ASN1,
            Kind::P521 => &ECDSA_P521_SHA256_ASN1,
        };
        self.verifies_by(known, message, signature)
    }

    /// The same as JWA writes it (RFC 7518, 3.1), by the name it has there.
    pub(crate) fn verifies_jws(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let known: &'static dyn VerificationAlgorithm = match (algorithm, self.kind) {
            ("RS256", Kind::Rsa) => &RSA_PKCS1_2048_8192_SHA256,
            ("PS256", Kind::Rsa) => &RSA_PSS_2048_8192_SHA256,
            ("ES256", Kind::P256) => &ECDSA_P256_SHA256_FIXED,
            ("ES384", Kind::P384) => &ECDSA_P384_SHA384_FIXED,
            ("ES512", Kind::P521) => &ECDSA_P521_SHA512_FIXED,
            _ => return false,
        };
        self.verifies_by(known, message, signature)
    }

    /// Whether this CMS, with octets behind it or without, says this digest and has this key's signature.
    pub(crate) fn verifies_cms(&self, cms: &[u8], digest: &[u8]) -> bool {
        let Some((attributes, signature)) = signed_attributes(cms) else { return false };
        says(&attributes, digest) && self.verifies(&attributes, &signature)
    }

    fn verifies_by(&self, known: &'static dyn VerificationAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(known, &self.spki).verify(message, signature).is_ok()
    }
}

/// Whether a signed attribute is this message digest (RFC 5652, 11.2).
fn says(attributes: &[u8], digest: &[u8]) -> bool {
    const MESSAGE_DIGEST: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
    let one = |attribute: AnyRef<'_>| {
        let [name, values] = members(attribute)?.try_into().ok()?;
        let [value] = members(values)?.try_into().ok()?;
        Some(name.to_der().ok()? == MESSAGE_DIGEST && value.value() == digest)
    };
    let set = AnyRef::from_der(attributes).ok().and_then(members).unwrap_or_default();
    set.into_iter().any(|attribute| one(attribute) == Some(true))
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

/// The CMS of the signature that was appended first to a PDF of so many octets, with its padding, and what `/ByteRange`
/// covers.
pub(crate) fn taken_apart(signed: &[u8], original: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let update = String::from_utf8_lossy(signed.get(original..)?);
    let numbers = update.split_once("/ByteRange")?.1.split_once('[')?.1.split_once(']')?.0;
    let numbers: Vec<usize> = numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [0, before, after, rest] = numbers[..] else { return None };
    // All that was there, and more, is covered.
    if before < original || after < before + 2 {
        return None;
    }
    let cms = HEXLOWER_PERMISSIVE.decode(signed.get(before + 1..after - 1)?).ok()?;
    Some((cms, [signed.get(..before)?, signed.get(after..after.checked_add(rest)?)?].concat()))
}
