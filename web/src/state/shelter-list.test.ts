import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { OfficeShelters } from '../wire';
import { ShelterList } from './shelter-list.svelte';

const list = (...names: string[]) => ({ shelters: names.map((name) => ({ name })) }) as unknown as OfficeShelters;
const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('takes another list when it is fetched anew, and keeps the one before until then', async () => {
  const answers = [list('体育館'), null, list('公民館')];
  const shelters = new ShelterList(async () => {
    const answer = answers.shift();
    if (!answer) throw new Error('no answer');
    return answer;
  });
  const end = shelters.keep();
  await settled();
  expect(shelters.list).toEqual(list('体育館'));
  shelters.renew();
  await settled();
  expect([shelters.list, shelters.error]).toEqual([list('体育館'), new Error('no answer')]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([shelters.list, shelters.error]).toEqual([list('公民館'), null]);
  end();
});

it('asks no more once its page is gone', async () => {
  const ask = vi.fn(() => Promise.reject(new Error('no answer')));
  const end = new ShelterList(ask).keep();
  await settled();
  end();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(ask).toHaveBeenCalledTimes(1);
});
