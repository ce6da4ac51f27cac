import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, type Message } from './catalogue';
import en from './lang/en.json';
import ja from './lang/ja.json';

const LANGUAGES: Record<string, Record<string, Message>> = { ja, en };
const src = join(import.meta.dirname, '..');

const forms = (message: Message): string[] => (typeof message === 'string' ? [message] : Object.values(message));
const placeholders = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]))].sort();

/** All source text but the tests. */
function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && !entry.name.endsWith('.test.ts') ? [readFileSync(path, 'utf8')] : [];
  });
}

describe('the catalogue', () => {
  it('has the same keys in every language', () => {
    for (const catalogue of Object.values(LANGUAGES))
      expect(Object.keys(catalogue).sort()).toEqual(Object.keys(ja).sort());
  });

  it('has the same placeholders in every language and form', () => {
    for (const [key, message] of Object.entries(ja as Record<string, Message>)) {
      const wanted = placeholders(forms(message).join());
      for (const catalogue of Object.values(LANGUAGES)) {
        for (const form of forms(catalogue[key] ?? ''))
          expect({ key, names: placeholders(form) }).toEqual({ key, names: wanted });
      }
    }
  });

  it('has no text that is empty', () => {
    for (const catalogue of Object.values(LANGUAGES)) {
      expect(
        Object.entries(catalogue).filter(([, message]) => forms(message).some((form) => form.trim() === '')),
      ).toEqual([]);
    }
  });

  it('has no text that no page uses', () => {
    const text = sources(src).join('\n');
    // `status.${x}` uses every key that fits; a key in quotes uses itself.
    const patterns = [...text.matchAll(/`([a-z_]+\.[^`\s]*\$\{[^`]*)`/g)].map((match) => {
      const parts = (match[1] ?? '').split(/\$\{(?:[^{}]|\{[^}]*\})*\}/);
      return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[a-z_]+')}$`);
    });
    const unused = Object.keys(ja).filter(
      (key) => !text.includes(`'${key}'`) && !patterns.some((pattern) => pattern.test(key)),
    );
    expect(unused).toEqual([]);
  });

  it('fills in values, writes numbers the way of the language and picks the plural', () => {
    expect(fill('{name}、{count}', 'ja', { name: '柳津町', count: 12345 })).toBe('柳津町、12,345');
    const message = { one: '{n} photo', other: '{n} photos' };
    expect(fill(message, 'en', { n: 1 })).toBe('1 photo');
    expect(fill(message, 'en', { n: 2 })).toBe('2 photos');
    expect(fill('{unknown}', 'ja', {})).toBe('{unknown}');
  });
});
