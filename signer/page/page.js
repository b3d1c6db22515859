// The signing page (DESIGN 5; security.md 3.7). It comes from the signer's own web origin, asks for the PIN there, and
// sends it to the signer over a channel that the gateway carries and cannot read. Start reading here; then
// transaction.js (what is asked), exchange.js (the channel), and one file for each operation.

import { authorise } from './authorise.js';
import { changePin } from './change.js';
import { Operation } from './context.js';
import { readFragment } from './destination.js';
import { enrol } from './enrol.js';
import { Exchange } from './exchange.js';
import { setFactor } from './factor.js';
import { Relay, readConfig } from './relay.js';
import { nothing, opening, stop } from './screens.js';
import { readTransaction } from './transaction.js';
import { Trouble, expect } from './trouble.js';
import { View } from './view.js';

const SCREENS = Object.freeze({
  [Operation.AUTHORIZE]: authorise,
  [Operation.ENROL]: enrol,
  [Operation.CHANGE_PIN]: changePin,
  [Operation.FACTOR]: setFactor,
});

/** Takes what the page was called with out of the address bar and the history, before anything else happens. */
function takeFragment() {
  const { hash, pathname } = location;
  history.replaceState(null, '', pathname);
  return { isEmpty: hash.length <= 1, request: readFragment(hash) };
}

async function start(view, called) {
  const { isEmpty, request } = called;
  try {
    view.show(opening);
    // WebCrypto is there over TLS, and on this computer's own names.
    expect(isSecureContext, 'insecure');
    const { gateway, keys } = await readConfig();
    view.standApartFrom(gateway);
    if (isEmpty) return view.show(nothing(gateway));
    if (request === undefined) throw new Trouble('unknown');
    const relay = new Relay(gateway, request);
    const transaction = await readTransaction(await relay.describe(), request, gateway);
    view.speak(transaction.language);
    const exchange = new Exchange(relay, transaction, keys);
    return SCREENS[transaction.operation]({ view, transaction, exchange });
  } catch (error) {
    return stop(view, error, { again: () => start(view, called) });
  }
}

const called = takeFragment();
// Another request in the same tab is another page.
addEventListener('hashchange', () => location.reload());

const view = new View(navigator.languages);
addEventListener('pagehide', () => view.forget());
// What the browser kept of this page is over: what it showed may be done, and its fields are empty.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

start(view, called);
