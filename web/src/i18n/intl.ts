/**
 * Formatters, each made once: making one takes a browser longer than hundreds of uses of it, and a wall writes many
 * times a second.
 */

const dates = new Map<string, Intl.DateTimeFormat>();
const numbers = new Map<string, Intl.NumberFormat>();
const plurals = new Map<string, Intl.PluralRules>();

function once<T>(made: Map<string, T>, key: string, make: () => T): T {
  let one = made.get(key);
  if (one === undefined) {
    one = make();
    made.set(key, one);
  }
  return one;
}

/** How a language writes moments. */
export function dateFormat(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  return once(dates, key, () => new Intl.DateTimeFormat(language, options));
}

/** How a language writes numbers. */
export function numberFormat(language: string, maximumFractionDigits = 3): Intl.NumberFormat {
  const key = `${language} ${maximumFractionDigits}`;
  return once(numbers, key, () => new Intl.NumberFormat(language, { maximumFractionDigits }));
}

/** Which form of a word a language takes for a number. */
export function pluralRules(language: string): Intl.PluralRules {
  return once(plurals, language, () => new Intl.PluralRules(language));
}
