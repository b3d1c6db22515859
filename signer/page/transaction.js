// What the gateway says a transaction is, read strictly: this is what is shown, and what ctx is computed from. Whoever
// told the signer otherwise opens no channel.

import { Operation, contextDigest, enrolDigest } from './context.js';
import { destination } from './destination.js';
import { encodeList, listDigest, shortCode } from './list.js';
import { fromBase64Url } from './octets.js';
import { plain } from './plain.js';
import { Trouble, expect } from './trouble.js';

const OPERATIONS = Object.freeze({
  authorise: Operation.AUTHORIZE,
  enrol: Operation.ENROL,
  change_pin: Operation.CHANGE_PIN,
  factor: Operation.FACTOR,
});

/** Hash functions by the length of their digests, where the app named none. */
const BY_LENGTH = Object.freeze({
  32: '2.16.840.1.101.3.4.2.1',
  48: '2.16.840.1.101.3.4.2.2',
  64: '2.16.840.1.101.3.4.2.3',
});

/**
 * @param {object} told the gateway's answer
 * @param {{tx: string}} request what this page was called with
 * @param {string} gateway origin
 */
export async function readTransaction(told, { tx }, gateway) {
  expect(told.operation !== 'sign', 'native');
  try {
    expect(Object.hasOwn(OPERATIONS, told.operation) && told.tx === tx, 'damaged');
    const operation = OPERATIONS[told.operation];
    const names = { credential: string(told.credential), keyVersion: whole(told.keyVersion), tx };
    const digest = await digestOf(operation, told);
    const { tenant, user, client } = told;
    const context = { operation, ...names, tenant: string(tenant), user: string(user), client: string(client) };
    return {
      operation,
      word: told.operation,
      names,
      digest,
      ctx: await contextDigest({ ...context, listDigest: digest }),
      // Shown, so cleaned; digests are of the texts as they came.
      app: optional(told.app?.name) || undefined,
      certificate: certificate(told.certificate),
      labels: (told.list?.entries ?? []).map(({ label }) => optional(label)),
      code: operation === Operation.AUTHORIZE && digest !== undefined ? shortCode(digest) : undefined,
      signatures: operation === Operation.AUTHORIZE ? whole(told.signatures) : 0,
      enrol: operation === Operation.ENROL ? enrolment(told.enrol) : undefined,
      needsFactor: told.factor === 'totp' || told.factor === 'online',
      isCodeSent: told.factor === 'online',
      language: told.language,
      back: destination(told.return, gateway),
    };
  } catch {
    throw new Trouble('damaged');
  }
}

/** What both ends must have been told alike: the list, or what is to be made; nothing for a change of PIN or
 * factor. */
async function digestOf(operation, { list, enrol, signatures }) {
  if (operation === Operation.ENROL) return enrolDigest(string(enrol.keyType), enrol.subject);
  const entries = list?.entries ?? [];
  if (operation !== Operation.AUTHORIZE || entries.length === 0) {
    expect(entries.length === 0, 'damaged');
    return undefined;
  }
  const decoded = entries.map(({ type, hash, label }) => {
    return { type, hash: fromBase64Url(hash), label: label ?? undefined };
  });
  expect(entries.length <= whole(signatures), 'damaged');
  return listDigest(await encodeList(list.algorithm ?? BY_LENGTH[decoded[0].hash.length], decoded));
}

function enrolment({ keyType, subject }) {
  const { common_name: name, organization, country, serial_number: number } = subject;
  return {
    keyType: plain(keyType),
    name: plain(name),
    organization: optional(organization),
    country: plain(country),
    number: plain(number),
  };
}

function certificate(told) {
  if (told === null || told === undefined) return undefined;
  const { subject, issuer, validTo, keyType } = told;
  const ends = typeof validTo === 'number' ? validTo * 1000 : Date.parse(spelled(validTo));
  return {
    name: plain(commonName(subject)),
    issuer: plain(commonName(issuer)),
    validTo: Number.isFinite(ends) ? new Date(ends) : undefined,
    keyType: optional(keyType),
  };
}

/** `20270131120000Z` as Date reads it; others as they are. */
function spelled(time) {
  return string(time).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
}

/** The name in `CN=…,C=…` (RFC 4514); a text that is no such list is the name itself. */
export function commonName(subject) {
  const found = /(?:^|[,+])CN=((?:\\.|[^\\,+])*)/u.exec(subject);
  return found === null ? subject : found[1].replace(/\\([ "#+,;<=>\\])/gu, '$1');
}

function string(value) {
  expect(typeof value === 'string', 'damaged');
  return value;
}

function optional(value) {
  return value === undefined || value === null ? undefined : plain(string(value));
}

function whole(value) {
  expect(Number.isInteger(value) && value >= 1 && value <= 0xffffffff, 'damaged');
  return value;
}
