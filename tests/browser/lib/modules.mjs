// Loads the signing page's modules and the published vectors. The page has no package.json to tell Node that its files
// are ES modules, so a copy gets one.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'rsign-page-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
cpSync(join(root, 'signer/page'), copy, { recursive: true });
writeFileSync(join(copy, 'package.json'), '{"type":"module"}');

/** A module of the page. */
export function load(name) {
  return import(pathToFileURL(join(copy, name)));
}

/** A file of openapi/. */
export function published(name) {
  return JSON.parse(readFileSync(join(root, 'openapi', name), 'utf8'));
}

/** Octets of hexadecimal, not a view into Node's pool. */
export function unhex(text) {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

export function hex(octets) {
  return Buffer.from(octets).toString('hex');
}
