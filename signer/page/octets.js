// Octets: big-endian numbers, strings behind their length, unpadded base64url. Readers are strict.

/**
 * The channel failed, and the session with it. There is only this one error, so that nobody learns from it which check
 * it was (security.md 3.3).
 */
export class ChannelFailure extends Error {
  constructor() {
    super('the channel failed');
    this.name = 'ChannelFailure';
  }
}

/** Fails unless something holds. */
export function ensure(condition) {
  if (!condition) throw new ChannelFailure();
}

/** UTF-8. For names and labels; a PIN is octets from the moment it is read. */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** Overwrites octets that were secret. */
export function wipe(...arrays) {
  for (const array of arrays) array.fill(0);
}

/** One array of all parts. */
export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether both are the same. Not for tags: those are compared by WebCrypto, in constant time. */
export function equal(one, other) {
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}

/** Whether all octets are zero. */
export function isZero(octets) {
  return octets.every((octet) => octet === 0);
}

export function u16(number) {
  ensure(Number.isInteger(number) && number >= 0 && number <= 0xffff);
  return Uint8Array.of(number >> 8, number & 0xff);
}

export function u32(number) {
  ensure(Number.isInteger(number) && number >= 0 && number <= 0xffffffff);
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, number);
  return octets;
}

export function u64(number) {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, BigInt(number));
  return octets;
}

/** `lp(x)`: u16 length, then x. */
export function prefixed(octets) {
  return concat(u16(octets.length), octets);
}

/** SHA-256 of the parts, one after the other. */
export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)));
}

/** Reads octets from the front; whatever is too short or left over fails. */
export class Reader {
  #octets;
  #at = 0;

  constructor(octets) {
    ensure(octets instanceof Uint8Array);
    this.#octets = octets;
  }

  /** Octets not read yet. */
  get left() {
    return this.#octets.length - this.#at;
  }

  /** The next octet, not taken; undefined at the end. */
  peek() {
    return this.#octets[this.#at];
  }

  /** The next `count` octets, as a view. */
  take(count) {
    ensure(count <= this.left);
    this.#at += count;
    return this.#octets.subarray(this.#at - count, this.#at);
  }

  u8() {
    return this.take(1)[0];
  }

  u16() {
    return this.#view(2).getUint16(0);
  }

  u32() {
    return this.#view(4).getUint32(0);
  }

  /** As a BigInt: a Number does not hold it. */
  u64() {
    return this.#view(8).getBigUint64(0);
  }

  /** `lp(x)`. */
  prefixed() {
    return this.take(this.u16());
  }

  /** These octets and no others. */
  constant(expected) {
    ensure(equal(this.take(expected.length), expected));
  }

  end() {
    ensure(this.left === 0);
  }

  #view(count) {
    const octets = this.take(count);
    return new DataView(octets.buffer, octets.byteOffset, count);
  }
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Base64url without padding (RFC 4648 section 5): how octets travel in JSON. */
export function toBase64Url(octets) {
  const symbols = [];
  let bits = 0;
  let count = 0;
  for (const octet of octets) {
    bits = ((bits << 8) | octet) & 0xffff;
    for (count += 8; count >= 6; count -= 6) symbols.push(BASE64URL[(bits >> (count - 6)) & 63]);
  }
  if (count > 0) symbols.push(BASE64URL[(bits << (6 - count)) & 63]);
  return symbols.join('');
}

/** The octets; there is one spelling of each. */
export function fromBase64Url(text) {
  ensure(typeof text === 'string' && text.length % 4 !== 1);
  const octets = new Uint8Array(Math.floor((text.length * 6) / 8));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (const symbol of text) {
    const six = BASE64URL.indexOf(symbol);
    ensure(six >= 0);
    bits = ((bits << 6) | six) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      octets[at++] = (bits >> count) & 0xff;
    }
  }
  ensure((bits & ((1 << count) - 1)) === 0);
  return octets;
}
