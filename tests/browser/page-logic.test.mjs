// What the signing page decides without a browser: `node --test tests/browser/*.test.mjs`.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './lib/modules.mjs';

const { choiceFaults } = await load('choice.js');
const { Operation, contextDigest, enrolDigest } = await load('context.js');
const { destination, ended, readFragment } = await load('destination.js');
const { Exchange } = await load('exchange.js');
const { encodeList, listDigest, shortCode } = await load('list.js');
const { concat, fromBase64Url, u64, utf8 } = await load('octets.js');
const { judge, peek, take } = await load('pin.js');
const { plain } = await load('plain.js');
const { commonName, readTransaction } = await load('transaction.js');
const { Trouble } = await load('trouble.js');
const { languageOf } = await load('view.js');
const { text: en } = await load('text.en.js');
const { text: pt } = await load('text.pt.js');

const GATEWAY = 'https://gateway.example:8443';
const TX = 'AAECAwQFBgcICQoLDA0ODw';

/** What is said about a new PIN, by the key of the sentence. */
function verdict(pin, repeated = pin, old = undefined) {
  const faults = choiceFaults(utf8(pin), utf8(repeated), old && utf8(old));
  const [field] = Object.keys(faults);
  return field === undefined ? 'good' : Object.keys(en.fault).find((key) => en.fault[key] === faults[field](en));
}

test('a new PIN is long enough, no pattern, no date, and another than before', () => {
  for (const pin of ['482130', '48213077', 'tulip9', 'correct horse', '🙂🙃😉😊😀😃', '990000']) {
    assert.equal(verdict(pin), 'good', pin);
  }
  for (const pin of ['123456', '654321', 'abcdefg', '111111', '121212', '123123', '1212121', '12341234']) {
    assert.equal(verdict(pin), 'plainPattern', pin);
  }
  for (const pin of ['24121985', '12241985', '19851224', '20260131', '241285', '851224']) {
    assert.equal(verdict(pin), 'date', pin);
  }
  for (const pin of ['99123456', '48213077', '320140', '31129901']) assert.equal(judge(utf8(pin)).isNoDate, true, pin);
  assert.equal(verdict(''), 'emptyNew');
  assert.equal(verdict('48213'), 'short');
  assert.equal(verdict('🙂🙃😉😊😀'), 'short', 'characters count, not their parts');
  assert.equal(verdict('ab'.repeat(31) + 'xyz'), 'long');
  assert.equal(verdict('482130', '482131'), 'differs');
  assert.equal(verdict('482130', '482130', '482130'), 'same');
});

test('a PIN leaves its field, in NFKC, and looking at it leaves it there', () => {
  const field = { value: '４８２１３０' };
  assert.equal(peek([field], (pin) => Buffer.from(pin).toString()), '482130');
  let seen;
  peek([field], (pin) => (seen = pin));
  assert.ok(seen.every((octet) => octet === 0), 'copies are wiped');
  assert.equal(field.value, '４８２１３０');
  assert.deepEqual(take(field), utf8('482130'));
  assert.equal(field.value, '');
});

test('A-30: a label cannot look like something else', () => {
  // As gateway/src/domain/plain.rs has it: people compare the two.
  assert.equal(plain('contract\u202efdp.exe', 80), 'contractfdp.exe');
  assert.equal(plain(' a\t\u2028b\u0000\u200bc \u2066d\u2069\r\n', 80), 'a bc d');
  assert.equal(plain('a \u200b b'), 'a b');
  assert.equal(plain('<b>&'), '<b>&');
  assert.equal(plain('Çağrı 👩‍💻 می‌خواهم'), 'Çağrı 👩‍💻 می‌خواهم');
  assert.equal(plain('ação', 2), 'aç…');
  assert.equal(plain('\u061c\u200e\u{e0041}\ufeff\u0007'), '');
});

test('A-28: the page goes back to the gateway and nowhere else', () => {
  const good = `${GATEWAY}/oauth2/return?tx=${TX}`;
  assert.equal(destination(good, GATEWAY), good);
  for (const bad of [
    undefined,
    null,
    '',
    '/oauth2/return',
    '//gateway.example:8443/',
    'https://gateway.example/',
    'http://gateway.example:8443/',
    'https://gateway.example:8443.evil.example/',
    'https://gateway.example:8443@evil.example/',
    'https://user@gateway.example:8443/',
    'https://evil.example/?https://gateway.example:8443',
    `blob:${GATEWAY}/0b2f`,
    'javascript:alert(1)//https://gateway.example:8443',
    'data:text/html,x',
  ]) {
    assert.equal(destination(bad, GATEWAY), undefined, String(bad));
  }
});

