import {
  type Catalogue,
  FIRST,
  fill,
  firstCatalogue,
  type Key,
  LANGUAGES,
  type Language,
  loadCatalogue,
  type Values,
} from './catalogue';

export type { Key, Language, Values } from './catalogue';
export { LANGUAGES } from './catalogue';

const REMEMBERED = 'sokuho.language';

let current = $state.raw<{ language: Language; catalogue: Catalogue }>({
  language: FIRST,
  catalogue: firstCatalogue,
});

/** The text of a key in the language of the page. Follows a change of language. */
export function t(key: Key, values?: Values): string {
  return fill(current.catalogue[key], current.language, values);
}

/** Whether the catalogue has such a text: keys that are made from what a server sent may be unknown. */
export function isKey(text: string): text is Key {
  return Object.hasOwn(firstCatalogue, text);
}

/** The language of the page, a BCP 47 tag. */
export function language(): Language {
  return current.language;
}

/** A language's name in that language: 日本語, English. */
export function nameOf(tag: Language): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
}

/** Changes the language of the page and remembers it on this device. */
export async function setLanguage(tag: Language): Promise<void> {
  current = { language: tag, catalogue: await loadCatalogue(tag) };
  document.documentElement.lang = tag;
  try {
    localStorage.setItem(REMEMBERED, tag);
  } catch {
    // A browser without storage forgets the choice; the page works all the same.
  }
}

/** The language that this device remembers; without one Japanese. */
export function rememberedLanguage(): Language {
  try {
    const tag = localStorage.getItem(REMEMBERED);
    return tag !== null && LANGUAGES.includes(tag) ? tag : FIRST;
  } catch {
    return FIRST;
  }
}

/** Call once before the page is mounted. A language that cannot be fetched leaves the page Japanese. */
export async function startLanguage(): Promise<void> {
  document.documentElement.lang = FIRST;
  const tag = rememberedLanguage();
  if (tag === FIRST) return;
  try {
    await setLanguage(tag);
  } catch {
    // Offline before the file was ever fetched: Japanese is better than nothing.
  }
}
