// An app asks for signatures: shows for which documents, takes the PIN (DESIGN 5).

import { codeField, noCode } from './code.js';
import { element, foreign, sentence } from './element.js';
import { keeping, sealedNote, secretField, secretForm } from './form.js';
import { isCode, take, takeCode } from './pin.js';
import { alertOf, attempt, cancel, card, faultOf, finish, keyLines } from './screens.js';

/** Shows the request, and after a refusal what was wrong. */
export function authorise(task, faults = {}) {
  const { view, transaction } = task;
  view.show((text) => {
    const { app, signatures, labels, certificate } = transaction;
    const said = text.authorise;
    const count = labels.length > 0 ? labels.length : signatures;
    return card(
      app === undefined ? said.title(said.someApp, count) : sentence((name) => said.title(name, count), app),
      alertOf(text, faults),
      element('p', { class: 'lead' }, said.lead),
      documents(text, transaction),
      shortCode(text, transaction),
      certificate && element('div', { class: 'field' }, element('h2', {}, said.key), keyLines(text, certificate)),
      form(task, faults),
    );
  });
}

/** What is to be signed, in order; or that nobody has said so yet. */
function documents(text, { labels, signatures }) {
  const said = text.authorise;
  if (labels.length === 0) return element('p', { class: 'notice warn' }, said.noList(signatures));
  const isNamed = labels.some((label) => label);
  const items = labels.map((label, at) => element('li', {}, foreign(label || said.unlabelled(at + 1))));
  return element(
    'div',
    { class: 'field' },
    element('h2', { id: 'documents' }, said.documents(labels.length)),
    element('p', { class: 'soft' }, isNamed ? said.named : said.unnamed),
    isNamed && element('ol', { class: 'plain documents', tabindex: 0, 'aria-labelledby': 'documents' }, items),
    signatures > labels.length && element('p', { class: 'notice warn' }, said.moreThanListed(signatures)),
  );
}

function shortCode(text, { code }) {
  if (code === undefined) return undefined;
  const said = text.authorise;
  return element(
    'div',
    { class: 'field' },
    element('h2', {}, said.code),
    element('p', {}, element('span', { class: 'code' }, code)),
    element('p', { class: 'hint' }, said.codeHint),
  );
}

function form(task, faults) {
  const { view, transaction } = task;
  const { text } = view;
  const pin = secretField(text, { id: 'pin', label: text.pin.label, fault: faultOf(text, faults, 'pin') });
  const factor = transaction.needsFactor ? codeField(task, faultOf(text, faults, 'factor')) : undefined;
  const panel = element('div', { class: 'panel' }, pin.node, factor?.node, sealedNote(text, view.host));
  const onsubmit = async ({ begin }) => {
    const wrong = mistakes(transaction, pin.input, factor?.input);
    const inputs = factor === undefined ? [pin.input] : [pin.input, factor.input];
    if (Object.keys(wrong).length > 0) return keeping(inputs, wrong, () => authorise(task, wrong));
    begin();
    const { digest: listDigest, signatures: count } = transaction;
    const fields = { pin: take(pin.input), factor: factor && takeCode(factor.input), listDigest, count };
    const { answer, faults: again } = await attempt(task, fields);
    if (again !== undefined) return authorise(task, again);
    return answer && finish(task, 'authorise');
  };
  const { submit, busy } = text.authorise;
  return secretForm(view, { content: [panel], submit, busy, onsubmit, oncancel: () => cancel(task) });
}

/** The first mistake of what was typed. */
function mistakes(transaction, pin, factor) {
  if (pin.value === '') return { pin: ({ fault }) => fault.empty };
  return factor !== undefined && !isCode(factor) ? noCode(transaction) : {};
}
