// The signing page's end of RCH1, held to the published vectors: `node --test tests/browser/*.test.mjs`.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { hex, load, unhex } from './lib/modules.mjs';
import { SPKI, begun, fails, fixedSource, ready, sealed, signerAnswer } from './lib/rch1.mjs';
import { further, names, negative, vectors } from './lib/rch1.mjs';

const { Channel } = await load('rch1.js');
const { Operation } = await load('context.js');
const { decodeAnswer } = await load('tlv.js');
const { sha256, utf8 } = await load('octets.js');

const { subtle } = crypto;

test('ClientHello, handshake, first request and answer are the vectors’', async () => {
  const source = fixedSource([vectors.inputs.N]);
  const channel = await begun(source);
  assert.equal(hex(channel.hello), vectors.ClientHello);
  await channel.receive(signerAnswer(), [SPKI]);
  const body = unhex(vectors.inputs.body);
  const { finished, record } = await channel.seal(Operation.ENROL, body);
  assert.equal(hex(finished), vectors.fin_c);
  assert.equal(hex(record), vectors.request);
  assert.ok(body.every((octet) => octet === 0), 'the body is wiped');
  assert.equal(new TextDecoder().decode(await channel.open(unhex(vectors.response))), '{"ok":true}');
  assert.ok(channel.isReady);
});

test('transcript hashes and kid are the vectors’', async () => {
  const lp = (octets) => Uint8Array.of(octets.length >> 8, octets.length & 0xff, ...octets);
  const th1 = await sha256(utf8('RCH1 TH1\0'), lp(unhex(vectors.ClientHello)), lp(unhex(vectors.ServerHello)));
  assert.equal(hex(th1), vectors.TH1);
  const th2 = await sha256(utf8('RCH1 TH2\0'), th1, lp(unhex(vectors.sig_raw)));
  assert.equal(hex(th2), vectors.TH2);
  assert.equal(hex(await sha256(utf8('RCH1 TH3\0'), th2, unhex(vectors.fin_s))), vectors.TH3);
  assert.equal(hex(await sha256(SPKI)), vectors.ServerHello.slice(-64));
});

test('more records: N that wraps, more than a block, close', async () => {
  const { channel } = await ready(...further.records.map(({ nonce }) => nonce));
  for (const { seq, op, body, request, answer_body, answer } of further.records) {
    const { finished, record } = await channel.seal(op, unhex(body));
    assert.equal(finished === undefined, seq > 0);
    assert.equal(hex(record), request);
    assert.equal(hex(await channel.open(unhex(answer))), answer_body);
  }
  assert.ok(!channel.isReady);
  await fails(channel.seal(Operation.CLOSE, new Uint8Array()));
});

test('the largest record', async () => {
  const { nonce, body_octet, body_length, request_sha256, answer_sha256 } = further.largest;
  const { channel } = await ready(nonce);
  const { record } = await channel.seal(Operation.ENROL, new Uint8Array(body_length).fill(parseInt(body_octet, 16)));
  assert.equal(createHash('sha256').update(record).digest('hex'), request_sha256);
  const plaintext = Buffer.alloc(64 * 1024, 0x5a);
  plaintext.set(unhex(nonce));
  plaintext[15] += 1;
  plaintext[16] = 0x81;
  plaintext[plaintext.length - 1] = 0x80;
  plaintext.writeUInt32BE(body_length, 17);
  const answer = await sealed('s2c', 0, plaintext);
  assert.equal(createHash('sha256').update(answer).digest('hex'), answer_sha256);
  assert.equal((await channel.open(answer)).length, body_length);

  const other = await ready(nonce);
  await fails(other.channel.seal(Operation.ENROL, new Uint8Array(body_length + 1)));
});

test('a signature with a high s is taken', async () => {
  const { sig_raw, fin_s, fin_c } = further.high_s;
  const channel = await begun(fixedSource(['00'.repeat(16)]));
  await channel.receive({ ...signerAnswer(), signature: unhex(sig_raw), finished: unhex(fin_s) }, [SPKI]);
  const { finished } = await channel.seal(Operation.ENROL, new Uint8Array());
  assert.equal(hex(finished), fin_c);
});

test('a pinned set may hold other keys', async () => {
  const channel = await begun(fixedSource());
  await channel.receive(signerAnswer(), [new Uint8Array(91), SPKI]);
  const nobody = await begun(fixedSource());
  await fails(nobody.receive(signerAnswer(), []));
});

test('keys cannot be exported, and no two channels draw the same', async () => {
  const seen = new Set();
  let pair;
  const source = {
    random: (count) => crypto.getRandomValues(new Uint8Array(count)),
    async keyPair() {
      pair = await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
      return pair;
    },
    now: () => 0,
  };
  for (const used of [source, undefined, undefined]) {
    const channel = await Channel.start({ operation: Operation.AUTHORIZE, ctx: new Uint8Array(32) }, used);
    assert.equal(channel.hello.length, 137);
    seen.add(hex(channel.hello));
  }
  assert.equal(seen.size, 3);
  assert.equal(pair.privateKey.extractable, false);
  await fails(Channel.start({ operation: Operation.CLOSE, ctx: new Uint8Array(32) }, source));
  const zeros = { ...source, random: (count) => new Uint8Array(count) };
  await fails(Channel.start({ operation: Operation.AUTHORIZE, ctx: new Uint8Array(32) }, zeros));
});

