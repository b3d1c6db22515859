// What a session is for (DESIGN 5). The page computes ctx from what it shows, the signer from what was registered: a
// channel cannot be moved to another transaction, user or client.

import { ensure, prefixed, sha256, u32, utf8 } from './octets.js';

/** Operations, by their octet in requests and in ctx (security.md 3.5). */
export const Operation = Object.freeze({
  ENROL: 0x01,
  AUTHORIZE: 0x02,
  SIGN: 0x03,
  CHANGE_PIN: 0x04,
  FACTOR: 0x05,
  CLOSE: 0x06,
});

/** The bit that makes an operation's octet that of its answer. */
export const ANSWER = 0x80;

/**
 * `ctx = SHA-256("RCH1 ctx\0" | lp(op) | lp(tx) | lp(tenant) | lp(user) | lp(client) | lp(credential) |
 * u32 key version | lp(list digest))`; empty strings and an absent digest stand for what an operation does not have.
 *
 * @param {{operation: number, tx: string, tenant: string, user: string, client: string, credential: string,
 *   keyVersion: number, listDigest?: Uint8Array}} context
 * @returns {Promise<Uint8Array>} 32 octets
 */
export async function contextDigest({ operation, tx, tenant, user, client, credential, keyVersion, listDigest }) {
  ensure(Object.values(Operation).includes(operation));
  ensure(listDigest === undefined || listDigest.length === 32);
  const names = [tx, tenant, user, client, credential].map((name) => prefixed(utf8(name)));
  const op = prefixed(Uint8Array.of(operation));
  return sha256(utf8('RCH1 ctx\0'), op, ...names, u32(keyVersion), prefixed(listDigest ?? new Uint8Array()));
}

/**
 * The list digest of enrol: `SHA-256("rsign/enrol/v1\0" | lp(key type) | lp(C) | lp(O) | lp(GN) | lp(SN) |
 * lp(serialNumber) | lp(CN))`, lp of nothing where there is no organisation.
 *
 * @param {string} key name of the key type, such as `P-256`
 * @param {{country: string, organization?: string, given_name: string, surname: string, serial_number: string,
 *   common_name: string}} subject
 * @returns {Promise<Uint8Array>} 32 octets
 */
export async function enrolDigest(key, subject) {
  // An organisation that is there and empty would read like none.
  ensure(subject.organization !== '');
  const { country, organization = '', given_name, surname, serial_number, common_name } = subject;
  const texts = [key, country, organization, given_name, surname, serial_number, common_name];
  return sha256(utf8('rsign/enrol/v1\0'), ...texts.map((text) => prefixed(utf8(text))));
}
