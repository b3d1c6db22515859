// The handshake of RCH1 (security.md 3.2), without state.

import { ChannelFailure, Reader, concat, ensure, equal, isZero, prefixed, sha256, utf8, wipe } from './octets.js';

const MAGIC = utf8('RCH1');
/** Suite 1: P-256, ECDSA-P256-SHA256, HKDF-SHA-256, AES-256-CTR, HMAC-SHA-256. There is no negotiation. */
const SUITE = 1;
const CLIENT_HELLO = 0x01;
const SERVER_HELLO = 0x02;

export const ECDH = Object.freeze({ name: 'ECDH', namedCurve: 'P-256' });
const ECDSA = Object.freeze({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' });
const AES = Object.freeze({ name: 'AES-CTR', length: 256 });
const HMAC = Object.freeze({ name: 'HMAC', hash: 'SHA-256', length: 256 });

/** What stands before the point in a SubjectPublicKeyInfo of a P-256 key (RFC 5480). */
const SPKI_HEAD = Uint8Array.of(
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
  0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
);

/** `"RCH1" | 01 | suite(1) | X(65) | Nc(32) | lp(ctx)`, 137 octets. */
export function encodeClientHello(share, nonce, ctx) {
  ensure(share.length === 65 && nonce.length === 32 && !isZero(nonce) && ctx.length === 32);
  return concat(MAGIC, Uint8Array.of(CLIENT_HELLO, SUITE), share, nonce, prefixed(ctx));
}

/** `"RCH1" | 02 | suite | sid(16) | Y(65) | Ns(32) | exp(u64 unix s) | kid(32)`, 159 octets. */
export function decodeServerHello(octets) {
  const reader = new Reader(octets);
  reader.constant(MAGIC);
  reader.constant(Uint8Array.of(SERVER_HELLO, SUITE));
  const sid = reader.take(16).slice();
  const share = reader.take(65).slice();
  // Uncompressed points only; whether it is on the curve, importKey finds out.
  ensure(share[0] === 0x04);
  ensure(!isZero(reader.take(32)));
  const exp = reader.u64();
  const kid = reader.take(32).slice();
  reader.end();
  return { sid, share, exp, kid };
}

/** TH1, TH2, TH3: SHA-256 of a label and what was said so far. */
export function transcript(label, ...parts) {
  return sha256(utf8(label), ...parts);
}

/** The pinned key that kid, the SHA-256 of its SubjectPublicKeyInfo, names; an unknown one is never trusted. */
export async function pinnedKey(pinned, kid) {
  for (const spki of pinned) {
    if (equal(await sha256(spki), kid)) {
      ensure(spki.length === SPKI_HEAD.length + 65 && equal(spki.subarray(0, SPKI_HEAD.length), SPKI_HEAD));
      return crypto.subtle.importKey('raw', spki.subarray(SPKI_HEAD.length), ECDSA, false, ['verify']);
    }
  }
  throw new ChannelFailure();
}

/** ECDSA-P256-SHA256 over `"RCH1 signer handshake\0" | TH1`, raw r|s. */
export async function verifySignature(key, signature, th1) {
  ensure(signature.length === 64);
  const message = concat(utf8('RCH1 signer handshake\0'), th1);
  ensure(await crypto.subtle.verify(ECDSA, key, signature, message));
}

/** PRK = HKDF-Extract(TH2, Z), k(l) = HKDF-Expand(PRK, lp(l) | TH2, 32); none of them can be exported. */
export async function deriveKeys(privateKey, share, th2) {
  const theirs = await crypto.subtle.importKey('raw', share, ECDH, false, []);
  const z = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, privateKey, 256));
  const secret = await crypto.subtle.importKey('raw', z, 'HKDF', false, ['deriveKey']);
  wipe(z);
  const key = (label, algorithm, usage) => {
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: th2, info: concat(prefixed(utf8(label)), th2) };
    return crypto.subtle.deriveKey(hkdf, secret, algorithm, false, [usage]);
  };
  return {
    c2s: { enc: await key('rch1 c2s enc', AES, 'encrypt'), mac: await key('rch1 c2s mac', HMAC, 'sign') },
    s2c: { enc: await key('rch1 s2c enc', AES, 'decrypt'), mac: await key('rch1 s2c mac', HMAC, 'verify') },
    finS: await key('rch1 s fin', HMAC, 'verify'),
    finC: await key('rch1 c fin', HMAC, 'sign'),
  };
}
