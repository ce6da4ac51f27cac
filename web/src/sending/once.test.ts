import { expect, it } from 'vitest';
import { ProblemError, UnreachableError } from '../session/problem';
import { Once } from './once';

/** Does an action that ends so; gives the id under which it went out. */
async function act(once: Once, what: string, end: 'answered' | Error): Promise<string> {
  let sent = '';
  const done = once.act(what, async (id) => {
    sent = id;
    if (end instanceof Error) throw end;
  });
  if (end instanceof Error) await expect(done).rejects.toBe(end);
  else await done;
  return sent;
}

const lost = new UnreachableError('no answer');

it('repeats an action without an answer under its id until there is one', async () => {
  const once = new Once();
  const first = await act(once, 'confirm', lost);
  expect(await act(once, 'confirm', new ProblemError('unavailable', 503))).toBe(first);
  expect(await act(once, 'confirm', 'answered')).toBe(first);
  expect(await act(once, 'confirm', 'answered')).not.toBe(first);
});

it('keeps the ids of different actions apart, however they follow each other', async () => {
  const once = new Once();
  const first = await act(once, 'confirm a', lost);
  const second = await act(once, 'confirm b', lost);
  expect(second).not.toBe(first);
  expect(await act(once, 'confirm a', 'answered')).toBe(first);
  expect(await act(once, 'confirm b', 'answered')).toBe(second);
});

it('takes another id after a refusal', async () => {
  const once = new Once();
  const first = await act(once, 'confirm', lost);
  expect(await act(once, 'confirm', new ProblemError('check_in_ended', 409))).toBe(first);
  expect(await act(once, 'confirm', 'answered')).not.toBe(first);
});

it('does not remember without end', async () => {
  const once = new Once();
  const first = await act(once, 'action', lost);
  for (let i = 0; i < 100; i++) await act(once, `action ${i}`, lost);
  expect(await act(once, 'action', 'answered')).not.toBe(first);
});
