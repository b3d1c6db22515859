// PINs: out of the field and into octets that can be wiped, and what a new one must be (security.md 2.5). The signer
// judges a new PIN by the same rules except for dates, which it leaves to this page.

import { utf8, wipe } from './octets.js';

/** Characters of a new PIN at least, octets at most. */
export const SHORTEST = 6;
export const LONGEST = 64;

/** What a PIN is hashed as: NFKC, so that keyboards that compose letters differently agree. */
function octetsOf(text) {
  return utf8(text.normalize('NFKC'));
}

/** Takes the secret out of a field, which is empty afterwards. The caller wipes it. */
export function take(input) {
  const octets = octetsOf(input.value);
  input.value = '';
  return octets;
}

/** Whether a field holds a code of an authenticator app, which people may write in groups. */
export function isCode(input) {
  return /^[0-9]{6}$/.test(input.value.replace(/\s/g, ''));
}

/** Takes it out of the field, which is empty afterwards. The caller wipes it. */
export function takeCode(input) {
  const octets = utf8(input.value.replace(/\s/g, ''));
  input.value = '';
  return octets;
}

/**
 * Lets `look` see the secrets in some fields and wipes its copies; the fields stay as they are.
 *
 * @template T
 * @param {HTMLInputElement[]} inputs
 * @param {(...secrets: Uint8Array[]) => T} look
 * @returns {T}
 */
export function peek(inputs, look) {
  const secrets = inputs.map((input) => octetsOf(input.value));
  try {
    return look(...secrets);
  } finally {
    wipe(...secrets);
  }
}

/**
 * Which rules a new PIN keeps: long enough and not too long; no run of neighbours, nothing repeated from beginning to
 * end; no date, since birthdays are guessed first.
 *
 * @param {Uint8Array} pin
 * @returns {{isLong: boolean, isShort: boolean, isVaried: boolean, isNoDate: boolean}}
 */
export function judge(pin) {
  const characters = Uint32Array.from(new TextDecoder().decode(pin), (character) => character.codePointAt(0));
  const verdict = {
    isLong: characters.length >= SHORTEST,
    isShort: pin.length <= LONGEST,
    isVaried: characters.length > 0 && !isRun(characters, 1) && !isRun(characters, -1) && !repeats(characters),
    isNoDate: characters.length > 0 && !isDate(characters),
  };
  wipe(characters);
  return verdict;
}

/** Whether each character is the neighbour of the one before it, as in 123456 or fedcba. */
function isRun(characters, step) {
  return characters.every((character, at) => at === 0 || character - characters[at - 1] === step);
}

/** Whether it is a beginning said again and again, as in 111111, 121212 or 123123. */
function repeats(characters) {
  for (let period = 1; period <= characters.length / 2; period++) {
    if (characters.every((character, at) => at < period || character === characters[at - period])) return true;
  }
  return false;
}

/** Orders of day, month and year, by where each begins; years have what is left of six or eight digits. */
const ORDERS = Object.freeze([
  { year: 4, month: 2, day: 0 },
  { year: 4, month: 0, day: 2 },
  { year: 0, month: -4, day: -2 },
  { year: 0, month: -2, day: -4 },
]);

/** Whether it can be read as a day of this century or the last, such as 24121985 or 851224. */
function isDate(characters) {
  const digits = Array.from(characters, (character) => character - 0x30);
  if (![6, 8].includes(digits.length) || digits.some((digit) => digit < 0 || digit > 9)) return false;
  const number = (from, count) => {
    const at = from < 0 ? digits.length + from : from;
    return digits.slice(at, at + count).reduce((sum, digit) => sum * 10 + digit, 0);
  };
  const isYear = (year) => digits.length === 6 || (year >= 1900 && year <= 2099);
  const found = ORDERS.some(({ year, month, day }) => {
    const [m, d] = [number(month, 2), number(day, 2)];
    return isYear(number(year, digits.length - 4)) && m >= 1 && m <= 12 && d >= 1 && d <= 31;
  });
  digits.fill(0);
  return found;
}