test('why nothing came of a request is said where it goes back to', () => {
  const back = `${GATEWAY}/oauth2/return?tx=${TX}`;
  assert.equal(ended(back, 'denied'), `${back}&end=denied`);
  assert.equal(destination(ended(back, 'unusable'), GATEWAY), `${back}&end=unusable`);
});

test('a fragment is a transaction and its token, or it is nothing', () => {
  const token = 't'.repeat(43);
  assert.deepEqual(readFragment(`#${TX}.${token}`), { tx: TX, token });
  for (const bad of ['', '#', `#${TX}`, `#${TX}.short`, `#../rch.${token}`, `#${TX}.${token}?`, `#${TX}.${token}.x`]) {
    assert.equal(readFragment(bad), undefined, bad);
  }
});

test('both languages say the same things', () => {
  const shape = (value) => {
    if (typeof value === 'function') return `function of ${value.length}`;
    if (typeof value !== 'object') return typeof value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, shape(value[key])]));
  };
  assert.deepEqual(shape(pt), shape(en));
  const sentences = (value) => (typeof value === 'object' ? Object.values(value).flatMap(sentences) : [value]);
  for (const said of [...sentences(en), ...sentences(pt)].filter((said) => typeof said === 'string')) {
    assert.equal(said, said.trim());
    assert.notEqual(said, '');
  }
});

test('the page speaks the first language it knows', () => {
  assert.equal(languageOf(['fr-FR', 'pt-BR', 'en']), pt);
  assert.equal(languageOf(['EN_us', 'pt']), en);
  assert.equal(languageOf(['de']), en);
  assert.equal(languageOf([]), en);
});

const ENTRIES = [
  { type: 'dtbsr', hash: `${'q'.repeat(42)}A`, label: 'Contract\u202e.pdf' },
  { type: 'dtbsr', hash: `${'B'.repeat(42)}A`, label: null },
];

const TOLD = {
  operation: 'authorise',
  tx: TX,
  tenant: 'default',
  user: 'u1',
  client: 'docflow',
  credential: 'c1',
  keyVersion: 1,
  app: { name: 'Doc\u202eFlow' },
  certificate: {
    subject: 'C=PT,CN=Ana \\"Sá\\"\\, Eng.',
    issuer: 'CN=CA',
    validTo: '20280630120000Z',
    keyType: 'P-256',
  },
  list: { algorithm: null, entries: ENTRIES },
  signatures: 2,
  enrol: null,
  pin: { minimum: 6, maximum: 64 },
  factor: 'none',
  language: 'pt',
  return: `${GATEWAY}/oauth2/return?tx=${TX}`,
};

const read = (changes) => readTransaction({ ...TOLD, ...changes }, { tx: TX }, GATEWAY);

test('A-37: code and context are computed from what is shown, labels as they came', async () => {
  const entries = ENTRIES.map(({ type, hash, label }) => ({ type, hash: fromBase64Url(hash), label }));
  const digest = await listDigest(await encodeList('2.16.840.1.101.3.4.2.1', entries));
  const context = { tx: TX, tenant: 'default', user: 'u1', client: 'docflow', credential: 'c1', keyVersion: 1 };
  const transaction = await read({});
  assert.equal(transaction.code, shortCode(digest));
  const expected = await contextDigest({ operation: Operation.AUTHORIZE, ...context, listDigest: digest });
  assert.deepEqual(transaction.ctx, expected);
  assert.deepEqual(transaction.labels, ['Contract.pdf', undefined]);
  assert.equal(transaction.app, 'DocFlow');
  assert.equal(transaction.certificate.name, 'Ana "Sá", Eng.');
  assert.equal(transaction.certificate.validTo.toISOString(), '2028-06-30T12:00:00.000Z');

  const relabelled = [{ ...ENTRIES[0], label: 'Other.pdf' }, ENTRIES[1]];
  const other = await read({ list: { algorithm: null, entries: relabelled } });
  assert.notEqual(other.code, transaction.code);
  assert.notDeepEqual(other.ctx, transaction.ctx);
});

