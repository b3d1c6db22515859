// Choosing a new PIN: two fields, and the rules beside them, ticked as they are kept.

import { drawing, element } from './element.js';
import { secretField } from './form.js';
import { equal } from './octets.js';
import { judge, peek } from './pin.js';

/**
 * Fields for a new PIN.
 *
 * @param {object} text
 * @param {{pin: string, repeated: string}} labels
 * @param {{fresh?: string, repeated?: string}} faults
 */
export function newPinFields(text, labels, faults) {
  const lines = [
    rule(text, text.rules.length, ({ isLong, isShort }) => isLong && isShort),
    rule(text, text.rules.varied, ({ isLong, isVaried }) => isLong && isVaried),
    rule(text, text.rules.date, ({ isLong, isNoDate }) => isLong && isNoDate),
  ];
  const oninput = () => peek([fresh.input], (pin) => lines.forEach(({ update }) => update(judge(pin))));
  const described = { describedBy: 'rules', fault: faults.fresh, oninput };
  const fresh = secretField(text, { id: 'fresh', label: labels.pin, ...described });
  const repeated = secretField(text, { id: 'repeated', label: labels.repeated, fault: faults.repeated });
  const rules = element(
    'div',
    { class: 'rules', id: 'rules' },
    element('p', {}, text.rules.title),
    element('ul', {}, lines.map(({ node }) => node)),
  );
  return { nodes: [rules, fresh.node, repeated.node], fresh: fresh.input, repeated: repeated.input };
}

/** A rule, and whether it is kept so far. */
function rule(text, sentence, isKept) {
  const told = element('span', { class: 'hidden' });
  const node = element('li', {}, drawing('check'), element('span', {}, sentence, ' ', told));
  const update = (verdict) => {
    const kept = isKept(verdict);
    node.classList.toggle('kept', kept);
    told.textContent = kept ? text.rules.met : '';
  };
  return { node, update };
}

/**
 * What is wrong with a new PIN, as functions from a language to a sentence; an empty object if nothing is.
 *
 * @param {Uint8Array} pin
 * @param {Uint8Array} repeated
 * @param {Uint8Array} [old]
 */
export function choiceFaults(pin, repeated, old) {
  const { isLong, isShort, isVaried, isNoDate } = judge(pin);
  if (pin.length === 0) return { fresh: (text) => text.fault.emptyNew };
  if (!isLong) return { fresh: (text) => text.fault.short };
  if (!isShort) return { fresh: (text) => text.fault.long };
  if (!isVaried) return { fresh: (text) => text.fault.plainPattern };
  if (!isNoDate) return { fresh: (text) => text.fault.date };
  if (old !== undefined && equal(pin, old)) return { fresh: (text) => text.fault.same };
  return equal(pin, repeated) ? {} : { repeated: (text) => text.fault.differs };
}
