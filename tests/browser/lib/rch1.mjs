// The client of the published vectors: their keys, their session, and records no signer would make.

import assert from 'node:assert/strict';

import { load, published, unhex } from './modules.mjs';

const { Channel, ChannelFailure } = await load('rch1.js');
const { Operation } = await load('context.js');

export const vectors = published('channel-vectors.json');
export const further = published('channel-further-vectors.json');
export const negative = published('channel-negative-vectors.json');

const { subtle } = crypto;

export const SPKI = unhex(vectors.inputs.static_spki);
export const names = {
  credential: further.names.credential,
  keyVersion: further.names.key_version,
  tx: further.names.tx,
};

/** The vectors' ephemeral key, as if it had just been drawn. */
async function vectorKeyPair() {
  const point = unhex(vectors.inputs.X);
  const base64 = (octets) => Buffer.from(octets).toString('base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: base64(unhex(vectors.inputs.x)),
    x: base64(point.subarray(1, 33)),
    y: base64(point.subarray(33)),
  };
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
  return {
    privateKey: await subtle.importKey('jwk', jwk, algorithm, false, ['deriveBits']),
    publicKey: await subtle.importKey('raw', point, algorithm, true, []),
  };
}

/** A source whose clock and random octets the test sets. */
export function fixedSource(nonces = []) {
  const draws = [vectors.inputs.Nc, ...nonces].map(unhex);
  return { time: negative.start, random: () => draws.shift(), keyPair: vectorKeyPair, now() { return this.time; } };
}

/** The client of the vectors after its hello. */
export async function begun(source) {
  return Channel.start({ operation: Operation.ENROL, ctx: unhex(vectors.inputs.ctx) }, source);
}

export const signerAnswer = () => ({
  hello: unhex(vectors.ServerHello),
  signature: unhex(vectors.sig_raw),
  finished: unhex(vectors.fin_s),
});

/** The client of the vectors, ready for records under these N. */
export async function ready(...nonces) {
  const source = fixedSource(nonces);
  const channel = await begun(source);
  await channel.receive(signerAnswer(), [SPKI]);
  return { channel, source };
}

export function fails(promise) {
  return assert.rejects(promise, (error) => error instanceof ChannelFailure && error.message === 'the channel failed');
}

/** Seals any plaintext under the vectors' keys. */
export async function sealed(way, seq, plaintext) {
  const enc = await subtle.importKey('raw', unhex(vectors.keys[`${way}_enc`]), 'AES-CTR', false, ['encrypt']);
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const mac = await subtle.importKey('raw', unhex(vectors.keys[`${way}_mac`]), hmac, false, ['sign']);
  const header = Buffer.alloc(36);
  header.set([0x52, 0x43, 0x48, 0x31, 0x10, way === 's2c' ? 1 : 0]);
  header.set(unhex(vectors.inputs.sid), 8);
  header.writeBigUInt64BE(BigInt(seq), 24);
  header.writeUInt32BE(plaintext.length, 32);
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(seq));
  const ciphertext = await subtle.encrypt({ name: 'AES-CTR', counter, length: 64 }, enc, plaintext);
  const covered = Buffer.concat([header, Buffer.from(ciphertext)]);
  return Uint8Array.from(Buffer.concat([covered, Buffer.from(await subtle.sign('HMAC', mac, covered))]));
}
