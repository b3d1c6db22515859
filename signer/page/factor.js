// A second factor: an authenticator app learns a secret from the screen, and shows that it has by its first code. The
// signer makes the secret and keeps none; the gateway sees neither it nor a code.

import { codeField, noCode } from './code.js';
import { SVG, element } from './element.js';
import { factorField, keeping, sealedNote, secretField, secretForm } from './form.js';
import { wipe } from './octets.js';
import { isCode, take, takeCode } from './pin.js';
import { alertOf, attempt, cancel, card, faultOf, finish, keyLines, stop } from './screens.js';
import { Result } from './tlv.js';
import { Trouble } from './trouble.js';

/** Milliseconds to set up an app, of a channel's five minutes. */
const TIME_TO_SET_UP = 240_000;

/** First codes that the signer judges (its own count is the one that holds). */
const CODES = 5;

/** Light modules around a QR code (ISO/IEC 18004, 5.3.8). */
const QUIET = 4;

/** Asks for PIN and, where there is an app already, a code of it; and after a refusal what was wrong. */
export function setFactor(task, faults = {}) {
  const { view, transaction } = task;
  view.show((text) => {
    const { certificate, needsFactor } = transaction;
    const said = text.factor;
    return card(
      needsFactor ? said.replaceTitle : said.addTitle,
      alertOf(text, faults),
      element('p', { class: 'lead' }, needsFactor ? said.replaceLead : said.addLead),
      certificate && element('div', { class: 'field' }, element('h2', {}, said.key), keyLines(text, certificate)),
      form(task, faults),
    );
  });
}

function form(task, faults) {
  const { view, transaction } = task;
  const { text } = view;
  const pin = secretField(text, { id: 'pin', label: text.pin.label, fault: faultOf(text, faults, 'pin') });
  const labels = { label: text.factor.oldCode };
  const factor = transaction.needsFactor ? codeField(task, faultOf(text, faults, 'factor'), labels) : undefined;
  const panel = element('div', { class: 'panel' }, pin.node, factor?.node, sealedNote(text, view.host));
  const onsubmit = async ({ begin }) => {
    const wrong = mistakes(transaction, pin.input, factor?.input);
    const inputs = factor === undefined ? [pin.input] : [pin.input, factor.input];
    if (Object.keys(wrong).length > 0) return keeping(inputs, wrong, () => setFactor(task, wrong));
    begin();
    const fields = { pin: take(pin.input), factor: factor && takeCode(factor.input) };
    const { answer, faults: again } = await attempt(task, fields, { factor: true });
    if (again !== undefined) return setFactor(task, again);
    if (answer === undefined) return undefined;
    const onend = () => {
      task.exchange.end();
      stop(view, new Trouble('notSetUp'), task);
    };
    const ondone = () => finish(task, 'factor');
    return setUp(task, answer.factor, { ends: Date.now() + TIME_TO_SET_UP, ondone, onend });
  };
  const { submit, busy } = text.factor;
  return secretForm(view, { content: [panel], submit, busy, onsubmit, oncancel: () => cancel(task) });
}

/** The first mistake of what was typed. */
function mistakes(transaction, pin, factor) {
  if (pin.value === '') return { pin: ({ fault }) => fault.empty };
  return factor !== undefined && !isCode(factor) ? noCode(transaction) : {};
}

/**
 * Shows a new factor until its owner's app has shown its first code, or the time is over.
 *
 * @param {object} task
 * @param {{uri: Uint8Array, side: number, modules: Uint8Array}} told wiped at the end
 * @param {{ends: number, ondone: () => unknown, onend: () => void}} then milliseconds of the clock; what comes next
 */
export function setUp(task, told, { ends, ondone, onend }) {
  const { view } = task;
  let left = CODES;
  const leave = () => {
    clearTimeout(timer);
    wipe(told.uri, told.modules);
    view.forget();
  };
  const end = () => {
    leave();
    onend();
  };
  const timer = setTimeout(end, ends - Date.now());
  const show = (faults = {}) => view.show((text) => screen(text, faults));
  const judge = async (code) => {
    try {
      const answer = await task.exchange.confirm(code);
      if (answer.code === Result.DONE) {
        leave();
        return ondone();
      }
      left -= answer.code === Result.WRONG_FACTOR ? 1 : 0;
      if (left === 0) return end();
      return show(
        answer.code === Result.WRONG_FACTOR
          ? { factor: ({ factor }) => factor.wrong }
          : { alert: ({ fault }) => fault.busy },
      );
    } catch (error) {
      leave();
      task.exchange.end();
      // A code whose answer did not come may have been heard.
      const isUncertain = error.kind === 'lost' || error.kind === 'broken';
      return stop(view, isUncertain ? new Trouble('broken') : error, task);
    }
  };
  const screen = (text, faults) => {
    const said = text.factor;
    const field = factorField(text, faultOf(text, faults, 'factor'), { label: said.firstCode });
    const onsubmit = ({ begin }) => {
      if (!isCode(field.input)) return show({ factor: ({ fault }) => fault.emptyFactor });
      begin();
      return judge(takeCode(field.input));
    };
    return card(
      said.setUpTitle,
      alertOf(text, faults),
      element('p', { class: 'lead' }, said.setUpLead),
      scan(said, told),
      element('p', { class: 'notice warn' }, said.setUpLimit),
      secretForm(view, { content: [field.node], submit: said.confirm, busy: said.confirming, onsubmit }),
    );
  };
  show();
}

/**
 * The secret in three forms: to be scanned, to be opened on this very device, to be typed. It is a string in the page
 * now, as it has to be; what shows it is emptied at the end.
 */
function scan(said, { uri, side, modules }) {
  const address = new TextDecoder().decode(uri);
  const secret = new URLSearchParams(address.slice(address.indexOf('?'))).get('secret') ?? '';
  return element(
    'div',
    { class: 'told' },
    picture(said.picture, side, modules),
    element('p', {}, element('a', { class: 'button quiet', href: address }, said.open)),
    element('p', { class: 'hint', id: 'typed' }, said.typed),
    element('p', {}, element('code', { class: 'key', 'aria-describedby': 'typed' }, inGroups(secret))),
  );
}

/** Four and four, as apps show it too. */
function inGroups(secret) {
  return secret.match(/.{1,4}/g)?.join(' ');
}

/** A QR code: dark on light in every scheme, or cameras do not find it. */
function picture(label, side, modules) {
  const size = side + 2 * QUIET;
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('class', 'qr');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  svg.setAttribute('shape-rendering', 'crispEdges');
  const path = document.createElementNS(SVG, 'path');
  const places = Array.from({ length: side * side }, (_, place) => place);
  const dark = places.filter((place) => (modules[place >> 3] & (0x80 >> (place & 7))) !== 0);
  const square = (place) => `M${QUIET + (place % side)} ${QUIET + Math.floor(place / side)}h1v1h-1z`;
  path.setAttribute('d', dark.map(square).join(''));
  svg.append(path);
  return svg;
}