test('only what is due is done', async () => {
  const nonce = vectors.inputs.N;
  await fails((await begun(fixedSource())).seal(Operation.ENROL, new Uint8Array()));
  await fails((await begun(fixedSource())).open(unhex(vectors.response)));
  await fails((await ready(nonce)).channel.open(unhex(vectors.response)));
  await fails((await ready(nonce)).channel.receive(signerAnswer(), [SPKI]));
  await fails((await ready(nonce)).channel.seal(Operation.SIGN, new Uint8Array()));

  const { channel } = await ready(nonce, nonce);
  const both = await Promise.allSettled([
    channel.seal(Operation.ENROL, new Uint8Array()),
    channel.seal(Operation.ENROL, new Uint8Array()),
  ]);
  assert.ok(both.every(({ status }) => status === 'rejected'), 'two at once end the session');

  const { channel: failed } = await ready(nonce, nonce);
  await failed.seal(Operation.ENROL, unhex(vectors.inputs.body));
  await fails(failed.open(new Uint8Array(324)));
  await fails(failed.open(unhex(vectors.response)));
  assert.ok(!failed.isReady);
});

test('a session ends by idleness and by age', async () => {
  const { channel, source } = await ready(vectors.inputs.N);
  source.time += 60;
  await channel.seal(Operation.ENROL, unhex(vectors.inputs.body));
  source.time += 200;
  await channel.open(unhex(vectors.response));

  const idle = await ready(vectors.inputs.N);
  idle.source.time += 61;
  await fails(idle.channel.seal(Operation.ENROL, new Uint8Array()));

  const { channel: old, source: clock } = await ready(vectors.inputs.N, vectors.inputs.N);
  await old.seal(Operation.ENROL, unhex(vectors.inputs.body));
  clock.time = further.exp - 1;
  await old.open(unhex(vectors.response));
  clock.time = further.exp;
  await fails(old.seal(Operation.ENROL, new Uint8Array()));
});

test('a close that is refused ends nothing, and comes late after an enrolment', async () => {
  const { channel, source } = await ready(...Array(3).fill(vectors.inputs.N));
  const answer = (op, body) => {
    const plaintext = new Uint8Array(256);
    plaintext.set(unhex(`${vectors.N_plus_1}${op}000000${body.length.toString(16).padStart(2, '0')}`));
    plaintext.set([...body, 0x80], 21);
    return plaintext;
  };
  await channel.seal(Operation.ENROL, new Uint8Array());
  await channel.open(await sealed('s2c', 0, answer('81', [])));
  source.time += 200;
  await channel.seal(Operation.CLOSE, new Uint8Array());
  assert.equal((await channel.open(await sealed('s2c', 1, answer('86', [1, 2, 3])))).length, 3);
  await channel.seal(Operation.CLOSE, new Uint8Array());
  await channel.open(await sealed('s2c', 2, answer('86', [])));
  assert.ok(!channel.isReady);
});

test('sixteen exchanges and no more', async () => {
  const { channel } = await ready(...Array(17).fill(vectors.inputs.N));
  const plaintext = new Uint8Array(256);
  plaintext.set(unhex(vectors.N_plus_1 + '810000000080'));
  for (let seq = 0; seq < 16; seq++) {
    await channel.seal(Operation.ENROL, new Uint8Array());
    await channel.open(await sealed('s2c', seq, plaintext));
    assert.equal(channel.isReady, seq < 15);
  }
  await fails(channel.seal(Operation.ENROL, new Uint8Array()));
});

/** The record of a negative case; one too large for the file is sealed here. */
async function recordOf({ record, sealed: recipe }) {
  if (recipe === undefined) return unhex(record);
  const pieces = recipe.plaintext.map(([piece, times]) => Buffer.from(piece.repeat(times), 'hex'));
  const octets = await sealed(recipe.way, recipe.seq, Buffer.concat(pieces));
  assert.equal(createHash('sha256').update(octets).digest('hex'), recipe.sha256);
  return octets;
}

/** What a client does with each kind of message. */
const receive = {
  async hello({ now, hello, signature, finished }) {
    const source = fixedSource();
    source.time = now;
    const channel = await begun(source);
    const answer = { hello: unhex(hello), signature: unhex(signature), finished: unhex(finished) };
    return [channel, () => channel.receive(answer, [SPKI])];
  },

  async record(vector) {
    const { before = [], now } = vector;
    const request = vector.request ?? { ...vectors.inputs, nonce: vectors.inputs.N, op: 1, record: vectors.request };
    const { channel, source } = await ready(...before.map(({ nonce }) => nonce), request.nonce);
    for (const exchange of before) {
      await sends(channel, exchange);
      assert.equal(hex(await channel.open(unhex(exchange.answer))), exchange.answer_body);
    }
    await sends(channel, request);
    source.time = now;
    const record = await recordOf(vector);
    return [channel, () => channel.open(record)];
  },

  async body({ op, body }) {
    return [undefined, async () => decodeAnswer(names, op, unhex(body))];
  },
};

async function sends(channel, { op, body, record: expected }) {
  const { record } = await channel.seal(op, unhex(body));
  assert.equal(hex(record), expected);
}

test('every negative vector a client receives', async (context) => {
  const cases = negative.cases.filter(({ receiver }) => receiver === 'client');
  assert.ok(cases.length > 100);
  for (const vector of cases) {
    await context.test(vector.name, async () => {
      const [channel, act] = await receive[vector.step](vector);
      await fails(act());
      if (channel !== undefined) {
        assert.ok(!channel.isReady);
        await fails(channel.seal(Operation.CLOSE, new Uint8Array()));
      }
    });
  }
});
