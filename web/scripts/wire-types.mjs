// The types of what travels, made from the server's own document. `npm run generate` writes them.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url);

/** Where the types lie. */
export const TYPES = new URL('../src/wire-schema.d.ts', import.meta.url);

const HEAD = '// Made from docs/openapi.json by `npm run generate`. Do not edit.\n\n';

/**
 * The server leaves out what is not there and never writes `null`; the document allows both, as a reader of
 * requests must. Optional parts lose their `null`.
 *
 * @param {any} schema
 */
function leaveOut(schema) {
  if (typeof schema !== 'object' || schema === null) return;
  for (const part of Object.values(schema)) leaveOut(part);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (schema.required?.includes(name)) continue;
    const kinds = Array.isArray(property.type) ? property.type.filter((/** @type {string} */ k) => k !== 'null') : [];
    if (kinds.length === 1) property.type = kinds[0];
    const some = property.oneOf?.filter((/** @type {any} */ one) => one.type !== 'null');
    if (some?.length === 1) schema.properties[name] = some[0];
  }
}

/** The text of the types. */
export async function wireTypes() {
  const document = JSON.parse(readFileSync(DOCUMENT, 'utf8'));
  leaveOut(document);
  return HEAD + astToString(await openapiTS(document));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TYPES, await wireTypes());
