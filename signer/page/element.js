// Making elements. Text is only ever set as text: there is no way here to parse markup.

/**
 * An element. Attributes that are undefined or false are left out; `on…` are listeners; children are nodes, texts, or
 * nothing.
 *
 * @param {string} name
 * @param {Object<string, unknown>} attributes
 * @param {...(Node|string|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return made;
}

/** Text of somebody else: it cannot turn what stands around it. */
export function foreign(text) {
  return element('bdi', {}, text);
}

/** Stands for a name while a sentence is written; no text that is shown holds it. */
const PLACE = '\u0000';

/**
 * A sentence with somebody else's text in it, as nodes.
 *
 * @param {(name: string) => string} say
 * @param {string} name
 */
export function sentence(say, name) {
  const [before, ...after] = say(PLACE).split(PLACE);
  return [before, ...after.flatMap((rest) => [foreign(name), rest])];
}

/** Namespace of drawings. */
export const SVG = 'http://www.w3.org/2000/svg';

/** Line drawings on a 24 by 24 field. They repeat what stands beside them in words. */
const DRAWINGS = Object.freeze({
  lock: 'M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11M12 14.6v2',
  shield: 'M12 3l7.5 2.6v5.6c0 4.6-3 8-7.5 9.8-4.5-1.8-7.5-5.2-7.5-9.8V5.6zM12 8v4.6M12 15.9v.2',
  check: 'M4.5 12.5l5 5 10-11',
});

/** A drawing that is decoration. */
export function drawing(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'drawing');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', DRAWINGS[name]);
  svg.append(path);
  return svg;
}