test('a change of PIN has no list, an enrolment what is to be made', async () => {
  const context = { tx: TX, tenant: 'default', user: 'u1', client: 'docflow', credential: 'c1', keyVersion: 1 };
  const none = { list: { algorithm: null, entries: [] }, signatures: 0 };
  const change = await read({ ...none, operation: 'change_pin' });
  assert.deepEqual(change.ctx, await contextDigest({ operation: Operation.CHANGE_PIN, ...context }));
  const subject = { country: 'PT', given_name: 'Ana', surname: 'Sá', serial_number: 'X-1', common_name: 'Ana Sá' };
  const enrol = await read({ ...none, operation: 'enrol', enrol: { keyType: 'P-256', subject } });
  const listDigest = await enrolDigest('P-256', subject);
  assert.deepEqual(enrol.ctx, await contextDigest({ operation: Operation.ENROL, ...context, listDigest }));
  assert.equal(enrol.enrol.name, 'Ana Sá');
});

test('what is not exactly a transaction is not shown', async () => {
  const trouble = (kind) => ({ name: 'Trouble', kind });
  await assert.rejects(read({ operation: 'sign' }), trouble('native'));
  for (const changes of [
    { operation: 'close' },
    { operation: '__proto__' },
    { tx: 'another' },
    { credential: 7 },
    { keyVersion: '1' },
    { signatures: 0 },
    { signatures: 1 },
    { list: { algorithm: '1.2.3', entries: ENTRIES } },
    { list: { algorithm: null, entries: [{ ...ENTRIES[0], type: 'any' }] }, signatures: 1 },
    { list: { algorithm: null, entries: [{ ...ENTRIES[0], hash: 'AA' }] }, signatures: 1 },
    { list: { algorithm: null, entries: [{ ...ENTRIES[0], label: 1 }] }, signatures: 1 },
    { operation: 'change_pin' },
    { operation: 'enrol', enrol: null },
    { app: { name: ['x'] } },
  ]) {
    await assert.rejects(read(changes), trouble('damaged'), JSON.stringify(changes));
  }
});

test('a foreign address to go back to is left out', async () => {
  assert.equal((await read({})).back, TOLD.return);
  assert.equal((await read({ return: 'https://evil.example/oauth2/return' })).back, undefined);
});

/** An exchange whose relay answers the hello so; and what came of asking it with a PIN. */
async function asked(hello) {
  const transaction = await read({});
  const pin = utf8('482130');
  const exchange = new Exchange({ hello }, transaction, [new Uint8Array(91)]);
  const outcome = await exchange.ask({ pin, count: 2, listDigest: transaction.digest }).catch(({ kind }) => kind);
  return { outcome, pin, transaction };
}

/** A ServerHello that ends so many seconds from now, of a signer that nobody knows. */
async function strangerHello(ahead) {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  const share = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const fill = (count) => new Uint8Array(count).fill(7);
  const end = u64(Math.floor(Date.now() / 1000) + ahead);
  const hello = concat(utf8('RCH1'), Uint8Array.of(2, 1), fill(16), share, fill(32), end, fill(32));
  return { hello, signature: fill(64), finished: fill(32) };
}

test('A-36: whatever comes of the handshake, a PIN that was not sent is wiped and people hear why', async () => {
  for (const [expected, hello] of [
    ['stranger', () => strangerHello(300)],
    ['clock', () => strangerHello(-4000)],
    ['clock', () => strangerHello(4000)],
    ['stranger', async () => ({ hello: utf8('hello'), signature: utf8(''), finished: utf8('') })],
    ['declined', () => Promise.reject(new Trouble('failed'))],
    ['withdrawn', () => Promise.reject(new Trouble('withdrawn'))],
    ['busy', () => Promise.reject(new Trouble('busy'))],
    ['offline', () => Promise.reject(new Trouble('offline'))],
  ]) {
    const { outcome, pin, transaction } = await asked(hello);
    assert.equal(outcome, expected);
    assert.ok(pin.every((octet) => octet === 0), expected);
    assert.ok(transaction.digest.some((octet) => octet !== 0), 'what is no secret stays');
  }
});

test('a name is read out of a distinguished name', () => {
  assert.equal(commonName('SERIALNUMBER=1,CN=Ana Sá,C=PT'), 'Ana Sá');
  assert.equal(commonName('O=CN\\=x,C=PT'), 'O=CN\\=x,C=PT');
  assert.equal(commonName('Ana Sá'), 'Ana Sá');
});
