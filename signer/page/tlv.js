// Bodies of records (security.md 3.5): tag (u8), length (u32), value; tags ascending, each at most once, none unknown.
// The table of what each operation has stands in api/src/channel/body/mod.rs.

import { Operation } from './context.js';
import { MAX_NATIVE } from './list.js';
import { Reader, concat, ensure, equal, u32, utf8, wipe } from './octets.js';

const Tag = Object.freeze({
  CREDENTIAL: 0x01,
  KEY_VERSION: 0x02,
  TX: 0x03,
  PIN: 0x04,
  NEW_PIN: 0x05,
  FACTOR: 0x06,
  LIST: 0x07,
  LIST_DIGEST: 0x08,
  RESULT: 0x09,
  RETRY_AFTER: 0x0a,
  SIGNATURES: 0x0b,
  TRIES_LEFT: 0x0c,
  SCHEME: 0x0d,
  COUNT: 0x0e,
  OTPAUTH: 0x0f,
  QR: 0x10,
});

/** Result codes of answers. 0 is done. */
export const Result = Object.freeze({
  DONE: 0,
  WRONG_PIN: 1,
  PIN_LOCKED: 2,
  BLOCKED: 3,
  LIST_MISMATCH: 4,
  WRONG_FACTOR: 5,
  WEAK_PIN: 6,
  EXPIRED: 7,
  DISABLED: 8,
  ALGORITHM: 9,
  UNAVAILABLE: 10,
  REFUSED: 11,
  NOT_YET: 12,
});

const SCHEMES = Object.freeze({ pkcs1: 1, pss: 2, ecdsa: 3 });

const MAX_NAME = 256;
const MAX_PIN = 256;
const MAX_FACTOR = 4096;
const MAX_SIGNATURE = 1024;
const MAX_URI = 1024;

/** Modules on a side of the smallest and of the largest QR code (ISO/IEC 18004); each size has 4 more. */
const MIN_SIDE = 21;
const MAX_SIDE = 177;

/**
 * The body of a request. The caller wipes the PINs and the factor it gave; `Channel.seal` wipes the body.
 *
 * @param {{credential: string, keyVersion: number, tx: string}} names what every body repeats of the context
 * @param {number} operation
 * @param {{pin?: Uint8Array, newPin?: Uint8Array, factor?: Uint8Array, list?: Uint8Array, listDigest?: Uint8Array,
 *   scheme?: string, salt?: number, count?: number}} fields what the operation has; PINs are UTF-8 in NFKC
 * @returns {Uint8Array}
 */
export function encodeRequest(names, operation, fields = {}) {
  const { pin, newPin, factor, list, listDigest, scheme, salt = 0, count } = fields;
  const secondFactor = optional(Tag.FACTOR, factor, MAX_FACTOR);
  switch (operation) {
    case Operation.ENROL:
      // Without a PIN of the user's choice the signer draws one, and the answer brings it.
      return body(names, optional(Tag.NEW_PIN, newPin, MAX_PIN), secondFactor, digestField(listDigest));
    case Operation.AUTHORIZE:
      ensure(count >= 1);
      return body(
        names,
        field(Tag.PIN, pin, MAX_PIN),
        secondFactor,
        listDigest === undefined ? [] : digestField(listDigest),
        [[Tag.COUNT, u32(count)]],
      );
    case Operation.SIGN:
      return body(
        names,
        field(Tag.PIN, pin, MAX_PIN),
        secondFactor,
        [[Tag.LIST, native(list)]],
        [[Tag.SCHEME, concat(Uint8Array.of(schemeOctet(scheme, salt)), u32(salt))]],
      );
    case Operation.CHANGE_PIN:
      return body(names, field(Tag.PIN, pin, MAX_PIN), field(Tag.NEW_PIN, newPin, MAX_PIN), secondFactor);
    case Operation.FACTOR:
      // With the PIN it begins, without it confirms what was begun.
      ensure(pin !== undefined || factor !== undefined);
      return body(names, optional(Tag.PIN, pin, MAX_PIN), secondFactor);
    default:
      ensure(operation === Operation.CLOSE);
      return new Uint8Array();
  }
}

/** A list that is short enough for a record. */
function native(list) {
  const reader = new Reader(list);
  reader.prefixed();
  ensure(reader.u16() <= MAX_NATIVE);
  return list;
}

/** Only PSS has a salt. */
function schemeOctet(scheme, salt) {
  ensure(Object.hasOwn(SCHEMES, scheme) && (scheme === 'pss' || salt === 0));
  return SCHEMES[scheme];
}

function field(tag, value, most) {
  ensure(value instanceof Uint8Array && value.length >= 1 && value.length <= most);
  return [[tag, value]];
}

function optional(tag, value, most) {
  return value === undefined ? [] : field(tag, value, most);
}

function digestField(digest) {
  ensure(digest instanceof Uint8Array && digest.length === 32);
  return [[Tag.LIST_DIGEST, digest]];
}

function body({ credential, keyVersion, tx }, ...groups) {
  const names = [
    ...field(Tag.CREDENTIAL, utf8(credential), MAX_NAME),
    [Tag.KEY_VERSION, u32(keyVersion)],
    ...field(Tag.TX, utf8(tx), MAX_NAME),
  ];
  const parts = [...names, ...groups.flat()].map(([tag, value]) => {
    return concat(Uint8Array.of(tag), u32(value.length), value);
  });
  const all = concat(...parts);
  wipe(...parts);
  return all;
}

