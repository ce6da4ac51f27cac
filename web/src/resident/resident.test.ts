import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
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
