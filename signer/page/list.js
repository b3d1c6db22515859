// The list a user approves, its digest, and the short code by which people compare it (security.md 3.5).

import { concat, ensure, prefixed, sha256, u16, utf8 } from './octets.js';

/** Most entries of a list; of one that travels in a record. */
export const MAX_ENTRIES = 1000;
export const MAX_NATIVE = 100;

/** DER of the hash functions' OIDs, and the length of their digests in octets. */
const HASHES = Object.freeze({
  '2.16.840.1.101.3.4.2.1': { last: 1, length: 32 }, // SHA-256
  '2.16.840.1.101.3.4.2.2': { last: 2, length: 48 }, // SHA-384
  '2.16.840.1.101.3.4.2.3': { last: 3, length: 64 }, // SHA-512
});

/** What the OIDs have in common: tag, length, 2.16.840.1.101.3.4.2. */
const HASH_ARC = Uint8Array.of(0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02);

/** What an entry may be spent on (DESIGN 4). */
const TYPES = Object.freeze(['untyped', 'dtbsr', 'sdr', 'sodr']);

const NO_LABEL = new Uint8Array(32);

/** Digits and letters without I, L, O and U. */
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * `lp(hash OID, DER) | u16 count | per entry: u8 type | lp(hash) | SHA-256 of the label, zeros if none`.
 *
 * @param {string} hashOid dotted
 * @param {{type: string, hash: Uint8Array, label?: string}[]} entries 1 to 1000; hashes decoded, labels as shown
 * @returns {Promise<Uint8Array>}
 */
export async function encodeList(hashOid, entries) {
  ensure(Object.hasOwn(HASHES, hashOid) && entries.length >= 1 && entries.length <= MAX_ENTRIES);
  const { last, length } = HASHES[hashOid];
  const encoded = await Promise.all(entries.map((entry) => encodeEntry(entry, length)));
  return concat(prefixed(concat(HASH_ARC, Uint8Array.of(last))), u16(entries.length), ...encoded);
}

async function encodeEntry({ type, hash, label }, length) {
  const octet = TYPES.indexOf(type);
  ensure(octet >= 0 && hash.length === length);
  const labelDigest = label === undefined || label === null ? NO_LABEL : await sha256(utf8(label));
  return concat(Uint8Array.of(octet), prefixed(hash), labelDigest);
}

/** `SHA-256("rsign/list/v1\0" | list)`, 32 octets. */
export async function listDigest(list) {
  return sha256(utf8('rsign/list/v1\0'), list);
}

/** The first 80 bits of a list digest in Crockford's Base32: `XXXX-XXXX-XXXX-XXXX`. */
export function shortCode(digest) {
  ensure(digest.length === 32);
  let code = '';
  for (let position = 0; position < 16; position++) {
    if (position > 0 && position % 4 === 0) code += '-';
    code += CROCKFORD[fiveBits(digest, position * 5)];
  }
  return code;
}

/** Five bits from a bit on; they lie in two octets. */
function fiveBits(octets, bit) {
  const pair = (octets[bit >> 3] << 8) | octets[(bit >> 3) + 1];
  return (pair >> (11 - (bit & 7))) & 31;
}
