import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import { session } from '../session/session.svelte';
import type { Known } from '../state/shelters';
import type { Operation, Tokens } from '../wire';
import Shelters from './Shelters.svelte';

const tokens: Tokens = {
  access_token: 'a',
  access_expires_at: '2999-01-01T00:00:00Z',
  refresh_token: 'r',
  refresh_expires_at: '2999-01-01T00:00:00Z',
};

const operation = (id: string, kind: Operation['kind'], open = true): Operation => ({ id, kind, name: id, open });
const everyday = operation('平常時', 'everyday');
const drill = operation('総合訓練', 'drill');

const one = (id: string, status: Known['status'] = null, drills: Known['drills'] = []): Known => ({
  shelter: {
    id,
    name: `避難所${id}`,
    address: '',
    municipality: '07202',
    position: { lat: 37.5, lon: 139.9 },
    kinds: ['shelter'],
  },
  status,
  drills,
});

let posted: { path: string; body: Record<string, unknown> }[];
/** How many of the next posts arrive and lose their answer. */
let losing: number;

beforeEach(async () => {
  localStorage.clear();
  posted = [];
  losing = 0;
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path === '/api/sessions') return Response.json(tokens);
    posted.push({ path, body: JSON.parse(String(init.body)) });
    losing -= 1;
    if (losing >= 0) throw new TypeError('cut');
    return Response.json({});
  });
  await session.signIn('suzuki', 'x');
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (shelters: Known[], may = true, operations = [everyday]) =>
  render(Shelters, {
    shelters,
    error: null,
    invented: true,
    may,
    operations,
    now: Date.UTC(2026, 10, 22),
    onShow: () => {},
  });

const button = (name: string) => screen.getByRole('button', { name });

it('says once what was entered, though the first answer was lost', async () => {
  show([one('a', { shelter: 'a', state: 'open', at: '2026-11-22T00:00:00Z', people: 12 })]);
  await fireEvent.click(button('避難所aの状態を変更'));
  await fireEvent.click(screen.getByLabelText(ja['shelter.standing.full']));
  const people = screen.getByLabelText(ja['shelter.people']) as HTMLInputElement;
  expect(people.value).toBe('12');
  await fireEvent.input(people, { target: { value: '１２０' } });
  losing = 1;
  await fireEvent.click(button(ja['shelter.save']));
  await screen.findByText(ja['network.unreachable']);
  await fireEvent.click(button(ja['shelter.save']));
  await waitFor(() => expect(posted).toHaveLength(2));
  const [first, second] = posted;
  expect(first?.path).toBe('/api/shelters/a/state');
  expect(first?.body).toMatchObject({ state: 'full', people: 120 });
  expect(second?.body.id).toBe(first?.body.id);
  await waitFor(() => expect(screen.queryByLabelText(ja['shelter.people'])).toBeNull());
});

it('sends no head count that is none, and none where the field is empty', async () => {
  show([one('a')]);
  await fireEvent.click(button('避難所aの状態を変更'));
  const people = screen.getByLabelText(ja['shelter.people']);
  for (const bad of ['たくさん', '-1', '100001', '1.5']) {
    await fireEvent.input(people, { target: { value: bad } });
    await fireEvent.click(button(ja['shelter.save']));
    await screen.findByText(ja['shelter.people.wrong']);
  }
  expect(posted).toEqual([]);
  await fireEvent.input(people, { target: { value: '' } });
  await fireEvent.click(button(ja['shelter.save']));
  await waitFor(() => expect(posted).toHaveLength(1));
  expect(Object.keys(posted[0]?.body ?? {}).sort()).toEqual(['id', 'operation', 'state']);
});

it('shows who may only look how each stands, and that the list is invented', () => {
  show([one('a', { shelter: 'a', state: 'closed', at: '2026-11-22T00:00:00Z' }), one('b')], false);
  expect(screen.queryByRole('button', { name: /状態を変更/ })).toBeNull();
  for (const word of [ja['shelter.standing.closed'], ja['shelter.standing.unsaid'], ja['shelter.invented']]) {
    expect(screen.getByText(word)).toBeTruthy();
  }
});

it('says it in earnest unless a drill is chosen, and shows what the drill says beside what is real', async () => {
  const real = { shelter: 'a', state: 'closed', at: '2026-11-22T00:00:00Z', people: 5 } as const;
  const inDrill = { ...real, drill: drill.id, state: 'full', people: 80 } as const;
  show([one('a', real, [inDrill])], true, [everyday, drill, operation('前の訓練', 'drill', false)]);
  for (const word of ['閉鎖', '満員']) expect(screen.getByText(word)).toBeTruthy();
  expect(screen.getByText('（訓練 1）', { exact: false })).toBeTruthy();
  await fireEvent.click(button('避難所aの状態を変更'));
  const radio = (name: RegExp) => screen.getByRole('radio', { name }) as HTMLInputElement;
  expect(screen.queryByRole('radio', { name: /前の訓練/ })).toBeNull();
  expect(radio(/平常時/).checked).toBe(true);
  expect((screen.getByLabelText(ja['shelter.people']) as HTMLInputElement).value).toBe('5');
  expect(screen.getByText(ja['shelter.public_hint'])).toBeTruthy();
  await fireEvent.click(radio(/総合訓練/));
  expect((screen.getByLabelText(ja['shelter.people']) as HTMLInputElement).value).toBe('80');
  expect(screen.getByText(ja['shelter.drill_hint'])).toBeTruthy();
  await fireEvent.click(screen.getByLabelText(ja['shelter.standing.open']));
  await fireEvent.click(button(ja['shelter.save_drill']));
  await waitFor(() => expect(posted).toHaveLength(1));
  expect(posted[0]?.body).toMatchObject({ operation: drill.id, state: 'open', people: 80 });
});

it('a drill that ends while its form is open never becomes the real thing', async () => {
  localStorage.setItem('sokuho.operation', drill.id);
  const { rerender } = show([one('a')], true, [everyday, drill]);
  await fireEvent.click(button('避難所aの状態を変更'));
  await rerender({ operations: [everyday, { ...drill, open: false }] });
  expect(screen.getByText(ja['field.operation.closed'])).toBeTruthy();
  await fireEvent.click(button(ja['shelter.save_drill']));
  await waitFor(() => expect(posted).toHaveLength(1));
  expect(posted[0]?.body.operation).toBe(drill.id);
});
