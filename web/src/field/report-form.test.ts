import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import type { Upload } from '../sending/attachments.svelte';
import { Draft } from '../sending/draft.svelte';
import type { Call } from '../session/http';
import { UnreachableError } from '../session/problem';
import type { Receipt } from '../wire';
import { Duty } from './duty.svelte';
import ReportForm from './ReportForm.svelte';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('lists a report as sent also when it arrived by itself', async () => {
  const receipt: Receipt = {
    id: 'r',
    seq: 1,
    key: 'k',
    incident: 'i',
    filed_at: '2026-11-22T00:00:00Z',
    place: { standing: 'inside', municipality: '07202' },
    boundaries: '略図 第1版',
    zones: [
      {
        layer: 'landslide',
        hazard: 'landslide',
        class: '2',
        name: '土砂災害特別警戒区域',
        english: 'Special warning zone',
        edition: 'A33-23',
        demonstration: false,
      },
    ],
  };
  let away = true;
  const call = (async () => {
    if (away) throw new UnreachableError('away');
    return receipt;
  }) as Call;
  const draft = new Draft(call, (() => new Promise(() => {})) as Upload, () => ({}));
  draft.category = 'hazard';
  draft.set = {
    witnesses: [{ key: 'pin', evidence: { source: 'pin', position: { lat: 37.5, lon: 139.9 } } }],
    chosenByHand: 'pin',
  };
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('no region here');
  });
  const done = vi.fn();
  render(ReportForm, { duty: new Duty(call), draft, extra: { danger: false }, next: () => {}, done });
  await draft.send();
  await screen.findByText(ja['send.unsent']);
  expect(done).not.toHaveBeenCalled();
  away = false;
  await draft.again();
  await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1));
  expect(done).toHaveBeenCalledWith(expect.objectContaining({ receipt, category: 'hazard' }));
  await screen.findByText('土砂災害特別警戒区域');
});
