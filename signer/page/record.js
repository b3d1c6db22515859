// Records of RCH1 (security.md 3.3): a 36-octet header, ciphertext in multiples of 256, a full HMAC; and what binds an
// answer to its request (3.4). Without state.

import { Reader, concat, ensure, isZero, u32, u64, utf8, wipe } from './octets.js';

const MAGIC = utf8('RCH1');
const TYPE = 0x10;
/** Directions: client to server, server to client. */
const C2S = 0;
export const S2C = 1;

const HEADER = 36;
const TAG = 32;
/** Plaintexts are padded to a multiple of this, so that the ciphertext shows a length class only. */
const BLOCK = 256;
const MAX_CIPHERTEXT = 64 * 1024;
/** What stands in a plaintext besides the body: N, op, bodylen and the 80 of the padding. */
const AROUND_BODY = 22;
const PADDING = 0x80;

/** AES-256-CTR with counter block `seq(8) | 00000000 00000000`, a 64-bit counter. */
function ctr(seq) {
  return { name: 'AES-CTR', counter: concat(u64(seq), new Uint8Array(8)), length: 64 };
}

/** `pt = N(16) | op(1) | bodylen(u32) | body | 80 | 00..` to a multiple of 256. */
export function pad(nonce, operation, body) {
  ensure(body.length <= MAX_CIPHERTEXT - AROUND_BODY);
  const plaintext = new Uint8Array(Math.ceil((body.length + AROUND_BODY) / BLOCK) * BLOCK);
  plaintext.set(concat(nonce, Uint8Array.of(operation), u32(body.length)));
  plaintext.set(body, 21);
  plaintext[21 + body.length] = PADDING;
  return plaintext;
}

/** Strict: the padding is what the sender must have written, no block more. */
export function unpad(plaintext) {
  const reader = new Reader(plaintext);
  const nonce = reader.take(16).slice();
  const op = reader.u8();
  const body = reader.take(reader.u32()).slice();
  reader.constant(Uint8Array.of(PADDING));
  ensure(reader.left < BLOCK && isZero(reader.take(reader.left)));
  wipe(plaintext);
  return { nonce, op, body };
}

/** `hdr | ct | tag`; the plaintext is wiped. */
export async function sealRecord({ enc, mac }, sid, seq, plaintext) {
  const header = concat(MAGIC, Uint8Array.of(TYPE, C2S, 0, 0), sid, u64(seq), u32(plaintext.length));
  try {
    const covered = concat(header, new Uint8Array(await crypto.subtle.encrypt(ctr(seq), enc, plaintext)));
    return concat(covered, new Uint8Array(await crypto.subtle.sign('HMAC', mac, covered)));
  } finally {
    wipe(plaintext);
  }
}

/** A record taken apart, nothing checked but its lengths and constants. */
export function parseRecord(record) {
  ensure(record.length <= HEADER + MAX_CIPHERTEXT + TAG);
  const reader = new Reader(record);
  reader.constant(MAGIC);
  reader.constant(Uint8Array.of(TYPE));
  const direction = reader.u8();
  reader.constant(new Uint8Array(2));
  const sid = reader.take(16);
  const seq = reader.u64();
  const ciphertext = reader.take(reader.u32());
  const tag = reader.take(TAG);
  reader.end();
  ensure(ciphertext.length > 0 && ciphertext.length % BLOCK === 0);
  return { direction, sid, seq, ciphertext, tag, covered: record.subarray(0, record.length - TAG) };
}

/** First the tag, over header and ciphertext, in constant time; then decryption. */
export async function openRecord({ enc, mac }, { seq, ciphertext, tag, covered }) {
  ensure(await crypto.subtle.verify('HMAC', mac, tag, covered));
  return new Uint8Array(await crypto.subtle.decrypt(ctr(seq), enc, ciphertext));
}

/** N+1 mod 2^128: what the answer to N carries (3.4). */
export function successor(nonce) {
  const next = nonce.slice();
  for (let at = next.length - 1; at >= 0; at--) {
    next[at] = (next[at] + 1) & 0xff;
    if (next[at] !== 0) break;
  }
  return next;
}
