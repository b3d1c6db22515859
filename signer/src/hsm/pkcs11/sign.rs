//! Opens K_sign for one operation and signs digests with it.

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};

use super::generate::kind;
use super::judge::Opened;
use super::template::{self, Extractable};
use super::{Token, TokenError};
use crate::hsm::{Answer, Opener, ecdsa};

impl Token {
    pub(super) fn sign(
        &self,
        opener: &Opener,
        slot: &[u8],
        wrapped_key: &[u8],
        key: KeyType,
        scheme: Scheme,
        digests: &[Vec<u8>],
    ) -> Result<Answer, TokenError> {
        let session = self.session()?;
        let Opened::Kek(kek) = self.open_slot(&session, opener, slot, Extractable::No)? else {
            return Ok(Answer::Refused);
        };
        let template = template::signing_key(kind(key), Extractable::No);
        let private = self.raw.unwrap(&session, self.wrap.number(), kek, wrapped_key, &template)?;
        let signatures = digests.iter().map(|digest| sign_digest(&session, private, key, scheme, digest));
        signatures.collect::<Result<_, _>>().map(Answer::Signatures)
    }
}

/// One signature over one digest.
pub(super) fn sign_digest(
    session: &Session,
    private: ObjectHandle,
    key: KeyType,
    scheme: Scheme,
    digest: &[u8],
) -> Result<Vec<u8>, TokenError> {
    match scheme {
        Scheme::Pkcs1 { hash } => {
            let info = [digest_info_prefix(hash), digest].concat();
            Ok(session.sign(&Mechanism::RsaPkcs, private, &info)?)
        }
        Scheme::Pss { hash, salt } => {
            let (hash_alg, mgf) = match hash {
                HashAlgorithm::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
                HashAlgorithm::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384),
                HashAlgorithm::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512),
            };
            let params = PkcsPssParams { hash_alg, mgf, s_len: u64::from(salt).into() };
            Ok(session.sign(&Mechanism::RsaPkcsPss(params), private, digest)?)
        }
        Scheme::Ecdsa { .. } => {
            let raw = session.sign(&Mechanism::Ecdsa, private, leftmost(digest, key))?;
            ecdsa::der(&raw).ok_or_else(|| TokenError::Device("not an ECDSA signature".to_owned()))
        }
    }
}

/// FIPS 186-5, 6.4.1: only the leftmost bits of a digest, as many as the order has, enter ECDSA. Some tokens
/// refuse what is longer.
fn leftmost(digest: &[u8], key: KeyType) -> &[u8] {
    digest.get(..(key.bits() as usize).div_ceil(8)).unwrap_or(digest)
}

/// DER of `DigestInfo` up to the digest (RFC 8017, 9.2, note 1).
const fn digest_info_prefix(hash: HashAlgorithm) -> &'static [u8] {
    match hash {
        HashAlgorithm::Sha256 => &[
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
            0x20,
        ],
        HashAlgorithm::Sha384 => &[
            0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04,
            0x30,
        ],
        HashAlgorithm::Sha512 => &[
            0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04,
            0x40,
        ],
    }
}