/** Results that may say when to try again. */
const WAITING = Object.freeze([Result.PIN_LOCKED, Result.WRONG_FACTOR, Result.UNAVAILABLE, Result.NOT_YET]);

/**
 * Reads the body of an answer; its names must be those of the context. The caller wipes the body, and a PIN and a
 * factor in it once their owner has them.
 *
 * @param {{credential: string, keyVersion: number, tx: string}} names
 * @param {number} operation
 * @param {Uint8Array} octets
 * @param {{signatures?: number, pin?: boolean, factor?: boolean}} [due] what an answer that is no refusal has to bring:
 *   for sign as many signatures as hashes, for enrol a PIN where the user chose none, for factor one where it begins
 * @returns {{code: number, pin?: Uint8Array, retryAfter?: number, triesLeft?: number, signatures?: Uint8Array[],
 *   factor?: {uri: Uint8Array, side: number, modules: Uint8Array}}} code is one of Result; seconds to wait and tries
 *   left stand only where the signer told them; a new factor is an otpauth URI and the same as a QR code
 */
export function decodeAnswer(names, operation, octets, due = {}) {
  if (operation === Operation.CLOSE && octets.length === 0) return { code: Result.DONE };
  const reader = new Reader(octets);
  ensure(equal(required(reader, Tag.CREDENTIAL), utf8(names.credential)));
  ensure(equal(required(reader, Tag.KEY_VERSION), u32(names.keyVersion)));
  ensure(equal(required(reader, Tag.TX), utf8(names.tx)));
  const pin = next(reader, Tag.PIN);
  const code = number(required(reader, Tag.RESULT), 2);
  const answer = { code };
  const retryAfter = next(reader, Tag.RETRY_AFTER);
  const signatures = next(reader, Tag.SIGNATURES);
  const triesLeft = next(reader, Tag.TRIES_LEFT);
  const uri = next(reader, Tag.OTPAUTH);
  const qr = uri === undefined ? undefined : required(reader, Tag.QR);
  reader.end();
  ensure(Object.values(Result).includes(code));
  // Close that is done has no body.
  ensure(code !== Result.DONE || operation !== Operation.CLOSE);
  ensure((signatures !== undefined) === (operation === Operation.SIGN && code === Result.DONE));
  if (retryAfter !== undefined) {
    ensure(WAITING.includes(code));
    answer.retryAfter = number(retryAfter, 4);
  }
  if (triesLeft !== undefined) {
    ensure(code === Result.WRONG_PIN);
    answer.triesLeft = number(triesLeft, 4);
  }
  if (signatures !== undefined) answer.signatures = readSignatures(signatures);
  if (pin !== undefined) {
    ensure(operation === Operation.ENROL && code === Result.DONE && pin.length >= 1 && pin.length <= MAX_PIN);
    answer.pin = pin.slice();
  }
  if (uri !== undefined) {
    ensure([Operation.ENROL, Operation.FACTOR].includes(operation) && code === Result.DONE);
    answer.factor = { uri: readUri(uri), ...readCode(qr) };
  }
  if (code === Result.DONE) {
    ensure(due.factor === undefined || (uri !== undefined) === due.factor);
    ensure(due.signatures === undefined || answer.signatures?.length === due.signatures);
    ensure(due.pin === undefined || (pin !== undefined) === due.pin);
  }
  return answer;
}

/**
 * The value of the next field, if it has this tag. Tags are asked for in ascending order, so what is out of order,
 * repeated or unknown is never asked for and stands in the way of the end.
 */
function next(reader, tag) {
  if (reader.peek() !== tag) return undefined;
  reader.u8();
  return reader.take(reader.u32());
}

function required(reader, tag) {
  const value = next(reader, tag);
  ensure(value !== undefined);
  return value;
}

function number(octets, length) {
  ensure(octets.length === length);
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** Octets that are UTF-8. */
function readUri(octets) {
  ensure(octets.length >= 1 && octets.length <= MAX_URI);
  ensure(isText(octets));
  return octets.slice();
}

function isText(octets) {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

/** u8 side, then the modules by rows, a bit each, filled up with zeros. */
function readCode(octets) {
  const [side] = octets;
  ensure(side >= MIN_SIDE && side <= MAX_SIDE && (side - MIN_SIDE) % 4 === 0);
  const modules = octets.slice(1);
  // A side is odd, so is its square: the last octet has one module.
  ensure(modules.length === Math.ceil((side * side) / 8) && (modules[modules.length - 1] & 0x7f) === 0);
  return { side, modules };
}

/** u16 count, then each signature as lp. */
function readSignatures(octets) {
  const reader = new Reader(octets);
  const count = reader.u16();
  ensure(count >= 1 && count <= MAX_NATIVE);
  const signatures = Array.from({ length: count }, () => reader.prefixed().slice());
  reader.end();
  ensure(signatures.every((signature) => signature.length >= 1 && signature.length <= MAX_SIGNATURE));
  return signatures;
}
