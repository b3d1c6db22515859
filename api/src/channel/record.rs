//! Records (3.3): a 36-octet header, ciphertext in multiples of 256, a full HMAC. Encrypt, then MAC.
//!
//! ```text
//! hdr = "RCH1" | type 10 | dir (00 c2s, 01 s2c) | 0000 | sid(16) | seq(u64) | ctlen(u32)
//! pt  = N(16) | op(1) | bodylen(u32) | body | 80 | 00.. to the next multiple of 256
//! ct  = AES-256-CTR(K_dir_enc, counter block = seq(8) | 00000000 00000000, 64-bit counter)
//! tag = HMAC-SHA-256(K_dir_mac, hdr | ct)
//! ```

use aes::Aes256;
use ctr::Ctr64BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use zeroize::Zeroizing;

use super::hello::INSTANCE;
use super::octets::Octets;
use super::schedule::{Traffic, hmac, hmac_matches};
use super::{Failure, MAGIC, Secret};

/// Octets of the header.
const HEADER: usize = 36;
const TYPE: u8 = 0x10;
const RESERVED: [u8; 2] = [0; 2];
/// Octets of the tag.
const TAG: usize = 32;
/// Plaintexts are padded to a multiple of this, so that the ciphertext shows a length class only.
const BLOCK: usize = 256;
/// What stands in a plaintext besides the body: N, op, bodylen and the 80 of the padding.
const AROUND_BODY: usize = 16 + 1 + 4 + 1;
/// First octet of the padding.
const PADDING: u8 = 0x80;

/// Most octets of ciphertext.
pub const MAX_CIPHERTEXT: usize = 64 * 1024;
/// Most octets of a whole record.
pub const MAX_RECORD: usize = HEADER + MAX_CIPHERTEXT + TAG;
/// Most octets of a body.
pub const MAX_BODY: usize = MAX_CIPHERTEXT - AROUND_BODY;

/// The session a record says it is of: for finding it, before anything is checked.
///
/// # Errors
/// This is no record.
pub fn sid(record: &[u8]) -> Result<[u8; 16], Failure> {
    Ok(Frame::parse(record)?.sid)
}

/// The signer's instance a session lives in: what the gateway routes by.
#[must_use]
pub fn instance(sid: &[u8; 16]) -> [u8; INSTANCE] {
    let [a, b, c, d, ..] = *sid;
    [a, b, c, d]
}

/// Which way a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// A request.
    ToServer = 0,
    /// An answer.
    ToClient = 1,
}

/// Where a record belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) direction: Direction,
    pub(super) sid: [u8; 16],
    /// Number of the record in its direction, from 0.
    pub(super) seq: u64,
}

/// What a record says.
pub(super) struct Plain {
    pub(super) nonce: [u8; 16],
    /// Not yet judged.
    pub(super) op: u8,
    pub(super) body: Secret,
}

/// Makes a record.
pub(super) fn seal(keys: &Traffic, place: Place, nonce: [u8; 16], op: u8, body: &[u8]) -> Result<Vec<u8>, Failure> {
    if body.len() > MAX_BODY {
        return Err(Failure);
    }
    let length = (body.len() + AROUND_BODY).next_multiple_of(BLOCK);
    let body_length = u32::try_from(body.len()).map_err(|_| Failure)?;
    // The plaintext stands where its ciphertext will: encrypting leaves no copy of it.
    let mut record = Vec::with_capacity(HEADER + length + TAG);
    record.extend(header(place, length)?);
    record.extend(nonce);
    record.push(op);
    record.extend(body_length.to_be_bytes());
    record.extend(body);
    record.push(PADDING);
    record.resize(HEADER + length, 0);
    let ciphertext = record.get_mut(HEADER..).ok_or(Failure)?;
    crypt(&keys.enc, place.seq, ciphertext);
    let tag = hmac(&keys.mac, &[&record])?;
    record.extend(tag);
    Ok(record)
}

fn header(place: Place, length: usize) -> Result<Vec<u8>, Failure> {
    let length = u32::try_from(length).map_err(|_| Failure)?.to_be_bytes();
    let kind = [TYPE, place.direction as u8];
    Ok([MAGIC.as_slice(), &kind, &RESERVED, &place.sid, &place.seq.to_be_bytes(), &length].concat())
}

/// AES-256-CTR. Key and seq make every counter block unique; 64 KiB are 4096 blocks, far from the counter's wrap.
fn crypt(key: &[u8; 32], seq: u64, octets: &mut [u8]) {
    let mut block = [0; 16];
    let (high, _) = block.split_at_mut(8);
    high.copy_from_slice(&seq.to_be_bytes());
    Ctr64BE::<Aes256>::new(key.into(), &block.into()).apply_keystream(octets);
}

/// A record taken apart, nothing checked but its lengths and constants.
pub(super) struct Frame<'a> {
    direction: u8,
    pub(super) sid: [u8; 16],
    seq: u64,
    /// Header and ciphertext: what the tag is over.
    authenticated: &'a [u8],
    ciphertext: &'a [u8],
    tag: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The first step of the receiver: length sanity.
    pub(super) fn parse(record: &'a [u8]) -> Result<Self, Failure> {
        if record.len() > MAX_RECORD {
            return Err(Failure);
        }
        let authenticated = record.get(..record.len().saturating_sub(TAG)).ok_or(Failure)?;
        let mut octets = Octets(record);
        octets.constant(&MAGIC)?;
        octets.constant(&[TYPE])?;
        let direction = octets.u8()?;
        octets.constant(&RESERVED)?;
        let sid = octets.array()?;
        let seq = octets.u64()?;
        let length = octets.u32()?;
        let ciphertext = octets.counted(length)?;
        let tag = octets.take(TAG)?;
        octets.end()?;
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK) {
            return Err(Failure);
        }
        Ok(Self { direction, sid, seq, authenticated, ciphertext, tag })
    }

    /// The receiver's steps after the session was found alive: direction, sequence, HMAC, decryption, padding.
    pub(super) fn open(&self, keys: &Traffic, place: Place) -> Result<Plain, Failure> {
        if self.direction != place.direction as u8 || self.seq != place.seq {
            return Err(Failure);
        }
        hmac_matches(&keys.mac, &[self.authenticated], self.tag)?;
        let mut plaintext = Zeroizing::new(self.ciphertext.to_vec());
        crypt(&keys.enc, place.seq, &mut plaintext);
        unpad(&plaintext)
    }
}

/// Strict: the padding is what the sender must have written, no block more.
fn unpad(plaintext: &[u8]) -> Result<Plain, Failure> {
    let mut octets = Octets(plaintext);
    let nonce = octets.array()?;
    let op = octets.u8()?;
    let length = octets.u32()?;
    let body = octets.counted(length)?;
    octets.constant(&[PADDING])?;
    if octets.0.len() >= BLOCK || octets.0.iter().any(|octet| *octet != 0) {
        return Err(Failure);
    }
    Ok(Plain { nonce, op, body: Secret::new(body.to_vec()) })
}
