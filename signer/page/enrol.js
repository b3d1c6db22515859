// A new key: its PIN is chosen here or drawn by the signer, and the key comes into use when its owner has the PIN, and
// an app that makes codes where it needs them.

import { choiceFaults, newPinFields } from './choice.js';
import { element, foreign } from './element.js';
import { setUp } from './factor.js';
import { keeping, sealedNote, secretForm } from './form.js';
import { wipe } from './octets.js';
import { peek, take } from './pin.js';
import { alertOf, attempt, cancel, card, faultOf, finish, stop } from './screens.js';
import { Result } from './tlv.js';
import { Trouble } from './trouble.js';

/**
 * Seconds to wait before asking again whether the certificate has come; a channel carries 16 requests in its five
 * minutes.
 */
const PAUSES = Object.freeze([1, 1, 2, 2, 3, 5, 8, 13, 20, 30, 30, 30]);

/** Milliseconds to note a PIN: what is left of a channel's five minutes after a large key was made. */
const TIME_TO_NOTE = 240_000;

/** Shows the form, and after a refusal what was wrong. */
export function enrol(task, faults = {}, isDrawn = false) {
  const { view, transaction } = task;
  view.show((text) => {
    const { keyType, name, organization, country, number } = transaction.enrol;
    const fact = (term, ...lines) => [element('dt', {}, term), element('dd', {}, lines)];
    const origin = [organization, country, number].filter(Boolean).join(' · ');
    return card(
      text.enrol.title,
      alertOf(text, faults),
      element('p', { class: 'lead' }, text.enrol.lead),
      element(
        'dl',
        { class: 'facts' },
        fact(text.enrol.owner, element('strong', {}, foreign(name)), element('p', { class: 'hint' }, foreign(origin))),
        fact(text.enrol.kind, keyType),
      ),
      form(task, faults, isDrawn),
    );
  });
}

function form(task, faults, isDrawn) {
  const { view, transaction } = task;
  const { text } = view;
  const said = text.enrol;
  const told = (field) => faultOf(text, faults, field);
  const fields = newPinFields(text, said, { fresh: told('fresh'), repeated: told('repeated') });
  const own = element('div', { class: 'panel' }, fields.nodes, sealedNote(text, view.host));
  const [chosen, drawn] = ways(text, isDrawn, (wantsDrawn) => (own.hidden = wantsDrawn));
  own.hidden = isDrawn;
  const choices = element('div', { class: 'choices' }, chosen.node, drawn.node);
  const how = element('fieldset', {}, element('legend', {}, said.how), choices);
  const onsubmit = async ({ begin }) => {
    const wantsDrawn = drawn.input.checked;
    const wrong = wantsDrawn ? {} : peek([fields.fresh, fields.repeated], (pin, again) => choiceFaults(pin, again));
    if (Object.keys(wrong).length > 0) {
      return keeping([fields.fresh, fields.repeated], wrong, () => enrol(task, wrong, wantsDrawn));
    }
    begin();
    const newPin = wantsDrawn ? undefined : take(fields.fresh);
    view.forget();
    return make(task, newPin);
  };
  const next = transaction.needsFactor && !transaction.isCodeSent && element('p', { class: 'soft' }, said.thenFactor);
  const content = [how, own, next];
  const oncancel = () => cancel(task);
  return secretForm(view, { content, submit: said.submit, busy: said.making, onsubmit, oncancel });
}

/** The two ways to a PIN. */
function ways(text, isDrawn, onchange) {
  const way = (id, title, hint, isDrawnWay) => {
    const input = element('input', { type: 'radio', name: 'way', id, onchange: () => onchange(isDrawnWay) });
    input.checked = isDrawn === isDrawnWay;
    const words = element('span', {}, element('strong', {}, title), element('span', { class: 'hint' }, hint));
    return { input, node: element('label', { class: 'choice', for: id }, input, words) };
  };
  const { own, ownHint, drawn, drawnHint } = text.enrol;
  return [way('own', own, ownHint, false), way('drawn', drawn, drawnHint, true)];
}

