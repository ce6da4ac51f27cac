import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';
import ja from '../i18n/lang/ja.json';
import type { Operation } from '../wire';
import OperationBanner from './OperationBanner.svelte';

const operations: Operation[] = [{ id: 'd', kind: 'drill', name: '総合防災訓練', open: true }];

afterEach(cleanup);

it('says that a drill is not all there is while real reports are open', () => {
  render(OperationBanner, { operations, real: 3, dangerous: 0 });
  screen.getByText(ja['wall.drill_not_real']);
  screen.getByText('実際の通報もあります 3 件');
});

it('names the danger among them', () => {
  render(OperationBanner, { operations, real: 3, dangerous: 1 });
  screen.getByText('実際の通報もあります 3 件（うち人命危険 1 件）');
});

it('says nothing of them while there are none', () => {
  render(OperationBanner, { operations, real: 0, dangerous: 0 });
  expect(screen.queryByText(/実際の通報も/)).toBeNull();
});
