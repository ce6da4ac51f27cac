import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';
import ja from '../i18n/lang/ja.json';
import Words from './Words.svelte';

afterEach(cleanup);

it.each([
  ['of many letters', '冠水'.repeat(1000)],
  ['of many lines', '冠\n水\n冠\n水\n冠'],
])('folds a report %s until somebody asks for all of it', async (_, words) => {
  render(Words, { words });
  const said = screen.getByText((_, element) => element?.textContent === words && element.tagName === 'P');
  expect(said.classList).toContain('clamped');
  await fireEvent.click(screen.getByRole('button', { name: ja['console.words_all'] }));
  expect(said.classList).not.toContain('clamped');
  await fireEvent.click(screen.getByRole('button', { name: ja['console.words_less'] }));
  expect(said.classList).toContain('clamped');
});

it('shows a short report whole, and no button', () => {
  render(Words, { words: '冠水しています。' });
  expect(screen.getByText('冠水しています。').classList).not.toContain('clamped');
  expect(screen.queryByRole('button')).toBeNull();
});