/** The key is made, under the PIN or under one that the answer brings. */
async function make(task, newPin) {
  const { view, transaction } = task;
  const isDrawn = newPin === undefined;
  const again = () => enrol(task, {}, isDrawn);
  view.show(({ enrol: said }) => progress(said.making, said.makingLead));
  view.setBusy(true);
  const fields = { newPin, listDigest: transaction.digest };
  const { answer, faults, kind } = await attempt(task, fields, { pin: isDrawn });
  // The sentences of the form are about a PIN that was typed.
  if (isDrawn && kind !== undefined) stop(view, new Trouble(kind === 'lost' ? 'broken' : kind), { transaction, again });
  else if (faults !== undefined) enrol(task, faults, isDrawn);
  else if (answer !== undefined) hand(task, answer);
}

/** What the owner has to take along before the key comes into use: a drawn PIN, a new factor. */
function hand(task, { pin, factor }) {
  const ends = Date.now() + TIME_TO_NOTE;
  // The account pages said that a code will be needed, the signer was told otherwise.
  const { needsFactor, isCodeSent } = task.transaction;
  if (needsFactor && !isCodeSent && factor === undefined) return lost(task, 'mismatch');
  const use = () => bringIntoUse(task);
  const rest = factor === undefined ? use : () => setUp(task, factor, { ends, ondone: use, onend: () => lost(task) });
  return pin === undefined ? rest() : note(task, pin, { ends, ondone: rest });
}

/** The channel ends, and the key with it. */
function lost(task, kind = 'unfinished') {
  task.exchange.end();
  stop(task.view, new Trouble(kind), task);
}

function progress(title, lead) {
  return card(title, element('div', { class: 'bar', 'aria-hidden': 'true' }), element('p', { class: 'soft' }, lead));
}

/** Shows a drawn PIN until its owner has noted it, or the channel ends and the key with it. */
function note(task, pin, { ends, ondone }) {
  const { view } = task;
  const leave = () => {
    clearTimeout(timer);
    wipe(pin);
    view.forget();
  };
  const timer = setTimeout(() => {
    leave();
    lost(task);
  }, ends - Date.now());
  const onclick = () => {
    leave();
    return ondone();
  };
  view.show(({ enrol: said }) =>
    card(
      said.noteTitle,
      element('p', { class: 'lead' }, said.noteLead),
      drawnPin(said.yourPin, pin),
      element('p', { class: 'notice warn' }, said.noteLimit),
      element('div', { class: 'actions' }, element('button', { type: 'button', onclick }, said.noted)),
    ),
  );
}

/** A PIN in large digits; read out one by one. */
function drawnPin(label, pin) {
  const digits = Array.from(new TextDecoder().decode(pin));
  return element(
    'p',
    { class: 'drawn' },
    element('span', { class: 'hidden' }, `${label}: ${digits.join(' ')}`),
    element('span', { 'aria-hidden': 'true' }, digits.map((digit) => element('span', {}, digit))),
  );
}

/** Says that the owner has the PIN, again and again until the certificate is there too. */
async function bringIntoUse(task) {
  const { view, transaction, exchange } = task;
  view.show(({ enrol: said }) => progress(said.finishing, said.finishingLead));
  view.setBusy(true);
  try {
    for (const pause of PAUSES) {
      const { code, retryAfter } = await exchange.close();
      if (code === Result.DONE) return finish(task, 'enrol');
      if (code !== Result.NOT_YET && code !== Result.UNAVAILABLE) break;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(pause, Math.min(retryAfter ?? 0, 30))));
    }
    throw new Trouble('unfinished');
  } catch (error) {
    exchange.end();
    // A request to close whose answer did not come may have been heard. Otherwise the key is not in use, and what is
    // not in use after an hour is thrown away.
    const isUncertain = error.kind === 'lost' || error.kind === 'broken';
    stop(view, new Trouble(isUncertain ? 'broken' : 'unfinished'), { transaction });
  }
  return undefined;
}
