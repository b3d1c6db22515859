//! ClientHello and ServerHello (3.2): fixed lengths, one encoding, no options.

use p256::PublicKey;
use p256::elliptic_curve::sec1::ToSec1Point as _;

use super::octets::Octets;
use super::{Failure, MAGIC, SUITE};

/// First octet of an uncompressed point (SEC 1, 2.3.3): the only form allowed.
const UNCOMPRESSED: u8 = 0x04;

/// Octets of `sid` that name the signer's instance; the gateway routes by them (DESIGN 5).
pub const INSTANCE: usize = 4;

/// The client's half: `"RCH1" | 01 | suite | X(65) | Nc(32) | lp(ctx)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// X, on the curve and not the identity.
    pub share: PublicKey,
    /// Nc, 32 random octets, not all zero.
    pub nonce: [u8; 32],
    /// What the session is for: [`super::context::Context::digest`].
    pub ctx: [u8; 32],
}

impl ClientHello {
    /// Octets of a ClientHello; ctx always has 32.
    pub const LENGTH: usize = 137;
    const KIND: u8 = 0x01;

    /// The octets.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&MAGIC, [Self::KIND, SUITE].as_slice(), &point(&self.share), &self.nonce, &[0, 32], &self.ctx].concat()
    }

    /// Reads the octets.
    ///
    /// # Errors
    /// Anything but exactly such a message.
    pub fn decode(octets: &[u8]) -> Result<Self, Failure> {
        let mut octets = Octets(octets);
        octets.constant(&MAGIC)?;
        octets.constant(&[Self::KIND, SUITE])?;
        let share = read_point(&mut octets)?;
        let nonce = read_nonce(&mut octets)?;
        let ctx = octets.prefixed()?.try_into().map_err(|_| Failure)?;
        octets.end()?;
        Ok(Self { share, nonce, ctx })
    }
}

/// The signer's half: `"RCH1" | 02 | suite | sid(16) | Y(65) | Ns(32) | exp(u64) | kid(32)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// Names the session; its first four octets name the signer's instance.
    pub sid: [u8; 16],
    /// Y, on the curve and not the identity.
    pub share: PublicKey,
    /// Ns, 32 random octets, not all zero.
    pub nonce: [u8; 32],
    /// When the session ends, Unix seconds: it lives while the time is below.
    pub exp: u64,
    /// Names the identity key: [`super::identity::kid`].
    pub kid: [u8; 32],
}

impl ServerHello {
    /// Octets of a ServerHello.
    pub const LENGTH: usize = 159;
    const KIND: u8 = 0x02;

    /// The octets.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let exp = self.exp.to_be_bytes();
        let kind = [Self::KIND, SUITE];
        [&MAGIC, kind.as_slice(), &self.sid, &point(&self.share), &self.nonce, &exp, &self.kid].concat()
    }

    /// Reads the octets.
    ///
    /// # Errors
    /// Anything but exactly such a message.
    pub fn decode(octets: &[u8]) -> Result<Self, Failure> {
        let mut octets = Octets(octets);
        octets.constant(&MAGIC)?;
        octets.constant(&[Self::KIND, SUITE])?;
        let sid = octets.array()?;
        let share = read_point(&mut octets)?;
        let nonce = read_nonce(&mut octets)?;
        let exp = octets.u64()?;
        let kid = octets.array()?;
        octets.end()?;
        Ok(Self { sid, share, nonce, exp, kid })
    }

    /// The signer's instance the session lives in.
    #[must_use]
    pub fn instance(&self) -> [u8; INSTANCE] {
        super::record::instance(&self.sid)
    }
}

fn point(share: &PublicKey) -> Vec<u8> {
    share.to_sec1_point(false).as_bytes().to_vec()
}

/// A point of the curve other than the identity. The first octet is looked at here: the library would also take a
/// compressed point, other libraries a hybrid one.
fn read_point(octets: &mut Octets<'_>) -> Result<PublicKey, Failure> {
    let encoded: [u8; 65] = octets.array()?;
    if encoded.first() != Some(&UNCOMPRESSED) {
        return Err(Failure);
    }
    PublicKey::from_sec1_bytes(&encoded).map_err(|_| Failure)
}

/// All zeros is a broken random source, not a nonce.
fn read_nonce(octets: &mut Octets<'_>) -> Result<[u8; 32], Failure> {
    let nonce = octets.array()?;
    if nonce == [0; 32] { Err(Failure) } else { Ok(nonce) }
}
