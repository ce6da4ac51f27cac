import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import { session } from '../session/session.svelte';
import { Tickets } from '../state/tickets.svelte';
import type { CheckIn, OfficeIncident, Roster as RosterAnswer, Tokens } from '../wire';
import InboxItem from './InboxItem.svelte';
import Operations from './Operations.svelte';
import Responsible from './Responsible.svelte';
import Roster from './Roster.svelte';

const tokens: Tokens = {
  access_token: 'a',
  access_expires_at: '2999-01-01T00:00:00Z',
  refresh_token: 'r',
  refresh_expires_at: '2999-01-01T00:00:00Z',
};

const incident: OfficeIncident = {
  id: 'i',
  operation: 'everyday',
  category: 'road_damage',
  status: 'received',
  position: { lat: 37.5, lon: 139.9 },
  danger_to_life: false,
  zones: [],
  filed_at: '2026-11-22T00:00:00Z',
  updated_at: '2026-11-22T00:00:00Z',
  reports: [],
};

const guest: CheckIn = {
  id: 'c',
  staff: 's',
  name: '佐藤',
  office: '07423',
  employer: '07202',
  since: '2026-11-20T00:00:00Z',
};
const roster: RosterAnswer = { office: '07423', here: [guest], elsewhere: [], not_checked_in: [] };

/** Bodies of what was posted, apart from signing in. */
let posted: { path: string; id: string }[];
/** How many of the next posts arrive and lose their answer. */
let losing: number;
/** Whether the roster cannot be had. */
let rosterAway: boolean;

beforeEach(async () => {
  posted = [];
  losing = 0;
  rosterAway = false;
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path === '/api/sessions') return Response.json(tokens);
    if (path.endsWith('/roster')) {
      if (rosterAway) throw new TypeError('cut');
      return Response.json(roster);
    }
    posted.push({ path, id: JSON.parse(String(init.body)).id });
    if (losing > 0) {
      losing -= 1;
      throw new TypeError('cut');
    }
    return Response.json({});
  });
  await session.signIn('suzuki', 'x');
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function pressTwiceThoughTheFirstAnswerIsLost(button: HTMLElement) {
  losing = 1;
  await fireEvent.click(button);
  await screen.findByText(ja['network.unreachable']);
  await fireEvent.click(button);
  await waitFor(() => expect(posted).toHaveLength(2));
}

it('an operator sets a status once, though the first answer was lost', async () => {
  const tickets = new Tickets(async () => ({ ticket: 't', expires_at: tokens.access_expires_at }));
  const shown = { drill: false, chosen: false, fresh: false, sketch: false, onShow() {}, onResponsible() {} };
  render(InboxItem, { incident, tickets, office: '07423', operator: true, ...shown });
  await pressTwiceThoughTheFirstAnswerIsLost(screen.getByRole('button', { name: ja['status.in_progress'] }));
  expect(posted[1]).toEqual(posted[0]);
});

it('an office takes an incident once, though the first answer was lost', async () => {
  const onDone = vi.fn();
  render(Responsible, { incident, office: '07423', onDone });
  await pressTwiceThoughTheFirstAnswerIsLost(screen.getByText(ja['console.take']));
  expect(posted[1]).toEqual(posted[0]);
  await waitFor(() => expect(onDone).toHaveBeenCalledOnce());
});

it('an operator confirms a colleague once, though the first answer was lost', async () => {
  render(Roster, { office: '07423', duty: '', operator: true, now: Date.parse('2026-11-20T05:00:00Z') });
  const name = ja['console.confirm_named'].replace('{name}', guest.name).replace('{role}', ja['role.field']);
  await pressTwiceThoughTheFirstAnswerIsLost(await screen.findByRole('button', { name }));
  expect(posted[1]).toEqual(posted[0]);
});

it('an operation is closed once, though the first answer was lost, and not before somebody has said yes', async () => {
  const operations = [
    { id: 'e', kind: 'everyday', name: '平常時', open: true },
    { id: 'd', kind: 'drill', name: '総合防災訓練', open: true },
  ] as const;
  render(Operations, { operations, unfinished: (id: string) => (id === 'd' ? 3 : 0) });
  const drill = ja['archive.drill'].replace('{name}', '総合防災訓練');
  await fireEvent.click(screen.getByRole('button', { name: ja['operations.close_named'].replace('{name}', drill) }));
  expect(screen.getByText(ja['operations.tells.unfinished'].replace('{n}', '3'))).toBeTruthy();
  expect(screen.getByText(ja['operations.tells.stays'])).toBeTruthy();
  expect(posted).toEqual([]);
  await pressTwiceThoughTheFirstAnswerIsLost(screen.getByText(ja['operations.close'], { selector: 'dialog button' }));
  expect(posted[1]).toEqual(posted[0]);
  expect(posted[0]?.path).toBe('/api/operations/d/close');
  await screen.findByText(ja['operations.done.close'].replace('{name}', drill));
  expect(screen.queryByRole('button', { name: /平常時/ })).toBeNull();
});

it('a roster that could not be had for a while says so only until it is there', async () => {
  rosterAway = true;
  const now = Date.parse('2026-11-20T05:00:00Z');
  const shown = render(Roster, { office: '07423', duty: 'before', operator: true, now });
  await screen.findByText(ja['network.unreachable']);
  rosterAway = false;
  await shown.rerender({ duty: 'after' });
  await screen.findByText(guest.name);
  expect(screen.queryByText(ja['network.unreachable'])).toBeNull();
});

it('a roster says on which day somebody came, unless it was today', async () => {
  const now = Date.parse('2026-11-20T05:00:00Z');
  const shown = render(Roster, { office: '07423', duty: '', operator: true, now });
  await screen.findByText('09:00:00');
  await shown.rerender({ now: now + 2 * 24 * 60 * 60 * 1000 });
  await screen.findByText('11月20日(金) 09:00');
});
