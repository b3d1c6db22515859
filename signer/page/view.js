// What is on the screen: one screen at a time, in one language, with its heading or its first mistake in focus.

import { element } from './element.js';
import { text as en } from './text.en.js';
import { text as pt } from './text.pt.js';

const LANGUAGES = Object.freeze([en, pt]);

/** The first of these tags that the page speaks; `pt-BR` is read as Portuguese. */
export function languageOf(tags) {
  const primary = (tag) => String(tag).split(/[-_]/)[0].toLowerCase();
  const found = tags.map((tag) => LANGUAGES.find((text) => primary(text.tag) === primary(tag)));
  return found.find((text) => text !== undefined) ?? en;
}

/** The screen. */
export class View {
  #text;
  #isChosen = false;
  #render;
  #gateway;
  /** Whether another language may be chosen: not while something is under way. */
  #isBusy = false;

  constructor(tags) {
    this.#text = languageOf(tags);
    this.#frame();
  }

  get text() {
    return this.#text;
  }

  /** Speaks the transaction's language, unless the person chose one here. */
  speak(tag) {
    if (this.#isChosen || typeof tag !== 'string') return;
    this.#text = languageOf([tag]);
    this.#frame();
  }

  /** Whose page this is not: the foot says so. */
  standApartFrom(gateway) {
    this.#gateway = gateway;
    this.#frame();
  }

  /** Name and port of the gateway, as the address bar shows them. */
  get host() {
    return this.#gateway === undefined ? '' : new URL(this.#gateway).host;
  }

  /**
   * Shows a screen. `render` is called again when the language changes.
   *
   * @param {(text: object) => Node} render
   */
  show(render) {
    this.#render = render;
    this.setBusy(false);
    const screen = render(this.#text);
    document.querySelector('main').replaceChildren(screen);
    const heading = screen.querySelector('h1');
    const mistake = screen.querySelector('[aria-invalid], .alert');
    document.title = `${mistake === null ? '' : '! '}${heading.textContent} – ${this.#text.frame.page}`;
    for (const target of [heading, mistake]) {
      if (target !== null && target.tabIndex < 0) target.tabIndex = -1;
    }
    (mistake ?? heading).focus();
    if (mistake === null) scrollTo(0, 0);
  }

  /** Says something to those who hear the page. */
  announce(sentence) {
    document.getElementById('status').textContent = sentence;
  }

  setBusy(isBusy) {
    this.#isBusy = isBusy;
    for (const button of document.querySelectorAll('#languages button')) button.disabled = isBusy;
    if (!isBusy) this.announce('');
  }

  /** Empties whatever may hold or show a secret. */
  forget() {
    for (const input of document.querySelectorAll('input:not([type="radio"])')) input.value = '';
    for (const shown of document.querySelectorAll('.drawn, .told')) shown.replaceChildren();
  }

  #frame() {
    const { frame, tag } = this.#text;
    document.documentElement.lang = tag;
    document.getElementById('name').textContent = frame.page;
    document.getElementById('foot').textContent = this.#gateway === undefined ? '' : frame.foot(this.host);
    const buttons = LANGUAGES.map((text) => {
      const choose = () => this.#choose(text);
      const isHere = text === this.#text;
      const attributes = { type: 'button', class: 'link', lang: text.tag, 'aria-pressed': String(isHere) };
      return element('button', { ...attributes, onclick: choose }, text.name);
    });
    const languages = document.getElementById('languages');
    languages.setAttribute('role', 'group');
    languages.setAttribute('aria-label', frame.languages);
    languages.replaceChildren(...buttons);
  }

  #choose(text) {
    if (this.#isBusy) return;
    this.#isChosen = true;
    this.#text = text;
    this.#frame();
    this.show(this.#render);
    document.querySelector(`#languages [lang="${text.tag}"]`).focus();
  }
}
