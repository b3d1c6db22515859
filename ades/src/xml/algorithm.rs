//! URIs of algorithms (XML Signature 1.1, 6; RFC 9231).

use rsign_api::algorithm::{HashAlgorithm, Scheme};

use super::Error;
use crate::{Signatory, key};

/// Canonical XML 1.0, without comments.
pub(super) const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
/// Exclusive Canonical XML 1.0, without comments.
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Leaves out the signature itself.
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// Decodes, and names an encoding too.
pub(super) const BASE64: &str = "http://www.w3.org/2000/09/xmldsig#base64";

/// Of `ds:DigestMethod`.
pub(super) const fn hash(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        HashAlgorithm::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
        HashAlgorithm::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
    }
}

/// Of `ds:SignatureMethod`.
pub(super) fn signature(scheme: Scheme) -> Result<&'static str, Error> {
    Ok(match scheme {
        Scheme::Pkcs1 { hash } => match hash {
            HashAlgorithm::Sha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            HashAlgorithm::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            HashAlgorithm::Sha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        },
        Scheme::Pss { hash, salt } if salt as usize == hash.len() => match hash {
            HashAlgorithm::Sha256 => "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            HashAlgorithm::Sha384 => "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
            HashAlgorithm::Sha512 => "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
        },
        Scheme::Pss { .. } => return Err(Error::NoName("PSS with a salt that is not as long as the hash")),
        Scheme::Ecdsa { hash } => match hash {
            HashAlgorithm::Sha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            HashAlgorithm::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            HashAlgorithm::Sha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        },
    })
}

/// Length in bytes of r and of s, none for RSA.
pub(super) fn length(signatory: &Signatory) -> Result<Option<usize>, Error> {
    if !matches!(signatory.scheme, Scheme::Ecdsa { .. }) {
        return Ok(None);
    }
    let certificate = signatory.chain.first().ok_or(Error::NoCertificate)?;
    let curve = key::curve(certificate)?.ok_or(Error::NoName("ECDSA with a key on an unknown curve"))?;
    Ok(Some(key::length(curve)))
}
