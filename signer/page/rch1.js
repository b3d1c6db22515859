// RCH1, the client's end (security.md 3; DESIGN 5), by WebCrypto alone. The other end, and a client in Rust, are in
// api/src/channel/; both are held to openapi/channel-*.json.
//
//   const channel = await Channel.start({ operation, ctx });
//   await channel.receive(await post(hello: channel.hello), pinned);
//   const { finished, record } = await channel.seal(operation, encodeRequest(…));   // finished the first time only
//   const answer = decodeAnswer(…, await channel.open(await post(finished, record)));
//
// Whatever goes wrong is one ChannelFailure, after which the channel does nothing more.

import { ANSWER, Operation } from './context.js';
import {
  ECDH,
  decodeServerHello,
  deriveKeys,
  encodeClientHello,
  pinnedKey,
  transcript,
  verifySignature,
} from './handshake.js';
import { ChannelFailure, ensure, equal, prefixed, wipe } from './octets.js';
import { S2C, openRecord, pad, parseRecord, sealRecord, successor, unpad } from './record.js';

export { ChannelFailure };

/** Seconds: how far ahead `exp` may lie, and how long a session may be idle. */
const MAX_EXP_AHEAD = 600n;
const MAX_IDLE = 60;
/** 32 records: a request and an answer each. */
const MAX_EXCHANGES = 16;

/** Where randomness, keys and time come from. Tests have their own. */
const SOURCE = Object.freeze({
  random: (count) => crypto.getRandomValues(new Uint8Array(count)),
  /** The private key cannot be exported. */
  keyPair: () => crypto.subtle.generateKey(ECDH, false, ['deriveBits']),
  /** Unix seconds. */
  now: () => Math.floor(Date.now() / 1000),
});

/** A session, from the ClientHello to its end. */
export class Channel {
  /** What may happen next: 'receive', 'seal', 'open', or nothing: 'busy' while one of them runs, 'over' at the end. */
  #next = 'receive';
  #source;
  #operation;
  #keyPair;
  #share;
  #hello;
  /** After the handshake: sid, exp, keys. */
  #session;
  /** fin_c, until it went with the first record. */
  #finished;
  /** Number of the exchange: seq of both directions, since requests and answers alternate strictly. */
  #exchange = 0;
  #usedAt;
  #request;

  /**
   * Begins a session for one operation; `ctx` is that of contextDigest.
   *
   * @param {{operation: number, ctx: Uint8Array}} purpose
   */
  static async start({ operation, ctx }, source = SOURCE) {
    // Close is part of every session and opens none.
    ensure(Object.values(Operation).includes(operation) && operation !== Operation.CLOSE);
    const channel = new Channel();
    channel.#source = source;
    channel.#operation = operation;
    channel.#keyPair = await source.keyPair();
    channel.#share = new Uint8Array(await crypto.subtle.exportKey('raw', channel.#keyPair.publicKey));
    channel.#hello = encodeClientHello(channel.#share, source.random(32), ctx);
    return channel;
  }

  /** The ClientHello to send, 137 octets. */
  get hello() {
    return this.#hello.slice();
  }

  /** Whether another request may be sealed. */
  get isReady() {
    return this.#next === 'seal';
  }

