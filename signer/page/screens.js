// Screens that every operation has, and what follows a request to the signer: going on, the form again, or the end.

import { wrongCode } from './code.js';
import { ended } from './destination.js';
import { drawing, element, foreign, sentence } from './element.js';
import { Result } from './tlv.js';
import { Trouble } from './trouble.js';

/** Troubles that look like an attack. */
const ALARMS = Object.freeze(['stranger', 'mismatch']);

/** Troubles that are the end of the request, and how: to ask once more would only lead here again. */
const ENDS = Object.freeze({
  cancelled: 'denied',
  stranger: 'denied',
  mismatch: 'denied',
  locked: 'unusable',
  factorLocked: 'unusable',
  blocked: 'unusable',
  disabled: 'unusable',
  refused: 'unusable',
});

/** Troubles after which the same form makes sense again; the names are those of `text.fault`. */
const PASSING = Object.freeze(['busy', 'offline', 'lost']);

/** A sentence about where the browser came from and goes back to. */
function withPlace(text, { app, word } = {}, say) {
  if (app !== undefined) return sentence((name) => say(text.frame.to(name)), app);
  return say(word === undefined || word === 'authorise' ? text.frame.app : text.frame.account);
}

/** A card with a heading, which is text or nodes. */
export function card(title, ...content) {
  return element('section', { class: 'card narrow' }, element('h1', {}, title), ...content);
}

/** While nothing is known yet. */
export function opening(text) {
  return card(text.opening, element('div', { class: 'bar', 'aria-hidden': 'true' }));
}

/** The page was opened by itself. */
export function nothing(gateway) {
  return (text) =>
    card(
      text.nothing.title,
      element('p', {}, text.nothing.body),
      element('p', { class: 'soft' }, text.nothing.again),
      element('p', {}, element('a', { class: 'button quiet', href: `${gateway}/account` }, text.nothing.account)),
    );
}

/**
 * What went wrong, and what to do next.
 *
 * @param {import('./view.js').View} view
 * @param {Trouble} trouble
 * @param {{transaction?: object, again?: () => void}} [rest] what it was about; how to try again, where that helps
 */
export function stop(view, trouble, { transaction, again } = {}) {
  const { kind, retryAfter } = trouble instanceof Trouble ? trouble : new Trouble('ours');
  const end = retryAfter === undefined ? undefined : new Date(Date.now() + retryAfter * 1000);
  view.show((text) => {
    const { title, body } = text.trouble[kind];
    const unchanged = text.unchanged[transaction?.word ?? 'none'];
    const isAlarm = ALARMS.includes(kind);
    const screen = card(
      title,
      element('p', {}, body(unchanged, end && moment(text, end))),
      ways(text, transaction, wayBack(transaction, kind), PASSING.includes(kind) ? again : undefined),
    );
    screen.classList.add('stop', ...(isAlarm ? ['alarm'] : []));
    screen.prepend(drawing(['locked', 'factorLocked', 'blocked'].includes(kind) ? 'lock' : 'shield'));
    return screen;
  });
}

/** Where the browser goes after this trouble. */
function wayBack(transaction, kind) {
  const back = transaction?.back;
  return back !== undefined && Object.hasOwn(ENDS, kind) ? ended(back, ENDS[kind]) : back;
}

function ways(text, transaction, back, again) {
  // In one box: the spaces around a name would get lost between boxes.
  const words = element('span', {}, withPlace(text, transaction, text.back));
  const links = [
    again && element('button', { type: 'button', onclick: again }, text.again),
    back && element('a', { class: 'button quiet', href: back }, words),
  ].filter(Boolean);
  return links.length > 0 ? element('div', { class: 'actions' }, links) : element('p', { class: 'soft' }, text.byHand);
}

/** It is done: the browser goes back by itself, and by a link should it not. */
export function finish({ view, transaction, exchange }, part) {
  exchange.end();
  const { back } = transaction;
  view.show((text) => {
    const { title, body } = text[part].done;
    const screen = card(
      title,
      element('p', {}, back === undefined ? text.byHand : withPlace(text, transaction, body)),
      back && element('p', {}, element('a', { class: 'button quiet', href: back }, text.proceed)),
    );
    screen.classList.add('stop', 'good');
    screen.prepend(drawing('check'));
    return screen;
  });
  // Replaces this page in the history: there is nothing here to come back to.
  if (back !== undefined) location.replace(back);
}

/** The person does not want to. An app hears so. */
export function cancel({ view, transaction, exchange }) {
  exchange.end();
  view.forget();
  stop(view, new Trouble('cancelled'), { transaction });
  const back = wayBack(transaction, 'cancelled');
  if (back !== undefined) location.replace(back);
}

/**
 * Asks the signer. Secrets among the fields are wiped.
 *
 * @returns {Promise<{answer?: object, faults?: object, kind?: string}>} the answer if it is done; what to say in the
 *   form if it shall be filled in again, and the trouble if that is nobody's mistake; nothing if it is the end, which
 *   is on the screen then
 */
export async function attempt({ view, transaction, exchange }, fields, due) {
  try {
    const answer = await exchange.ask(fields, due);
    return answer.code === Result.DONE ? { answer } : refusal(answer, transaction);
  } catch (error) {
    const { kind } = error;
    if (PASSING.includes(kind)) return { kind, faults: { alert: (text) => text.fault[kind] } };
    exchange.end();
    stop(view, error, { transaction });
    return {};
  }
}

function refusal({ code, triesLeft, retryAfter }, transaction) {
  switch (code) {
    case Result.WRONG_PIN:
      return { faults: { pin: ({ fault }) => (triesLeft === undefined ? fault.wrong : fault.wrongLeft(triesLeft)) } };
    case Result.WRONG_FACTOR:
      return { faults: wrongCode(transaction) };
    case Result.WEAK_PIN:
      return { faults: { fresh: ({ fault }) => fault.weak } };
    default: {
      const alert = ({ fault }) => (retryAfter === undefined ? fault.busy : fault.busyFor(retryAfter));
      return { kind: 'busy', faults: { alert } };
    }
  }
}

/** What is wrong with a form as a whole. */
export function alertOf(text, faults) {
  return faults.alert && element('p', { class: 'alert' }, faults.alert(text));
}

/** The sentence about one field, if there is one. */
export function faultOf(text, faults, field) {
  return faults[field] === undefined ? undefined : faults[field](text);
}

/** A key, by its certificate. */
export function keyLines(text, { name, issuer, validTo, keyType }) {
  const day = new Intl.DateTimeFormat(text.dates, { dateStyle: 'long' });
  const ends = validTo && text.authorise.validTo(day.format(validTo));
  return [
    element('p', {}, element('strong', {}, foreign(name)), ' ', keyType && element('span', { class: 'chip' }, keyType)),
    element('p', { class: 'hint' }, foreign(issuer), ends && ` · ${ends}`),
  ];
}

/** A time of today; of another day with its date. */
function moment(text, time) {
  const isToday = time.toDateString() === new Date().toDateString();
  const format = { timeStyle: 'short', ...(isToday ? {} : { dateStyle: 'long' }) };
  return new Intl.DateTimeFormat(text.dates, format).format(time);
}
