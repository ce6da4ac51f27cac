import { numberFormat, pluralRules } from './intl';
import ja from './lang/ja.json';

/** A text of the catalogue. The Japanese file is the list of all of them. */
export type Key = keyof typeof ja;

/** A text, or its plural forms by CLDR category; `other` is always there. */
export type Message = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string });

/** All texts of one language. */
export type Catalogue = Record<Key, Message>;

/** Values for the `{placeholders}` of a text. `n` picks the plural form. */
export type Values = Record<string, string | number>;

/** A language that has a file in `lang/`, as a BCP 47 tag. */
export type Language = string;

/** The language that is always at hand. */
export const FIRST: Language = 'ja';

/** Its texts: in the first chunk, so that the first paint waits for nothing. */
export const firstCatalogue: Catalogue = ja;

const files = import.meta.glob<Catalogue>(['./lang/*.json', '!./lang/ja.json'], { import: 'default' });

const tagOf = (path: string): Language => path.slice('./lang/'.length, -'.json'.length);

/** The languages, the first one first. */
export const LANGUAGES: readonly Language[] = [FIRST, ...Object.keys(files).map(tagOf).sort()];

/** Fetches the texts of a language; another file is another language, nothing else changes. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  if (language === FIRST) return firstCatalogue;
  const load = files[`./lang/${language}.json`];
  if (!load) throw new RangeError(`no such language: ${language}`);
  return load();
}

/** Puts values into a text. Numbers are written the language's way. */
export function fill(message: Message, language: Language, values: Values = {}): string {
  const text =
    typeof message === 'string'
      ? message
      : (message[pluralRules(language).select(Number(values.n ?? 0))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? numberFormat(language).format(value) : value;
  });
}
