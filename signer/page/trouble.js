// What can go wrong, by one word each: text.*.js says under `trouble` what that word means and what to do next.

/** The page cannot go on as it was asked to. */
export class Trouble extends Error {
  /**
   * @param {string} kind
   * @param {{retryAfter?: number}} [details] seconds to wait
   */
  constructor(kind, { retryAfter } = {}) {
    super(kind);
    this.name = 'Trouble';
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

/** Fails unless something holds. */
export function expect(condition, kind) {
  if (!condition) throw new Trouble(kind);
}
