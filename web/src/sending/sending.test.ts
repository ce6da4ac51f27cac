import { describe, expect, it } from 'vitest';
import type { Call, Request } from '../session/http';
import { ProblemError, UnreachableError } from '../session/problem';
import type { NewReport, Receipt } from '../wire';
import { Sending, type Written } from './sending.svelte';

const written: Written = {
  category: 'hazard',
  words: '冠水',
  observed_at: '2026-11-22T06:00:00.000Z',
  evidence: [{ source: 'pin', position: { lat: 37.5, lon: 139.9 } }],
  chosen: 0,
  media: [],
};

const receiptFor = (id: string) => ({ id, key: 'k' }) as Receipt;

/** A server that keeps what it takes and follows a script: each step says how one request ends. */
function server(script: ('answer' | 'lose the answer' | 'unreachable' | 'refuse')[]) {
  const requests: NewReport[] = [];
  const stored = new Map<string, string>();
  const call = (async (_path: string, request: Request = {}) => {
    const report = request.json as NewReport;
    requests.push(report);
    const step = script.shift() ?? 'answer';
    if (step === 'unreachable') throw new UnreachableError('cut');
    if (step === 'refuse') throw new ProblemError('text_not_allowed', 422);
    const text = JSON.stringify(report);
    if ((stored.get(report.id) ?? text) !== text) throw new ProblemError('id_taken', 409);
    stored.set(report.id, text);
    if (step === 'lose the answer') throw new UnreachableError('cut');
    return receiptFor(report.id);
  }) as Call;
  return { call, requests, stored };
}

describe('Sending', () => {
  it('gives no receipt before the server has answered', async () => {
    let answer: (receipt: Receipt) => void = () => {};
    const call = (() => new Promise((resolve) => (answer = resolve))) as unknown as Call;
    const sending = new Sending(call, 'id-1');
    const sent = sending.send(written);
    expect(sending.progress.step).toBe('sending');
    answer(receiptFor('id-1'));
    await sent;
    expect(sending.progress).toMatchObject({ step: 'done', earlier: false });
  });

  it('sends exactly the same again after an answer was lost, though time has passed', async () => {
    const { call, requests, stored } = server(['lose the answer', 'answer']);
    const sending = new Sending(call);
    await sending.send(written);
    expect(sending.progress.step).toBe('unsent');
    await sending.send({ ...written, observed_at: '2026-11-22T06:05:00.000Z' });
    expect(sending.progress).toMatchObject({ step: 'done', earlier: false });
    expect(requests[1]).toEqual(requests[0]);
    expect(stored.size).toBe(1);
  });

  it('sends the changed words when the first sending never arrived', async () => {
    const { call, requests } = server(['unreachable', 'answer']);
    const sending = new Sending(call);
    await sending.send(written);
    await sending.send({ ...written, words: '冠水 50cm' });
    expect(sending.progress).toMatchObject({ step: 'done', earlier: false });
    expect(requests.map((r) => r.words)).toEqual(['冠水', '冠水 50cm']);
    expect(requests[1]?.id).toBe(requests[0]?.id);
  });

  it('says that the earlier words arrived when they had and were changed since', async () => {
    const { call, stored } = server(['lose the answer', 'answer', 'answer']);
    const sending = new Sending(call);
    await sending.send(written);
    await sending.send({ ...written, words: '冠水 50cm' });
    expect(sending.progress).toMatchObject({ step: 'done', earlier: true, receipt: { id: sending.id } });
    expect([...stored.values()].map((text) => JSON.parse(text).words)).toEqual(['冠水']);
  });

  it('sends by itself what the person sent, not the half that is being written', async () => {
    const { call, stored } = server(['unreachable', 'answer']);
    const sending = new Sending(call);
    await sending.send(written);
    await sending.again(() => ({ ...written, words: '冠水 5' }));
    expect(sending.progress).toMatchObject({ step: 'done', earlier: true });
    expect([...stored.values()].map((text) => JSON.parse(text).words)).toEqual(['冠水']);
  });

  it('sends nothing by itself that the person has not sent, nor after a refusal', async () => {
    const { call, requests } = server(['refuse']);
    const sending = new Sending(call);
    await sending.again(() => written);
    expect(requests).toHaveLength(0);
    await sending.send(written);
    await sending.again(() => written);
    expect(requests).toHaveLength(1);
  });

  it('shows a refusal and can be sent again once mended', async () => {
    const { call } = server(['refuse', 'answer']);
    const sending = new Sending(call);
    await sending.send(written);
    expect(sending.progress).toMatchObject({ step: 'refused', error: { code: 'text_not_allowed' } });
    await sending.send({ ...written, words: 'ok' });
    expect(sending.progress.step).toBe('done');
  });

  it('does not send twice at once, nor again after the receipt', async () => {
    const { call, requests } = server(['answer']);
    const sending = new Sending(call);
    await Promise.all([sending.send(written), sending.send(written)]);
    await sending.send(written);
    expect(requests).toHaveLength(1);
  });
});
