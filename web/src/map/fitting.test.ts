import { expect, it } from 'vitest';
import { fitting } from './fitting';

/** An element that says more than it has room for until it is made smaller by so many steps. */
function legend(): { element: HTMLElement; needs: (steps: number) => void } {
  const element = document.createElement('details');
  let steps = 0;
  Object.defineProperty(element, 'clientHeight', { value: 100 });
  Object.defineProperty(element, 'scrollHeight', {
    get: () => (Number(element.dataset.tight ?? 0) < steps ? 140 : 100),
  });
  return { element, needs: (now) => (steps = now) };
}

it('makes a legend smaller only as far as it has to be', () => {
  for (const [steps, tight] of [
    [0, undefined],
    [1, '1'],
    [3, '3'],
    [9, '4'],
  ] as const) {
    const { element, needs } = legend();
    needs(steps);
    fitting(element)();
    expect(element.dataset.tight).toBe(tight);
  }
});

it('looks again when the legend says more or less', async () => {
  const { element, needs } = legend();
  document.body.append(element);
  const end = fitting(element);
  needs(2);
  element.append('雪崩危険箇所');
  await expect.poll(() => element.dataset.tight).toBe('2');
  // Its neighbour takes room from it.
  needs(3);
  document.body.append('出典');
  await expect.poll(() => element.dataset.tight).toBe('3');
  // It comes back from behind something else.
  needs(1);
  element.className = 'back';
  await expect.poll(() => element.dataset.tight).toBe('1');
  needs(0);
  element.replaceChildren();
  await expect.poll(() => element.dataset.tight).toBeUndefined();
  end();
});
