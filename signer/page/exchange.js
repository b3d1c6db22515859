// Requests and answers of one transaction over RCH1: opens a channel when one is needed, and tells what can go wrong
// apart where people have to do different things about it.

import { Operation } from './context.js';
import { decodeServerHello } from './handshake.js';
import { wipe } from './octets.js';
import { Channel, ChannelFailure } from './rch1.js';
import { Result, decodeAnswer, encodeRequest } from './tlv.js';
import { Trouble } from './trouble.js';

/** Seconds after which a channel is opened anew: the signer forgets an idle one after 60. */
const FRESH = 45;

/** How many seconds ahead the end of a channel may lie (security.md 3.2). */
const MAX_EXP_AHEAD = 600n;

/** Refusals after which the transaction is of no more use. */
const FINAL = Object.freeze({
  [Result.PIN_LOCKED]: 'locked',
  [Result.BLOCKED]: 'blocked',
  [Result.LIST_MISMATCH]: 'mismatch',
  [Result.EXPIRED]: 'expired',
  [Result.DISABLED]: 'disabled',
  [Result.ALGORITHM]: 'refused',
  [Result.REFUSED]: 'refused',
});

/** One after the other, and of one transaction. */
export class Exchange {
  #relay;
  #transaction;
  #pinned;
  #channel;
  #usedAt = 0;
  /** A record was sent whose answer never came: what it asked for may have been done. */
  #isUncertain = false;

  /**
   * @param {import('./relay.js').Relay} relay
   * @param {object} transaction
   * @param {Uint8Array[]} pinned SubjectPublicKeyInfos of the signers' identity keys
   */
  constructor(relay, transaction, pinned) {
    this.#relay = relay;
    this.#transaction = transaction;
    this.#pinned = pinned;
  }

  /**
   * Asks for what the transaction is about. Secrets among the fields are wiped, whatever happens.
   *
   * @param {object} fields of `encodeRequest`
   * @param {object} [due] of `decodeAnswer`
   * @returns {Promise<object>} an answer that is done, or a refusal after which it makes sense to ask again
   */
  async ask(fields, due) {
    const { operation } = this.#transaction;
    try {
      if (!this.#channel?.isReady || seconds() - this.#usedAt > FRESH) await this.#open();
      return await this.#exchange(operation, fields, due);
    } finally {
      const { pin, newPin, factor } = fields;
      wipe(...[pin, newPin, factor].filter((secret) => secret !== undefined));
    }
  }

  /** Shows the signer a code of the factor it told of in this channel, and wipes it. */
  async confirm(factor) {
    try {
      return await this.#exchange(Operation.FACTOR, { factor }, { factor: false });
    } finally {
      wipe(factor);
    }
  }

  /** Closes the channel, which after an enrolment says that the owner has the PIN. */
  close() {
    return this.#exchange(Operation.CLOSE, {}, {});
  }

  /** Has a code sent to the owner of the transaction's key: the gateway's errand, outside the channel. */
  sendCode() {
    return this.#relay.sendCode();
  }

  /** Forgets the keys. */
  end() {
    this.#channel?.destroy();
  }

  async #open() {
    const { operation, ctx } = this.#transaction;
    this.end();
    const channel = await Channel.start({ operation, ctx });
    const answer = await this.#relay.hello(channel.hello).catch((error) => {
      // The signer opens no channel for another ctx. Without a PIN that may have arrived, nothing can have been done.
      throw error.kind === 'failed' && !this.#isUncertain ? new Trouble('declined') : error;
    });
    try {
      await channel.receive(answer, this.#pinned);
    } catch {
      throw new Trouble(isOfNow(answer.hello) ? 'stranger' : 'clock');
    }
    this.#channel = channel;
    this.#usedAt = seconds();
  }

  async #exchange(operation, fields, due) {
    const { names } = this.#transaction;
    const channel = this.#channel;
    try {
      const sealed = await channel.seal(operation, encodeRequest(names, operation, fields));
      const { record, state } = await this.#carry(sealed);
      const body = await channel.open(record);
      const answer = decodeAnswer(names, operation, body, due);
      wipe(body);
      this.#usedAt = seconds();
      this.#isUncertain = false;
      return checked(answer, state);
    } catch (error) {
      if (!(error instanceof ChannelFailure)) throw error;
      throw new Trouble('broken');
    }
  }

  async #carry(sealed) {
    this.#isUncertain = true;
    try {
      return await this.#relay.record(sealed);
    } catch (error) {
      // What the signer did not get in this channel, it gets in none.
      this.end();
      if (error.kind === 'offline' || error.kind === 'busy') throw new Trouble('lost');
      if (error.kind === 'failed') throw new Trouble('broken');
      throw error;
    }
  }
}

/** A final refusal is thrown; so is a success that the gateway could not keep. */
function checked(answer, state) {
  if (answer.code === Result.DONE && state === 'failed') throw new Trouble('undelivered');
  // The last try was wrong: nothing is judged any more.
  if (answer.code === Result.WRONG_PIN && answer.triesLeft === 0) throw new Trouble('locked');
  // Codes are not judged for a while, whatever they are.
  if (answer.code === Result.WRONG_FACTOR && answer.retryAfter !== undefined) throw new Trouble('factorLocked', answer);
  if (Object.hasOwn(FINAL, answer.code)) throw new Trouble(FINAL[answer.code], answer);
  return answer;
}

/** Whether a ServerHello is of now. Nothing depends on it but which sentence people read. */
function isOfNow(hello) {
  try {
    const ahead = decodeServerHello(hello).exp - BigInt(seconds());
    return ahead > 0n && ahead <= MAX_EXP_AHEAD;
  } catch {
    return true;
  }
}

function seconds() {
  return Math.floor(Date.now() / 1000);
}
