// The code of a key's second factor: from an authenticator app, or one that the service sends when it is asked to.

import { element } from './element.js';
import { factorField } from './form.js';

/** The field; where codes are sent, with a button for that. Nobody's mail is filled because a page was opened. */
export function codeField(task, fault, labels = {}) {
  const { view, transaction } = task;
  const { text } = view;
  if (!transaction.isCodeSent) return factorField(text, fault, labels);
  const { sentLabel: label, sentHint: hint } = text.code;
  const field = factorField(text, fault, { label, hint });
  field.node.append(sender(task, field.input));
  return field;
}

function sender({ view, exchange }, input) {
  const { text } = view;
  const said = element('span', { class: 'hint' });
  const button = element('button', { type: 'button', class: 'quiet' }, text.code.send);
  const tell = (sentence) => {
    said.textContent = sentence;
    view.announce(sentence);
  };
  button.addEventListener('click', async () => {
    button.disabled = true;
    tell(text.code.sending);
    try {
      await exchange.sendCode();
      input.value = '';
      tell(text.code.sent);
      button.textContent = text.code.again;
    } catch ({ kind }) {
      tell(text.code[kind] ?? text.code.failed);
    }
    button.disabled = false;
    input.focus();
  });
  return element('p', { class: 'send' }, button, ' ', said);
}

/** What to say of a field that holds no code. */
export function noCode({ isCodeSent }) {
  return { factor: ({ fault, code }) => (isCodeSent ? code.empty : fault.emptyFactor) };
}

/** What to say of one that was wrong. */
export function wrongCode({ isCodeSent }) {
  return { factor: ({ fault, code }) => (isCodeSent ? code.wrong : fault.factor) };
}
