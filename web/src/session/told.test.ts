import { expect, it } from 'vitest';
import { Told } from './told';

/** Gives one answer after another; an error is thrown. */
function answers(...all: unknown[]) {
  let asked = 0;
  const told = new Told(async () => {
    const answer = all[asked];
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { told, asked: () => asked };
}

it('asks once for a page, and again where that failed', async () => {
  const { told, asked } = answers(new Error('no answer'), { edition: 1 });
  await expect(told.get()).rejects.toThrow('no answer');
  expect(await told.get()).toEqual({ edition: 1 });
  expect(await told.get()).toEqual({ edition: 1 });
  expect(asked()).toBe(2);
});

it('gives the same object while the node says the same, and another when it says something else', async () => {
  const { told } = answers({ edition: 1 }, { edition: 1 }, { edition: 2 });
  const first = await told.get();
  expect(await told.again()).toBe(first);
  const second = await told.again();
  expect(second).toEqual({ edition: 2 });
  expect(await told.get()).toBe(second);
});

it('keeps what was known where the node says nothing', async () => {
  const { told } = answers({ edition: 1 }, new Error('no answer'));
  const first = await told.get();
  await expect(told.again()).rejects.toThrow('no answer');
  expect(await told.get()).toBe(first);
});

it('lets the later of two questions count, whichever is answered last', async () => {
  const waiting: ((edition: number) => void)[] = [];
  const told = new Told(() => new Promise<number>((give) => waiting.push(give)));
  const first = told.get();
  waiting[0]?.(1);
  await first;
  const [slow, quick] = [told.again(), told.again()];
  waiting[2]?.(3);
  expect(await quick).toBe(3);
  waiting[1]?.(2);
  expect(await slow).toBe(3);
});
