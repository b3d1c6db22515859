//! Chance, passed in.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

/// The source gave nothing: a machine in deep trouble.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the random source failed")]
pub struct Exhausted;

/// Draws octets nobody can guess.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills the slice.
    ///
    /// # Errors
    /// [`Exhausted`].
    fn fill(&self, octets: &mut [u8]) -> Result<(), Exhausted>;
}

impl dyn Random + '_ {
    /// 256 bits as base64url without padding: a secret.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn secret(&self) -> Result<String, Exhausted> {
        let mut octets = zeroize::Zeroizing::new([0; 32]);
        self.fill(octets.as_mut())?;
        Ok(BASE64URL_NOPAD.encode(octets.as_ref()))
    }

    /// 128 bits as base64url without padding: the id of a transaction.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn handle(&self) -> Result<String, Exhausted> {
        let mut octets = [0; 16];
        self.fill(&mut octets)?;
        Ok(BASE64URL_NOPAD.encode(&octets))
    }

    /// 128 bits in hexadecimal: the id of something new.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn id(&self) -> Result<String, Exhausted> {
        let mut octets = [0; 16];
        self.fill(&mut octets)?;
        Ok(HEXLOWER.encode(&octets))
    }
}

/// The machine's source.
#[derive(Debug, Default)]
pub struct SystemSource(SystemRandom);

impl Random for SystemSource {
    fn fill(&self, octets: &mut [u8]) -> Result<(), Exhausted> {
        self.0.fill(octets).map_err(|_| Exhausted)
    }
}
