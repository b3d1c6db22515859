//! OCSP answers of the built-in CA, which signs them itself (RFC 6960, 4.2.2.2).

use rsign_ades::evidence::ocsp::{Answered, to_be_signed};

use super::{Authority, Error, ToBeSigned};

impl Authority {
    /// The body of an answer; once signed it is a `BasicOCSPResponse`. `now` in Unix seconds, `life` in seconds.
    pub fn ocsp(&self, answered: &[Answered], nonce: Option<&[u8]>, now: u64, life: u64) -> Result<ToBeSigned, Error> {
        let body = to_be_signed(&self.public, answered, nonce, now, life)?;
        ToBeSigned::of_octets(body, &self.verifier)
    }
}