  /**
   * Takes the signer's answer to the hello (3.2): form, expiry, a pinned identity key, signature, key confirmation.
   *
   * @param {{hello: Uint8Array, signature: Uint8Array, finished: Uint8Array}} answer
   * @param {Uint8Array[]} pinned SubjectPublicKeyInfos of the identity keys that are trusted
   */
  async receive(answer, pinned) {
    await this.#step('receive', async () => {
      const { hello, signature, finished } = answer;
      const server = decodeServerHello(hello);
      const ahead = server.exp - BigInt(this.#source.now());
      ensure(ahead > 0n && ahead <= MAX_EXP_AHEAD && !equal(server.share, this.#share));
      const th1 = await transcript('RCH1 TH1\0', prefixed(this.#hello), prefixed(hello));
      await verifySignature(await pinnedKey(pinned, server.kid), signature, th1);
      const th2 = await transcript('RCH1 TH2\0', th1, prefixed(signature));
      const keys = await deriveKeys(this.#keyPair.privateKey, server.share, th2);
      ensure(finished.length === 32 && (await crypto.subtle.verify('HMAC', keys.finS, finished, th2)));
      const th3 = await transcript('RCH1 TH3\0', th2, finished);
      this.#finished = new Uint8Array(await crypto.subtle.sign('HMAC', keys.finC, th3));
      this.#session = { sid: server.sid, exp: server.exp, keys };
      this.#keyPair = undefined;
      this.#usedAt = this.#source.now();
      return 'seal';
    });
  }

  /**
   * Seals a request, and wipes its body. `finished` stands in the first one only.
   *
   * @param {number} operation that of the session, or close; after an enrolment also that which confirms a factor
   * @param {Uint8Array} body
   * @returns {Promise<{finished?: Uint8Array, record: Uint8Array}>}
   */
  async seal(operation, body) {
    let message;
    try {
      await this.#step('seal', async () => {
        this.#ensureAlive();
        // The owner of a new key or factor has the rest of the session to write the PIN down or set up an app.
        const isFurther = this.#exchange > 0 && [Operation.FACTOR, Operation.CLOSE].includes(operation);
        const unhurried = isFurther && [Operation.ENROL, Operation.FACTOR].includes(this.#operation);
        ensure(unhurried || this.#source.now() - this.#usedAt <= MAX_IDLE);
        ensure(operation === this.#operation || operation === Operation.CLOSE || unhurried);
        const { keys, sid } = this.#session;
        const nonce = this.#source.random(16);
        const plaintext = pad(nonce, operation, body);
        const record = await sealRecord(keys.c2s, sid, this.#exchange, plaintext);
        message = { record };
        if (this.#finished !== undefined) message.finished = this.#finished;
        this.#finished = undefined;
        this.#request = { operation, nonce };
        return 'open';
      });
    } finally {
      wipe(body);
    }
    return message;
  }

  /**
   * Opens the answer, in the receiver's order (3.3): length, session, time, direction, sequence, tag, decryption,
   * padding, N+1, operation.
   *
   * @param {Uint8Array} record
   * @returns {Promise<Uint8Array>} its body
   */
  async open(record) {
    let body;
    await this.#step('open', async () => {
      const { keys, sid } = this.#session;
      const frame = parseRecord(record);
      ensure(equal(frame.sid, sid));
      this.#ensureAlive();
      ensure(frame.direction === S2C && frame.seq === BigInt(this.#exchange));
      const plain = unpad(await openRecord(keys.s2c, frame));
      const { operation, nonce } = this.#request;
      ensure(equal(plain.nonce, successor(nonce)) && plain.op === (operation | ANSWER));
      body = plain.body;
      this.#usedAt = this.#source.now();
      this.#exchange += 1;
      // The empty answer to close is the end; any other is a refusal.
      const closed = operation === Operation.CLOSE && body.length === 0;
      return closed || this.#exchange === MAX_EXCHANGES ? 'over' : 'seal';
    });
    return body;
  }

  /** Forgets the keys. */
  destroy() {
    this.#next = 'over';
    this.#keyPair = undefined;
    this.#session = undefined;
    this.#finished = undefined;
    this.#request = undefined;
  }

  /** Does what is due, and nothing else; a failure of any kind ends the session and looks like any other. */
  async #step(name, work) {
    try {
      ensure(this.#next === name);
      this.#next = 'busy';
      const next = await work();
      // Destroyed meanwhile?
      ensure(this.#next === 'busy');
      this.#next = next;
    } catch {
      this.destroy();
      throw new ChannelFailure();
    }
    if (this.#next === 'over') this.destroy();
  }

  #ensureAlive() {
    ensure(BigInt(this.#source.now()) < this.#session.exp);
  }
}
