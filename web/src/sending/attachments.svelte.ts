import { t } from '../i18n/index.svelte';
import { isPassing, ProblemError } from '../session/problem';
import type { Evidence, Uploaded } from '../wire';
import type { UploadOptions } from './upload';

/** The server takes no more for one report. */
export const MAX_FILES = 10;
/** Photos, bytes. */
export const MAX_PHOTO_BYTES = 40_000_000;
/** Videos, bytes. */
export const MAX_VIDEO_BYTES = 500_000_000;
/** More at once only makes each slower. */
const AT_ONCE = 2;

/** How far a file is. */
export type Progress =
  | { step: 'waiting' }
  | { step: 'sending'; sent: number }
  | { step: 'done'; uploaded: Uploaded }
  | { step: 'failed'; error: unknown };

/** Sends one file. */
export type Upload = (file: Blob, options: Omit<UploadOptions, 'token'>) => Promise<Uploaded>;

/** One photo or video of the report that is being written. */
export class Attachment {
  progress = $state.raw<Progress>({ step: 'waiting' });
  /** For `<img>` and `<video>`. */
  readonly preview: string;
  readonly isVideo: boolean;
  readonly leaving = new AbortController();

  constructor(
    /** Unique on the page. */
    readonly key: string,
    readonly file: File,
    /** Where the device stood at the shutter. */
    readonly atShutter: Evidence | null,
  ) {
    this.preview = URL.createObjectURL(file);
    this.isVideo = file.type.startsWith('video/');
  }

  /** The server would refuse it, so it is not sent. */
  get tooLarge(): boolean {
    return this.file.size > (this.isVideo ? MAX_VIDEO_BYTES : MAX_PHOTO_BYTES);
  }
}

/** What a file is called on the page. `index`: its place among the files. */
export function nameOf(file: Pick<Attachment, 'isVideo'>, index: number): string {
  return t(file.isVideo ? 'capture.file.video' : 'capture.file.photo', { number: index + 1 });
}

/** The photos and videos of a report. Each is sent as soon as it is there, while the rest is filled in. */
export class Attachments {
  #files = $state.raw<readonly Attachment[]>([]);
  #count = 0;
  readonly #upload: Upload;
  readonly #arrived: (attachment: Attachment, uploaded: Uploaded) => void;

  /** @param arrived called when the server has a file, with what the file says of its place */
  constructor(upload: Upload, arrived: (attachment: Attachment, uploaded: Uploaded) => void) {
    this.#upload = upload;
    this.#arrived = arrived;
  }

  get files(): readonly Attachment[] {
    return this.#files;
  }

  /** Some file is not at the server yet and may still come there. */
  get busy(): boolean {
    return this.#files.some((f) => f.progress.step === 'waiting' || f.progress.step === 'sending');
  }

  get failed(): readonly Attachment[] {
    return this.#files.filter((f) => f.progress.step === 'failed');
  }

  /** Why files did not arrive that may yet: these are sent again without being asked for. */
  get passing(): readonly unknown[] {
    return this.#files.flatMap(({ progress }) =>
      progress.step === 'failed' && isPassing(progress.error) ? [progress.error] : [],
    );
  }

  /** Ids of what the server has; the same file twice counts once. */
  get ids(): string[] {
    const ids = this.#files.flatMap((f) => (f.progress.step === 'done' ? [f.progress.uploaded.id] : []));
    return [...new Set(ids)];
  }

  /** Takes files and starts to send them. Returns how many there was no room for. */
  add(files: readonly File[], atShutter: Evidence | null = null): { added: Attachment[]; leftOut: number } {
    const room = Math.max(0, MAX_FILES - this.#files.length);
    const added = files.slice(0, room).map((file) => {
      this.#count += 1;
      return new Attachment(`file-${this.#count}`, file, atShutter);
    });
    for (const attachment of added.filter((a) => a.tooLarge)) {
      attachment.progress = { step: 'failed', error: new ProblemError('media_too_large', 413) };
    }
    this.#files = [...this.#files, ...added];
    this.#next();
    return { added, leftOut: files.length - added.length };
  }

  /** Takes a file away; an upload under way is cancelled. */
  remove(attachment: Attachment): void {
    attachment.leaving.abort();
    URL.revokeObjectURL(attachment.preview);
    this.#files = this.#files.filter((f) => f !== attachment);
    this.#next();
  }

  /** Tries a failed file again. */
  retry(attachment: Attachment): void {
    if (attachment.progress.step !== 'failed' || attachment.tooLarge) return;
    attachment.progress = { step: 'waiting' };
    this.#next();
  }

  /** Tries again whatever may go better now: the line is back. */
  retryPassing(): void {
    for (const file of this.failed) {
      if (file.progress.step === 'failed' && isPassing(file.progress.error)) this.retry(file);
    }
  }

  /** Starts anew. */
  clear(): void {
    for (const file of this.#files) this.remove(file);
  }

  #next(): void {
    const sending = this.#files.filter((f) => f.progress.step === 'sending').length;
    const waiting = this.#files.filter((f) => f.progress.step === 'waiting');
    for (const attachment of waiting.slice(0, Math.max(0, AT_ONCE - sending))) void this.#send(attachment);
  }

  async #send(attachment: Attachment): Promise<void> {
    attachment.progress = { step: 'sending', sent: 0 };
    try {
      const uploaded = await this.#upload(attachment.file, {
        signal: attachment.leaving.signal,
        progress: (sent) => {
          attachment.progress = { step: 'sending', sent };
        },
      });
      attachment.progress = { step: 'done', uploaded };
      if (this.#files.includes(attachment)) this.#arrived(attachment, uploaded);
    } catch (error) {
      if (!attachment.leaving.signal.aborted) attachment.progress = { step: 'failed', error };
    }
    this.#next();
  }
}
