// The gateway's part: it describes the transaction and carries what it cannot read (DESIGN 5).

import { fromBase64Url, toBase64Url } from './octets.js';
import { Trouble, expect } from './trouble.js';

/** Nothing of the browser's goes along: no cookie, no address of this page; and no answer from elsewhere is taken. */
const BARE = Object.freeze({
  credentials: 'omit',
  cache: 'no-store',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
});

/** Milliseconds to wait for an answer; for that to a record, which may have to make an RSA key. */
const PATIENCE = 30_000;
const LONG_PATIENCE = 120_000;

/** Words of the gateway that say the same here. */
const WORDS = Object.freeze(['expired', 'withdrawn', 'unknown', 'busy', 'failed']);

/** What config.json says: written at the ceremony, served from this page's own origin. */
export async function readConfig() {
  const { gateway, keys } = await ask(new URL('config.json', import.meta.url), {}, PATIENCE, () => 'setup');
  try {
    expect(new URL(gateway).origin === gateway && keys.length > 0, 'setup');
    return { gateway, keys: keys.map(({ spki }) => fromBase64Url(spki)) };
  } catch {
    throw new Trouble('setup');
  }
}

/** The end points of one transaction. */
export class Relay {
  #address;
  #token;

  /**
   * @param {string} gateway origin
   * @param {{tx: string, token: string}} request
   */
  constructor(gateway, { tx, token }) {
    this.#address = `${gateway}/rch/${tx}`;
    this.#token = token;
  }

  /** What the transaction is, as the gateway tells it. */
  describe() {
    return this.#ask('', undefined, PATIENCE);
  }

  /** Carries the ClientHello. */
  async hello(hello) {
    const answer = await this.#ask('/hello', { hello }, PATIENCE);
    const [serverHello, signature, finished] = octets(answer, 'hello', 'signature', 'finished');
    return { hello: serverHello, signature, finished };
  }

  /** Has a code sent to the owner of the transaction's key. */
  sendCode() {
    return this.#ask('/code', {}, PATIENCE);
  }

  /** Carries one record. */
  async record({ finished, record }) {
    const answer = await this.#ask('/record', { finished, record }, LONG_PATIENCE);
    return { record: octets(answer, 'record')[0], state: answer.state };
  }

  #ask(path, message, patience) {
    const headers = { authorization: `Bearer ${this.#token}` };
    if (message === undefined) return ask(this.#address + path, { headers }, patience, wordOf);
    headers['content-type'] = 'application/json';
    const encoded = Object.entries(message).filter(([, value]) => value !== undefined);
    const body = JSON.stringify(Object.fromEntries(encoded.map(([name, value]) => [name, toBase64Url(value)])));
    return ask(this.#address + path, { method: 'POST', headers, body }, patience, wordOf);
  }
}

/** The JSON object that is answered; `blame` names the trouble of an answer that is none. */
async function ask(address, options, patience, blame) {
  let response;
  let answer;
  try {
    response = await fetch(address, { ...BARE, ...options, signal: AbortSignal.timeout(patience) });
    answer = await response.json().catch(() => undefined);
  } catch {
    throw new Trouble('offline');
  }
  if (!response.ok) throw new Trouble(blame(response.status, answer));
  expect(typeof answer === 'object' && answer !== null, 'damaged');
  return answer;
}

function wordOf(status, answer) {
  if (WORDS.includes(answer?.error)) return answer.error;
  if (status === 429 || status >= 500) return 'busy';
  return status === 401 || status === 404 ? 'unknown' : 'failed';
}

function octets(answer, ...names) {
  try {
    return names.map((name) => fromBase64Url(answer[name]));
  } catch {
    throw new Trouble('damaged');
  }
}
