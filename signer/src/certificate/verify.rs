//! Verifying signatures over digests: what every signature passes before it is released (DESIGN 3).

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{self as lc, ParsedPublicKey, RsaParameters, RsaPssSaltLength, VerificationAlgorithm};
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};

use super::{Error, spki};

/// A public key and the scheme its signatures are in, parsed once; shared freely between threads.
#[derive(Clone)]
pub struct Verifier {
    key: ParsedPublicKey,
    scheme: Scheme,
}

impl Verifier {
    /// Parses the DER of a `SubjectPublicKeyInfo`. A point that is not on its curve, or an RSA exponent that is
    /// even or too long, is refused here.
    pub fn new(spki: &[u8], scheme: Scheme) -> Result<Self, Error> {
        let (kind, spki) = spki::parse(spki)?;
        if !scheme.fits(kind) {
            return Err(Error::Scheme);
        }
        // The bare RSAPublicKey or point: aws-lc-rs would try these two first anyway and fail on a whole SPKI.
        let public = spki::octets(&spki)?;
        let key = ParsedPublicKey::new(algorithm(kind, scheme)?, public).map_err(|_| Error::Key)?;
        Ok(Self { key, scheme })
    }

    /// The scheme that is verified.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the signature is good. A digest of another length than the scheme's hash function's is not.
    #[must_use]
    pub fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        Digest::import_less_safe(digest, function(self.scheme.hash()))
            .is_ok_and(|digest| self.key.verify_digest_sig(&digest, signature).is_ok())
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// Whether the signature is the key's, for a single check; many with one key are cheaper through a [`Verifier`].
#[must_use]
pub fn verify(spki: &[u8], scheme: Scheme, digest: &[u8], signature: &[u8]) -> bool {
    Verifier::new(spki, scheme).is_ok_and(|verifier| verifier.verify(digest, signature))
}

const fn function(hash: HashAlgorithm) -> &'static digest::Algorithm {
    match hash {
        HashAlgorithm::Sha256 => &digest::SHA256,
        HashAlgorithm::Sha384 => &digest::SHA384,
        HashAlgorithm::Sha512 => &digest::SHA512,
    }
}

/// The one table from our schemes to aws-lc-rs's. ECDSA takes the leftmost bits of a digest longer than the
/// curve's order (FIPS 186-5, 6.4.1), so each curve goes with each hash function.
fn algorithm(key: KeyType, scheme: Scheme) -> Result<&'static dyn VerificationAlgorithm, Error> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    Ok(match (scheme, key) {
        (Scheme::Pkcs1 { hash: Sha256 }, _) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (Scheme::Pkcs1 { hash: Sha384 }, _) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (Scheme::Pkcs1 { hash: Sha512 }, _) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (Scheme::Pss { hash, salt }, _) => pss(hash, salt).ok_or(Error::Scheme)?,
        (Scheme::Ecdsa { hash: Sha256 }, KeyType::P256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Scheme::Ecdsa { hash: Sha384 }, KeyType::P256) => &lc::ECDSA_P256_SHA384_ASN1,
        (Scheme::Ecdsa { hash: Sha512 }, KeyType::P256) => &lc::ECDSA_P256_SHA512_ASN1,
        (Scheme::Ecdsa { hash: Sha256 }, KeyType::P384) => &lc::ECDSA_P384_SHA256_ASN1,
        (Scheme::Ecdsa { hash: Sha384 }, KeyType::P384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Scheme::Ecdsa { hash: Sha512 }, KeyType::P384) => &lc::ECDSA_P384_SHA512_ASN1,
        (Scheme::Ecdsa { hash: Sha256 }, KeyType::P521) => &lc::ECDSA_P521_SHA256_ASN1,
        (Scheme::Ecdsa { hash: Sha384 }, KeyType::P521) => &lc::ECDSA_P521_SHA384_ASN1,
        (Scheme::Ecdsa { hash: Sha512 }, KeyType::P521) => &lc::ECDSA_P521_SHA512_ASN1,
        (Scheme::Ecdsa { .. }, KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096) => return Err(Error::Scheme),
    })
}

/// One more than the longest salt any of our keys takes: 4096 bits with SHA-256 (RFC 8017, 9.1.1).
const SALTS: usize = 512 - 32 - 2 + 1;

/// Parsed keys want parameters that live for ever, so there is one per salt length, laid out by the compiler.
static PSS: [[RsaParameters; SALTS]; 3] =
    [pss_table(HashAlgorithm::Sha256), pss_table(HashAlgorithm::Sha384), pss_table(HashAlgorithm::Sha512)];

fn pss(hash: HashAlgorithm, salt: u32) -> Option<&'static RsaParameters> {
    PSS.get(hash as usize)?.get(usize::try_from(salt).ok()?)
}

const fn pss_table(hash: HashAlgorithm) -> [RsaParameters; SALTS] {
    let mut table = [const { lc::RSA_PSS_2048_8192_SHA256 }; SALTS];
    let mut salt = 0;
    while salt < SALTS {
        let parameters = match hash {
            HashAlgorithm::Sha256 => lc::RSA_PSS_2048_8192_SHA256,
            HashAlgorithm::Sha384 => lc::RSA_PSS_2048_8192_SHA384,
            HashAlgorithm::Sha512 => lc::RSA_PSS_2048_8192_SHA512,
        };
        table[salt] = parameters.with_pss_salt_length(RsaPssSaltLength::Custom(salt as u16));
        salt += 1;
    }
    table
}
