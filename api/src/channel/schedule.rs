//! Transcript hashes and keys (3.2).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Failure;
use super::octets::put_prefixed;

/// What the identity signature covers.
pub(super) const SIGNED: [u8; 22] = *b"RCH1 signer handshake\0";

/// `TH1 = SHA-256("RCH1 TH1\0" | lp(ClientHello) | lp(ServerHello))`.
pub(super) fn th1(client_hello: &[u8], server_hello: &[u8]) -> Result<[u8; 32], Failure> {
    let mut octets = b"RCH1 TH1\0".to_vec();
    put_prefixed(&mut octets, client_hello)?;
    put_prefixed(&mut octets, server_hello)?;
    Ok(Sha256::digest(&octets).into())
}

/// `"RCH1 signer handshake\0" | TH1`, 54 octets: what the identity key signs with ECDSA-P256-SHA256.
pub(super) fn signed(th1: &[u8; 32]) -> [u8; 54] {
    let mut message = [0; 54];
    let (head, tail) = message.split_at_mut(SIGNED.len());
    head.copy_from_slice(&SIGNED);
    tail.copy_from_slice(th1);
    message
}

/// `TH2 = SHA-256("RCH1 TH2\0" | TH1 | lp(sig))`.
pub(super) fn th2(th1: &[u8; 32], signature: &[u8]) -> Result<[u8; 32], Failure> {
    let mut octets = b"RCH1 TH2\0".to_vec();
    octets.extend(th1);
    put_prefixed(&mut octets, signature)?;
    Ok(Sha256::digest(&octets).into())
}

/// `TH3 = SHA-256("RCH1 TH3\0" | TH2 | fin_s)`.
pub(super) fn th3(th2: &[u8; 32], fin_s: &[u8; 32]) -> [u8; 32] {
    Sha256::digest([b"RCH1 TH3\0".as_slice(), th2, fin_s].concat()).into()
}

/// The keys of one direction.
#[derive(Zeroize, Default)]
pub(super) struct Traffic {
    /// AES-256-CTR.
    pub(super) enc: [u8; 32],
    /// HMAC-SHA-256.
    pub(super) mac: [u8; 32],
}

/// All keys of a session. They live in one box from the moment they are made: moving a state moves a pointer, and no
/// copy stays behind.
#[derive(Zeroize, ZeroizeOnDrop, Default)]
pub(super) struct Keys {
    /// Client to server.
    pub(super) c2s: Traffic,
    /// Server to client.
    pub(super) s2c: Traffic,
    /// The signer's key confirmation.
    pub(super) fin_s: [u8; 32],
    /// The client's key confirmation.
    pub(super) fin_c: [u8; 32],
}

/// `PRK = HKDF-Extract(salt = TH2, IKM = Z)`; `k(l) = HKDF-Expand(PRK, lp(l) | TH2, 32)` for each of six labels.
pub(super) fn keys(z: &[u8; 32], th2: &[u8; 32]) -> Result<Box<Keys>, Failure> {
    let (mut prk, hkdf) = Hkdf::<Sha256>::extract(Some(th2), z);
    prk.as_mut_slice().zeroize();
    let expand = |label: &str, key: &mut [u8; 32]| {
        let mut info = Vec::new();
        put_prefixed(&mut info, label.as_bytes())?;
        info.extend(th2);
        hkdf.expand(&info, key).map_err(|_| Failure)
    };
    let mut keys = Box::<Keys>::default();
    expand("rch1 c2s enc", &mut keys.c2s.enc)?;
    expand("rch1 c2s mac", &mut keys.c2s.mac)?;
    expand("rch1 s2c enc", &mut keys.s2c.enc)?;
    expand("rch1 s2c mac", &mut keys.s2c.mac)?;
    expand("rch1 s fin", &mut keys.fin_s)?;
    expand("rch1 c fin", &mut keys.fin_c)?;
    Ok(keys)
}

/// HMAC-SHA-256 over the parts, one after the other.
pub(super) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Result<[u8; 32], Failure> {
    Ok(keyed(key, parts)?.finalize().into_bytes().into())
}

/// Compares a full tag, never a shortened one, in constant time.
pub(super) fn hmac_matches(key: &[u8; 32], parts: &[&[u8]], tag: &[u8]) -> Result<(), Failure> {
    keyed(key, parts)?.verify_slice(tag).map_err(|_| Failure)
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> Result<Hmac<Sha256>, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Failure)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac)
}
