import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import type { NewReport, Receipt } from '../wire';
import Resident from './Resident.svelte';

const receipt: Omit<Receipt, 'id'> = {
  seq: 1,
  key: 'k',
  incident: 'i',
  filed_at: '2026-11-22T00:00:00Z',
  place: { standing: 'inside', municipality: '07202' },
  boundaries: '略図 第1版',
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const type = (label: string, value: string) => fireEvent.input(screen.getByLabelText(label), { target: { value } });

async function fillInAndSend() {
  await fillIn();
  await fireEvent.click(screen.getByRole('button', { name: ja['send.button'] }));
}

async function fillIn() {
  await fireEvent.click(screen.getByRole('radio', { name: new RegExp(ja['category.hazard']) }));
  await type(ja['capture.place.lat'], '37.5');
  await type(ja['capture.place.lon'], '139.9');
  await fireEvent.click(screen.getByText(ja['capture.place.use_typed']));
}

it('the next person on the same phone does not send the contact details of the one before', async () => {
  const sent: NewReport[] = [];
  vi.stubGlobal('scrollTo', () => {});
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path !== '/api/reports') throw new TypeError('nothing else here');
    const report = JSON.parse(String(init.body)) as NewReport;
    sent.push(report);
    return Response.json({ ...receipt, id: report.id });
  });
  render(Resident);
  for (const phone of ['0242-00-0000', null]) {
    await fillIn();
    if (phone) await type(ja['resident.contact.phone'], phone);
    await fireEvent.click(screen.getByRole('button', { name: ja['send.button'] }));
    await fireEvent.click(await screen.findByText(ja['send.done.another']));
  }
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent.map(({ contact }) => contact)).toEqual([{ phone: '0242-00-0000' }, undefined]);
});

describe('a report that the server did not take', () => {
  /** Answers in turn; the last answer stays. */
  function answering(...answers: (() => Response)[]) {
    const sent: string[] = [];
    vi.useFakeTimers();
    vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
      if (path !== '/api/reports') throw new TypeError('nothing else here');
      sent.push(String(init.body));
      return (answers.length > 1 ? answers.shift() : answers[0])?.();
    });
    render(Resident);
    return sent;
  }
  const away = () => {
    throw new TypeError('away');
  };
  const busy = () => Response.json({ code: 'unavailable' }, { status: 503, headers: { 'retry-after': '90' } });
  const taken = () => Response.json({ ...receipt, id: 'r' }, { status: 201 });
  const refused = () => Response.json({ code: 'text_not_allowed' }, { status: 422 });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('goes again by itself, the same, though the network never went away', async () => {
    const sent = answering(away, away, taken);
    await fillInAndSend();
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.getByText(ja['send.unsent'])).toBeTruthy();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(screen.getByText(ja['send.done'])).toBeTruthy();
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
  });

  it('leaves the focus where it is and the stops in the same order while it tries', async () => {
    let answer: (response: Response) => void = () => {};
    vi.useFakeTimers();
    const answers = [away, () => new Promise<Response>((resolve) => (answer = resolve))];
    vi.stubGlobal('fetch', async () => answers.shift()?.());
    const { container } = render(Resident);
    const stops = () => [...container.querySelectorAll('a, button, input, summary, textarea')];
    await fillIn();
    const before = stops();
    const send = screen.getByRole('button', { name: ja['send.button'] });
    send.focus();
    await fireEvent.click(send);
    await vi.advanceTimersByTimeAsync(0);
    const news = screen.getByText(ja['send.unsent']);
    expect(send.textContent?.trim()).toBe(ja['send.again']);
    expect(stops()).toEqual(before);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(send.textContent?.trim()).toBe(ja['send.sending']);
    expect(document.activeElement).toBe(send);
    expect(stops()).toEqual(before);
    // It is not said anew at each try.
    expect(screen.getByText(ja['send.unsent'])).toBe(news);
    answer(taken());
    await vi.advanceTimersByTimeAsync(0);
    expect(document.activeElement?.textContent).toContain(ja['send.done']);
  });

  it('waits as long as the server asks, also when the person looks again', async () => {
    const sent = answering(busy, taken);
    await fillInAndSend();
    await vi.advanceTimersByTimeAsync(89_000);
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(2);
  });

  it.each([
    ['the network comes back', () => window.dispatchEvent(new Event('online'))],
    ['the person looks again', () => document.dispatchEvent(new Event('visibilitychange'))],
  ])('goes at once when %s', async (_, happen) => {
    const sent = answering(away, taken);
    await fillInAndSend();
    await vi.advanceTimersByTimeAsync(0);
    happen();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(2);
    expect(screen.getByText(ja['send.done'])).toBeTruthy();
  });

  it('is left alone once it is refused with words', async () => {
    const sent = answering(away, refused);
    await fillInAndSend();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sent).toHaveLength(2);
    expect(screen.queryByText(ja['send.unsent'])).toBeNull();
  });

  it('is left alone once the page is gone', async () => {
    const sent = answering(away);
    await fillInAndSend();
    await vi.advanceTimersByTimeAsync(0);
    cleanup();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sent).toHaveLength(1);
  });
});
