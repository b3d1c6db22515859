//! Records that a sealer of ours would never make, with a tag that is right for them: so that only the check a case is
//! about can refuse it.

use aes::Aes256;
use ctr::Ctr64BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};

use super::super::schedule::hmac;
use super::{fixed, vector};

/// Where a record goes: the vectors' keys of that direction.
#[derive(Clone, Copy)]
pub(super) enum Way {
    ToServer,
    ToClient,
}

impl Way {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ToServer => "c2s",
            Self::ToClient => "s2c",
        }
    }

    fn keys(self) -> ([u8; 32], [u8; 32]) {
        match self {
            Self::ToServer => (fixed("/keys/c2s_enc"), fixed("/keys/c2s_mac")),
            Self::ToClient => (fixed("/keys/s2c_enc"), fixed("/keys/s2c_mac")),
        }
    }
}

/// A record in the making; every field can be made wrong before it is sealed.
#[derive(Clone)]
pub(super) struct Raw {
    pub(super) way: Way,
    /// Magic, type, direction, reserved.
    pub(super) head: [u8; 8],
    pub(super) sid: Vec<u8>,
    pub(super) seq: u64,
    /// What the counter block begins with; the seq unless a case is about it.
    pub(super) counter: u64,
    /// What the header says the ciphertext's length is, where it lies.
    pub(super) length: Option<u32>,
    pub(super) plaintext: Vec<u8>,
}

impl Raw {
    /// As it should be, but for the plaintext.
    pub(super) fn new(way: Way, seq: u64, plaintext: Vec<u8>) -> Self {
        let head = [b'R', b'C', b'H', b'1', 0x10, way as u8, 0, 0];
        Self { way, head, sid: vector("/inputs/sid"), seq, counter: seq, length: None, plaintext }
    }

    /// Encrypts and MACs whatever it is.
    pub(super) fn seal(&self) -> Vec<u8> {
        let (enc, mac) = self.way.keys();
        let length = self.length.unwrap_or(self.plaintext.len() as u32);
        let mut record = [&self.head, self.sid.as_slice(), &self.seq.to_be_bytes(), &length.to_be_bytes()].concat();
        let mut ciphertext = self.plaintext.clone();
        let mut block = [0; 16];
        block[..8].copy_from_slice(&self.counter.to_be_bytes());
        Ctr64BE::<Aes256>::new(&enc.into(), &block.into()).apply_keystream(&mut ciphertext);
        record.extend(ciphertext);
        let tag = hmac(&mac, &[&record]).unwrap();
        record.extend(tag);
        record
    }
}

/// A plaintext as it should be.
pub(super) fn plaintext(nonce: [u8; 16], op: u8, body: &[u8]) -> Vec<u8> {
    let mut plaintext = [nonce.as_slice(), &[op], &(body.len() as u32).to_be_bytes(), body, &[0x80]].concat();
    plaintext.resize(plaintext.len().next_multiple_of(256), 0);
    plaintext
}
