// Where the page may go, and what it was called with.

/**
 * The address to go to when all is done, if it is one of the gateway's; undefined for anything else.
 *
 * @param {unknown} address
 * @param {string} gateway origin
 * @returns {string|undefined}
 */
export function destination(address, gateway) {
  if (typeof address !== 'string') return undefined;
  try {
    // No base: what is not absolute is refused. The origin of blob: is that of what made it, so the scheme counts too.
    const { protocol, origin, username, password, href } = new URL(address);
    const isWeb = protocol === 'https:' || protocol === 'http:';
    return isWeb && origin === gateway && username === '' && password === '' ? href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The same address, saying why nothing came of the request: the app hears an error then, and nobody is asked again.
 *
 * @param {string} back
 * @param {'denied'|'unusable'} end
 * @returns {string}
 */
export function ended(back, end) {
  const address = new URL(back);
  address.searchParams.set('end', end);
  return address.href;
}

/**
 * Transaction and token out of `#<tx>.<token>`; undefined where there is nothing like it.
 *
 * @param {string} fragment
 * @returns {{tx: string, token: string}|undefined}
 */
export function readFragment(fragment) {
  const found = /^#([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{20,128})$/.exec(fragment);
  return found === null ? undefined : { tx: found[1], token: found[2] };
}
