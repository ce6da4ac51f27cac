import { expect, it, vi } from 'vitest';
import type { Ears, Transport } from '../link/transport';
import { Picture } from './picture.svelte';

const EPOCH = 'e0000000-0000-4000-8000-000000000001';
const lines: Ears[] = [];

vi.mock('../link/browser', () => {
  const open: Transport['open'] = (_, ears) => {
    lines.push(ears);
    ears.opened();
    return { end: () => {} };
  };
  const transport: Transport = { name: 'websocket', open };
  return {
    browserTransports: () => [transport, transport],
    browserSurroundings: {
      now: () => Date.now(),
      wallClock: () => Date.now(),
      random: () => 0,
      after: (ms: number, call: () => void) => {
        const timer = setTimeout(call, ms);
        return () => clearTimeout(timer);
      },
    },
    fetchSnapshot: async () => ({ epoch: EPOCH, seq: 4, incidents: [], operations: [], shelters: [], check_ins: [] }),
    wakeWithBrowser: () => () => {},
  };
});

/** The node greets whoever opened the last line; `seq`: where its stream begins. */
function greet(seq: number) {
  const hello = { type: 'hello', epoch: EPOCH, seq, now: new Date().toISOString(), heartbeat_seconds: 15 };
  lines.at(-1)?.frame(JSON.stringify(hello));
}

it('tells that it is live again after each cut, and not when it begins', async () => {
  const picture = new Picture({ token: () => 'token' });
  const returned = vi.fn();
  picture.onReturn(returned);
  const end = picture.follow();
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  greet(4);
  lines[0]?.frame(JSON.stringify({ type: 'snapshot', epoch: EPOCH, seq: 4, href: '/api/snapshot' }));
  await vi.waitFor(() => expect(picture.standing).toBe('live'));
  expect(returned).not.toHaveBeenCalled();
  for (const cuts of [1, 2]) {
    lines.at(-1)?.closed({ next: 'return' });
    await vi.waitFor(() => expect(lines).toHaveLength(cuts + 1), 5_000);
    expect(returned).toHaveBeenCalledTimes(cuts - 1);
    greet(4);
    expect(returned).toHaveBeenCalledTimes(cuts);
  }
  end();
});
