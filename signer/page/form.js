// Forms that take secrets: fields, what is wrong with them, and what is shown while the signer works.

import { drawing, element } from './element.js';

/**
 * A field for a secret. Nothing keeps what is typed: no autocompletion, no spell checker. A keyboard of digits is
 * offered first; whoever has letters in the PIN asks for them.
 *
 * @param {object} text
 * @param {{id: string, label: string, hint?: string, describedBy?: string, fault?: string, oninput?: () => void}} field
 */
export function secretField(text, { id, label, hint, describedBy, fault, oninput }) {
  const described = [hint && `${id}-hint`, describedBy, fault && `${id}-fault`].filter(Boolean).join(' ');
  const input = element('input', {
    id,
    type: 'password',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    inputmode: 'numeric',
    enterkeyhint: 'go',
    maxlength: 256,
    required: true,
    'aria-describedby': described || undefined,
    'aria-invalid': fault === undefined ? undefined : 'true',
    oninput,
  });
  const node = element(
    'div',
    { class: 'field' },
    element('label', { for: id }, label),
    hint && element('p', { class: 'hint', id: `${id}-hint` }, hint),
    fault && element('p', { class: 'fault', id: `${id}-fault` }, fault),
    element('div', { class: 'secret' }, input, revealer(text, input, label)),
    keyboardSwitch(text, input),
  );
  return { node, input };
}

/** Shows what was typed, and hides it again. */
function revealer(text, input, label) {
  const button = element('button', { type: 'button', class: 'quiet', 'aria-controls': input.id });
  const set = (isShown) => {
    input.type = isShown ? 'text' : 'password';
    button.textContent = isShown ? text.pin.hide : text.pin.show;
    button.setAttribute('aria-label', isShown ? text.pin.hideIt(label) : text.pin.showIt(label));
  };
  button.addEventListener('click', () => set(input.type === 'password'));
  set(false);
  return button;
}

/** For devices whose keyboard is on the screen (page.css shows it there only). */
function keyboardSwitch(text, input) {
  const button = element('button', { type: 'button', class: 'link letters' }, text.pin.letters);
  button.addEventListener('click', () => {
    const hasLetters = input.inputMode === 'text';
    input.inputMode = hasLetters ? 'numeric' : 'text';
    button.textContent = hasLetters ? text.pin.letters : text.pin.digits;
    input.focus();
  });
  return button;
}

/** The fields of a new PIN: what is wrong with one is wrong with both. */
const CHOICE = Object.freeze(['fresh', 'repeated']);

/**
 * Shows a form again, and what was typed into those of its fields that are not at fault.
 *
 * @param {HTMLInputElement[]} inputs
 * @param {object} faults
 * @param {() => void} show
 */
export function keeping(inputs, faults, show) {
  const isAtFault = ({ id }) => id in faults || (CHOICE.includes(id) && CHOICE.some((other) => other in faults));
  const kept = inputs.filter((input) => !isAtFault(input)).map(({ id, value }) => [id, value]);
  show();
  for (const [id, value] of kept) document.getElementById(id).value = value;
}

/** The field for the code of a second factor. */
export function factorField(text, fault, { label = text.pin.factor, hint = text.pin.factorHint } = {}) {
  const id = 'factor';
  const input = element('input', {
    id,
    type: 'text',
    class: 'short',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    enterkeyhint: 'go',
    spellcheck: 'false',
    maxlength: 16,
    required: true,
    'aria-describedby': fault === undefined ? `${id}-hint` : `${id}-hint ${id}-fault`,
    'aria-invalid': fault === undefined ? undefined : 'true',
  });
  const node = element(
    'div',
    { class: 'field' },
    element('label', { for: id }, label),
    element('p', { class: 'hint', id: `${id}-hint` }, hint),
    fault && element('p', { class: 'fault', id: `${id}-fault` }, fault),
    input,
  );
  return { node, input };
}

/** Who can read the PIN: it stands beside every field for one. */
export function sealedNote(text, host) {
  return element('p', { class: 'sealed' }, drawing('lock'), element('span', {}, text.pin.sealed(host)));
}

/**
 * A form around some content. While `onsubmit` is under way it cannot be sent again, and says what is being done.
 *
 * @param {import('./view.js').View} view
 * @param {{content: Node[], submit: string, busy: string, onsubmit: () => Promise<void>, oncancel?: () => void}} parts
 */
export function secretForm(view, { content, submit, busy, onsubmit, oncancel }) {
  const { text } = view;
  const button = element('button', { type: 'submit' }, submit);
  const cancel = oncancel && element('button', { type: 'button', class: 'quiet', onclick: oncancel }, text.pin.cancel);
  const form = element('form', { novalidate: true }, content, element('div', { class: 'actions' }, button, cancel));
  let isBusy = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    await onsubmit({
      /** What was typed is good: from now on something is under way. */
      begin() {
        view.setBusy(true);
        view.announce(busy);
        form.setAttribute('aria-busy', 'true');
        button.replaceChildren(element('span', { class: 'wheel', 'aria-hidden': 'true' }), busy);
        button.setAttribute('aria-disabled', 'true');
        if (cancel) cancel.disabled = true;
        for (const input of form.querySelectorAll('input')) {
          input.readOnly = true;
          input.disabled = input.type === 'radio';
        }
      },
    });
    isBusy = false;
  });
  return form;
}
