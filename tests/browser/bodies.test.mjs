// What stands in hellos and records of RCH1: contexts, lists, bodies. `node --test tests/browser/*.test.mjs`

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hex, load, unhex } from './lib/modules.mjs';
import { fails, further, names } from './lib/rch1.mjs';

const { ChannelFailure, fromBase64Url, toBase64Url, utf8 } = await load('octets.js');
const { Operation, contextDigest, enrolDigest } = await load('context.js');
const { decodeAnswer, encodeRequest } = await load('tlv.js');
const { encodeList, listDigest, shortCode } = await load('list.js');

test('contexts and enrolment digests', async () => {
  for (const { op, ctx, key_version, list_digest, ...texts } of further.contexts) {
    const listDigest = list_digest === null ? undefined : unhex(list_digest);
    assert.equal(hex(await contextDigest({ operation: op, keyVersion: key_version, listDigest, ...texts })), ctx);
  }
  for (const { key, subject, digest } of further.enrol) assert.equal(hex(await enrolDigest(key, subject)), digest);
  await fails(enrolDigest('P-256', { ...further.enrol[0].subject, organization: '' }));
});

test('lists, digests, short codes', async () => {
  for (const { hash_oid, entries, list, digest, short_code } of further.lists) {
    const octets = await encodeList(hash_oid, entries.map((entry) => ({ ...entry, hash: unhex(entry.hash) })));
    assert.equal(hex(octets), list);
    assert.equal(hex(await listDigest(octets)), digest);
    assert.equal(shortCode(unhex(digest)), short_code);
  }
  assert.equal(shortCode(new Uint8Array(32).fill(0xff)), 'ZZZZ-ZZZZ-ZZZZ-ZZZZ');
  const [oid, entry] = ['2.16.840.1.101.3.4.2.1', { type: 'dtbsr', hash: new Uint8Array(32) }];
  await fails(encodeList(oid, []));
  await fails(encodeList(oid, Array(1001).fill(entry)));
  await fails(encodeList(oid, [{ ...entry, hash: new Uint8Array(48) }]));
  await fails(encodeList(oid, [{ ...entry, type: 'other' }]));
  await fails(encodeList('1.3.14.3.2.26', [{ ...entry, hash: new Uint8Array(20) }]));
});

test('bodies of requests', () => {
  for (const { op, fields, body } of further.requests) {
    const { pin, new_pin, factor, list, list_digest, ...rest } = fields;
    const octets = (text) => (text === undefined ? undefined : utf8(text));
    const binary = (text) => (text === undefined ? undefined : unhex(text));
    const given = {
      pin: octets(pin), newPin: octets(new_pin), factor: octets(factor),
      list: binary(list), listDigest: binary(list_digest), ...rest,
    };
    assert.equal(hex(encodeRequest(names, op, given)), body);
  }
});

test('bodies of requests that break a limit', () => {
  const pin = utf8('271828');
  const refuses = (operation, fields) => assert.throws(() => encodeRequest(names, operation, fields), ChannelFailure);
  refuses(Operation.AUTHORIZE, { pin, count: 0 });
  refuses(Operation.AUTHORIZE, { pin });
  refuses(Operation.AUTHORIZE, { count: 1 });
  refuses(Operation.AUTHORIZE, { pin: new Uint8Array(), count: 1 });
  refuses(Operation.AUTHORIZE, { pin: new Uint8Array(257), count: 1 });
  refuses(Operation.AUTHORIZE, { pin: '271828', count: 1 });
  refuses(Operation.AUTHORIZE, { pin, count: 1, listDigest: new Uint8Array(31) });
  refuses(Operation.ENROL, { newPin: pin });
  refuses(Operation.ENROL, { newPin: new Uint8Array(), listDigest: new Uint8Array(32) });
  refuses(Operation.CHANGE_PIN, { pin });
  refuses(Operation.SIGN, { pin, list: unhex(further.lists[0].list), scheme: 'ecdsa', salt: 1 });
  refuses(Operation.SIGN, { pin, list: unhex(further.lists[0].list) });
  refuses(Operation.SIGN, { pin, scheme: 'ecdsa' });
  const [oid, entry] = [unhex(further.lists[0].list).subarray(0, 13), unhex(further.lists[0].list).subarray(15)];
  const many = Buffer.concat([oid, Buffer.from([0, 101]), ...Array(101).fill(entry)]);
  refuses(Operation.SIGN, { pin, list: many, scheme: 'ecdsa' });
  refuses(Operation.FACTOR, {});
  refuses(Operation.FACTOR, { factor: new Uint8Array() });
  refuses(0x07, { pin });
});

test('bodies of answers', () => {
  for (const { op, fields, body } of further.answers) {
    const due = {
      signatures: fields.signatures?.length,
      pin: fields.pin !== undefined,
      factor: fields.otpauth !== undefined,
    };
    const { code, pin, retryAfter, triesLeft, signatures, factor } = decodeAnswer(names, op, unhex(body), due);
    assert.equal(code, fields.code);
    assert.equal(pin && new TextDecoder().decode(pin), fields.pin);
    assert.equal(retryAfter, fields.retry_after);
    assert.equal(triesLeft, fields.tries_left);
    assert.deepEqual(signatures?.map(hex), fields.signatures);
    assert.equal(factor && new TextDecoder().decode(factor.uri), fields.otpauth);
    assert.equal(factor && hex(Uint8Array.of(factor.side, ...factor.modules)), fields.qr);
  }
  const [begun, confirmed] = further.answers.filter(({ op }) => op === Operation.FACTOR);
  const other = ({ op, body }, due) => assert.throws(() => decodeAnswer(names, op, unhex(body), due), ChannelFailure);
  other(further.answers.find(({ fields }) => fields.signatures), { signatures: 3 });
  const [chosen, drawn] = further.answers.filter(({ op }) => op === Operation.ENROL);
  other(chosen, { pin: true });
  other(drawn, { pin: false });
  other(begun, { factor: false });
  other(confirmed, { factor: true });
});

test('base64url has one spelling', () => {
  for (let length = 0; length < 50; length++) {
    const octets = crypto.getRandomValues(new Uint8Array(length));
    const text = Buffer.from(octets).toString('base64url');
    assert.equal(toBase64Url(octets), text);
    assert.deepEqual(fromBase64Url(text), octets);
  }
  for (const text of ['AQ==', '+/8', 'AR', 'A', ' AQ', 'AQ ', 'AQ\n', undefined, 1]) {
    assert.throws(() => fromBase64Url(text), ChannelFailure);
  }
});
