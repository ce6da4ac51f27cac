import { language } from '../i18n/index.svelte';
import type { Shelter } from '../wire';

/** A shelter's name in the language of the page; where its list has none in English, the Japanese one. */
export function shelterName({ name, english }: Pick<Shelter, 'name' | 'english'>): string {
  return language().startsWith('ja') ? name : (english ?? name);
}
