import type { EvidenceSet } from '../capture/evidence';
import type { Key } from '../i18n/index.svelte';
import { keyOf, ProblemError } from '../session/problem';
import type { Category, Code } from '../wire';

/** The server takes no longer text, characters. */
export const MAX_WORDS = 2000;

/** A part of the form. */
export type Part = 'category' | 'photos' | 'place' | 'words' | 'form';

/** What is wrong with which part. */
export interface Mistake {
  part: Part;
  text: Key;
}

/** Characters as the server counts them: code points, not UTF-16 units. */
export function lengthOf(words: string): number {
  return [...words].length;
}

/** What must be mended before a report can go. */
export function mistakesIn(form: {
  category: Category | null;
  set: EvidenceSet;
  words: string;
  failedFiles: number;
}): Mistake[] {
  const mistakes: Mistake[] = [];
  if (form.category === null) mistakes.push({ part: 'category', text: 'send.missing.category' });
  if (form.failedFiles > 0) mistakes.push({ part: 'photos', text: 'send.wrong.photos' });
  if (form.set.witnesses.length === 0) mistakes.push({ part: 'place', text: 'send.missing.place' });
  if (lengthOf(form.words) > MAX_WORDS) mistakes.push({ part: 'words', text: 'send.wrong.words' });
  return mistakes;
}

/** The part of the form that a refusal speaks of. */
export function partOf(code: Code): Part {
  if (code.startsWith('position_')) return 'place';
  if (code.startsWith('media_') || code === 'picture_too_large' || code === 'unknown_media') return 'photos';
  if (code === 'text_too_long' || code === 'text_not_allowed') return 'words';
  return 'form';
}

/** A refusal as a mistake beside its part of the form. */
export function mistakeOf(error: unknown): Mistake {
  return { part: error instanceof ProblemError ? partOf(error.code) : 'form', text: keyOf(error) };
}
