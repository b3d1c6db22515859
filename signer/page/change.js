// Another PIN for a key: the one until now, and the new one twice.

import { choiceFaults, newPinFields } from './choice.js';
import { codeField, noCode } from './code.js';
import { element } from './element.js';
import { keeping, sealedNote, secretField, secretForm } from './form.js';
import { isCode, peek, take, takeCode } from './pin.js';
import { alertOf, attempt, cancel, card, faultOf, finish, keyLines } from './screens.js';

/** Shows the form, and after a refusal what was wrong. */
export function changePin(task, faults = {}) {
  const { view, transaction } = task;
  view.show((text) => {
    const { certificate } = transaction;
    const { title, lead, key } = text.change;
    return card(
      title,
      alertOf(text, faults),
      element('p', { class: 'lead' }, lead),
      certificate && element('div', { class: 'field' }, element('h2', {}, key), keyLines(text, certificate)),
      form(task, faults),
    );
  });
}

function form(task, faults) {
  const { view, transaction } = task;
  const { text } = view;
  const said = text.change;
  const told = (field) => faultOf(text, faults, field);
  const old = secretField(text, { id: 'pin', label: said.old, fault: told('pin') });
  const fresh = newPinFields(text, said, { fresh: told('fresh'), repeated: told('repeated') });
  const factor = transaction.needsFactor ? codeField(task, told('factor')) : undefined;
  const panel = element('div', { class: 'panel' }, old.node, fresh.nodes, factor?.node, sealedNote(text, view.host));
  const onsubmit = async ({ begin }) => {
    const wrong = mistakes(transaction, old.input, fresh, factor?.input);
    const inputs = [old.input, fresh.fresh, fresh.repeated, ...(factor === undefined ? [] : [factor.input])];
    if (Object.keys(wrong).length > 0) return keeping(inputs, wrong, () => changePin(task, wrong));
    begin();
    const fields = { pin: take(old.input), newPin: take(fresh.fresh), factor: factor && takeCode(factor.input) };
    fresh.repeated.value = '';
    const { answer, faults: again } = await attempt(task, fields);
    if (again !== undefined) return changePin(task, again);
    return answer && finish(task, 'change');
  };
  const oncancel = () => cancel(task);
  return secretForm(view, { content: [panel], submit: said.submit, busy: said.busy, onsubmit, oncancel });
}

/** The first mistake of what was typed. */
function mistakes(transaction, old, { fresh, repeated }, factor) {
  if (old.value === '') return { pin: ({ fault }) => fault.empty };
  const wrong = peek([fresh, repeated, old], choiceFaults);
  if (Object.keys(wrong).length > 0) return wrong;
  return factor !== undefined && !isCode(factor) ? noCode(transaction) : {};
}
