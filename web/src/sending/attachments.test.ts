import { describe, expect, it } from 'vitest';
import { ProblemError, UnreachableError } from '../session/problem';
import type { Uploaded } from '../wire';
import { Attachments, MAX_FILES, MAX_PHOTO_BYTES, type Upload } from './attachments.svelte';

const photo = (name: string) => new File([name], name, { type: 'image/jpeg' });
const uploaded = (id: string): Uploaded => ({ id, kind: 'jpeg', size: 1, thumbnail: true });

/** Uploads that end when the test says so. */
function uploads() {
  const running: { file: File; resolve: (u: Uploaded) => void; reject: (e: unknown) => void; signal: AbortSignal }[] =
    [];
  const upload = ((file: File, { signal }: { signal: AbortSignal }) =>
    new Promise<Uploaded>((resolve, reject) => {
      running.push({ file, resolve, reject, signal });
      signal.addEventListener('abort', () => reject(signal.reason));
    })) as unknown as Upload;
  return { running, upload };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('Attachments', () => {
  it('sends two at a time and the rest in turn', async () => {
    const { running, upload } = uploads();
    const files = new Attachments(upload, () => {});
    files.add([photo('a'), photo('b'), photo('c')]);
    expect(running.map((r) => r.file.name)).toEqual(['a', 'b']);
    running[0]?.resolve(uploaded('A'));
    await settled();
    expect(running.map((r) => r.file.name)).toEqual(['a', 'b', 'c']);
    expect(files.ids).toEqual(['A']);
    expect(files.busy).toBe(true);
  });

  it('takes ten and says how many it left out', () => {
    const files = new Attachments(uploads().upload, () => {});
    const { leftOut } = files.add(Array.from({ length: MAX_FILES + 2 }, (_, i) => photo(String(i))));
    expect(leftOut).toBe(2);
    expect(files.files).toHaveLength(MAX_FILES);
  });

  it('cancels the upload of a file that is taken away and goes on with the next', async () => {
    const { running, upload } = uploads();
    const files = new Attachments(upload, () => {});
    const { added } = files.add([photo('a'), photo('b'), photo('c')]);
    if (added[0]) files.remove(added[0]);
    await settled();
    expect(running[0]?.signal.aborted).toBe(true);
    expect(running.map((r) => r.file.name)).toEqual(['a', 'b', 'c']);
    expect(files.files).toHaveLength(2);
  });

  it('sends again by itself what a cut line stopped, but not what the server refused', async () => {
    const { running, upload } = uploads();
    const files = new Attachments(upload, () => {});
    files.add([photo('cut'), photo('refused')]);
    running[0]?.reject(new UnreachableError('cut'));
    running[1]?.reject(new ProblemError('media_unsupported', 415));
    await settled();
    expect(files.failed).toHaveLength(2);
    files.retryPassing();
    expect(running.map((r) => r.file.name)).toEqual(['cut', 'refused', 'cut']);
  });

  it('does not begin to send a photo that is too large', () => {
    const { running, upload } = uploads();
    const files = new Attachments(upload, () => {});
    const huge = photo('huge');
    Object.defineProperty(huge, 'size', { value: MAX_PHOTO_BYTES + 1 });
    files.add([huge]);
    expect(running).toHaveLength(0);
    expect(files.failed[0]?.progress).toMatchObject({ error: { code: 'media_too_large' } });
  });

  it('counts the same photo picked twice once', async () => {
    const { running, upload } = uploads();
    const files = new Attachments(upload, () => {});
    files.add([photo('a'), photo('a')]);
    for (const run of running) run.resolve(uploaded('A'));
    await settled();
    expect(files.ids).toEqual(['A']);
  });
});
