// Text of others that people will read: names of apps, labels of documents. The gateway's pages show the same
// text in the same way (gateway/src/domain/plain.rs), so that a person who compares finds no difference.

const SPACES = /\p{White_Space}+/gu;

/** Control and format characters, but for the joiners that Arabic, Indic scripts and emoji are written with. */
const DECEPTIVE = new RegExp(
  '[\\p{Cc}\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e' +
    '\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\u{e0000}-\\u{e0fff}]',
  'gu',
);

/**
 * The text without what could make it look like something else: control characters, and those that turn the direction
 * of writing or hide. Spaces of every kind become one; what is longer than `most` characters is cut.
 *
 * @param {string} text
 * @param {number} [most]
 * @returns {string}
 */
export function plain(text, most = 120) {
  const visible = text.replace(SPACES, ' ').replace(DECEPTIVE, '').replace(SPACES, ' ').trim();
  const characters = Array.from(visible);
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : visible;
}
