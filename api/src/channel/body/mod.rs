//! What records say (3.5): one request and one answer for each operation.
//!
//! | tag | value | enrol | authorize | sign | change PIN | factor | every answer |
//! |---|---|---|---|---|---|---|---|
//! | 01 | credential id, UTF-8, 1 to 256 octets | x | x | x | x | x | x |
//! | 02 | key version, u32 | x | x | x | x | x | x |
//! | 03 | tx, UTF-8, 1 to 256 octets | x | x | x | x | x | x |
//! | 04 | PIN, UTF-8 in NFKC, 1 to 256 octets | | x | x | x | to begin | of enrol, drawn |
//! | 05 | new PIN, the same | ? | | | x | | |
//! | 06 | second factor, 1 to 4096 octets; of TOTP six ASCII digits | ? | ? | ? | ? | ? to begin, x to confirm | |
//! | 07 | list ([`super::list`]), at most 100 entries | | | x | | | |
//! | 08 | list digest, 32 octets; of enrol [`super::context::enrol_digest`] | x | with a list | | | | |
//! | 09 | result, u16: 0 is done, others are [`Reason`]s | | | | | | x |
//! | 0a | seconds after which to try again, u32 | | | | | | ? of 2, 5, 10, 12 |
//! | 0b | signatures: u16 count, then each as lp, 1 to 1024 octets | | | | | | of sign, done |
//! | 0c | tries left, u32 | | | | | | ? of 1 |
//! | 0d | scheme: u8 (1 PKCS#1 v1.5, 2 PSS, 3 ECDSA), u32 salt length (0 but for PSS) | | | x | | | |
//! | 0e | signatures approved, u32, at least 1 | | x | | | | |
//! | 0f | `otpauth` URI of a new second factor, UTF-8, 1 to 1024 octets | | | | | | of factor, begun; ? of enrol |
//! | 10 | the same as a QR code: u8 side, then the modules by rows, a bit each, 1 is dark | | | | | | with 0f |
//!
//! x: there; ?: may be there. An enrol request without 05 has the signer draw the PIN: then, and only then, the answer
//! brings it. A factor request with 04 begins: it brings the PIN and, where the credential has a factor, a code of that
//! one (06); one without 04 confirms what was begun (or enrolled) with its first code (06). The modules of 10 are
//! packed, most significant bit first; bits after the last are zero. The body of close is empty, and so is its
//! answer's; a close that is refused is answered as any operation is, and the session goes on.

mod answer;
mod authenticator;
mod reason;
mod request;

pub use answer::Answer;
pub use authenticator::Authenticator;
pub use reason::Reason;
pub use request::{Authorize, ChangePin, Enrol, Factor, Request, Sign};

use super::tlv::{Fields, tag};
use super::{Failure, Secret};

/// Most octets of an id.
const MAX_NAME: usize = 256;

/// Most octets of a PIN.
const MAX_PIN: usize = 256;

/// What an answer that is no refusal has to bring, by its request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    /// Signatures, as many as hashes.
    signatures: usize,
    /// A PIN, since the user chose none.
    pin: bool,
    /// A second factor, since one is begun.
    factor: bool,
}

/// What every body repeats of the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The credential.
    pub credential: String,
    /// Version of its key.
    pub key_version: u32,
    /// The transaction.
    pub tx: String,
}

impl Names {
    /// Within the limits.
    pub(super) fn checked(self) -> Result<Self, Failure> {
        let fits = |name: &str| (1..=MAX_NAME).contains(&name.len());
        if fits(&self.credential) && fits(&self.tx) { Ok(self) } else { Err(Failure) }
    }

    /// Reads a body's beginning, which must be these names.
    fn expect(&self, fields: &mut Fields<'_>) -> Result<(), Failure> {
        let same = fields.required(tag::CREDENTIAL)? == self.credential.as_bytes()
            && fields.number(tag::KEY_VERSION)? == self.key_version
            && fields.required(tag::TX)? == self.tx.as_bytes();
        if same { Ok(()) } else { Err(Failure) }
    }
}

fn within(octets: &[u8], most: usize) -> Result<&[u8], Failure> {
    if (1..=most).contains(&octets.len()) { Ok(octets) } else { Err(Failure) }
}

fn optional_secret(fields: &mut Fields<'_>, tag: u8, most: usize) -> Result<Option<Secret>, Failure> {
    let secret = fields.optional(tag)?;
    secret.map(|octets| within(octets, most).map(|octets| Secret::new(octets.to_vec()))).transpose()
}
