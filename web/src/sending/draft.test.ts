import { describe, expect, it } from 'vitest';
import type { Call, Request } from '../session/http';
import { ProblemError } from '../session/problem';
import type { NewReport, Receipt, Uploaded } from '../wire';
import type { Upload } from './attachments.svelte';
import { Draft } from './draft.svelte';
import { lengthOf, mistakeOf, partOf } from './mistakes';

const photo = () => new File(['x'], 'x.jpg', { type: 'image/jpeg' });
const place = { lat: 37.5, lon: 139.9 };

function setUp() {
  const requests: NewReport[] = [];
  const call = (async (_path: string, request: Request = {}) => {
    requests.push(request.json as NewReport);
    return { id: 'r', key: 'k' } as Receipt;
  }) as Call;
  let finish: (uploaded: Uploaded) => void = () => {};
  const upload = (() => new Promise<Uploaded>((resolve) => (finish = resolve))) as Upload;
  const draft = new Draft(call, upload, () => ({ contact: { phone: '1' } }));
  const uploaded: Uploaded = {
    id: 'M',
    kind: 'jpeg',
    size: 1,
    thumbnail: true,
    evidence: { source: 'media', position: place },
  };
  return { draft, call, requests, finishUpload: () => finish(uploaded) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('Draft', () => {
  it('says what is missing only after one has tried to send', async () => {
    const { draft, requests } = setUp();
    expect(draft.mistakes).toEqual([]);
    await draft.send();
    expect(draft.mistakes.map((m) => m.part)).toEqual(['category', 'place']);
    expect(requests).toEqual([]);
  });

  it('waits for the photos and takes the place from them', async () => {
    const { draft, requests, finishUpload } = setUp();
    draft.category = 'hazard';
    draft.addFiles([photo()]);
    await draft.send();
    expect(draft.waitingForFiles).toBe(true);
    expect(requests).toEqual([]);
    finishUpload();
    await settled();
    await draft.send();
    expect(requests[0]).toMatchObject({
      id: draft.sending.id,
      category: 'hazard',
      media: ['M'],
      chosen: 0,
      evidence: [{ source: 'media', position: place }],
      contact: { phone: '1' },
    });
    expect(draft.sending.progress.step).toBe('done');
  });

  it('forgets what a removed photo said of its place', async () => {
    const { draft, finishUpload } = setUp();
    draft.addFiles([photo()], { source: 'device', position: place });
    finishUpload();
    await settled();
    expect(draft.set.witnesses.map((w) => w.key)).toEqual(['shutter:file-1', 'media:file-1']);
    const file = draft.attachments.files[0];
    if (file) draft.fileRemoved(file);
    expect(draft.set.witnesses).toEqual([]);
  });
});

describe('a draft whose photo did not get through', () => {
  const endings: { resolve: (uploaded: Uploaded) => void; reject: (error: unknown) => void }[] = [];
  const upload = (() => new Promise<Uploaded>((resolve, reject) => endings.push({ resolve, reject }))) as Upload;

  it('waits for it, asks for time as the server did, and goes on by itself', async () => {
    const { call, requests } = setUp();
    const draft = new Draft(call, upload, () => ({}));
    draft.category = 'hazard';
    draft.addFiles([photo()], { source: 'device', position: place });
    endings.shift()?.reject(new ProblemError('unavailable', 503, undefined, undefined, 7));
    await settled();
    await draft.send();
    expect(draft.waitingForFiles).toBe(true);
    expect(draft.waits).toEqual({ atLeastMs: 7_000 });
    await draft.again();
    expect(draft.waits).toBeNull();
    endings.shift()?.resolve({ id: 'M', kind: 'jpeg', size: 1, thumbnail: true });
    await settled();
    expect(draft.filesPending).toBe(false);
    await draft.send();
    expect(requests[0]?.media).toEqual(['M']);
  });
});

describe('mistakes', () => {
  it('stand beside the part that a refusal speaks of', () => {
    expect(partOf('position_swapped')).toBe('place');
    expect(partOf('unknown_media')).toBe('photos');
    expect(partOf('text_not_allowed')).toBe('words');
    expect(mistakeOf(new ProblemError('operation_ended', 409))).toEqual({
      part: 'form',
      text: 'problem.operation_ended',
    });
  });

  it('count characters as the server does, not UTF-16 units', () => {
    expect(lengthOf('𠮷野家')).toBe(3);
  });
});
