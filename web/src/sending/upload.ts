import { ProblemError, problemOf, UnreachableError } from '../session/problem';
import type { Uploaded } from '../wire';

/** How an upload is done. */
export interface UploadOptions {
  token?: string | undefined;
  signal: AbortSignal;
  /** Called with bytes sent. */
  progress(sent: number): void;
}

/** Without a byte going out for so long, the line is dead, milliseconds. */
const STALLED_MS = 60_000;

/**
 * Sends one file as it is; the server tells by its content what it is. The same file again gives the
 * same id. (`fetch` does not tell how far a body has gone, so this is the older way.) Throws
 * `ProblemError`, `UnreachableError`, or the signal's reason.
 */
export function upload(file: Blob, { token, signal, progress }: UploadOptions): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const request = new XMLHttpRequest();
    let watchdog: ReturnType<typeof setTimeout>;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => request.abort(), STALLED_MS);
    };
    const cancel = () => request.abort();
    const settle = (end: () => void) => {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', cancel);
      end();
    };
    const lost = () => settle(() => reject(signal.aborted ? signal.reason : new UnreachableError('no answer')));
    request.upload.onprogress = (event) => {
      alive();
      progress(event.loaded);
    };
    request.onload = () =>
      settle(() => {
        if (request.status < 200 || request.status > 299) {
          reject(problemOf(request.status, request.responseText, request.getResponseHeader('retry-after')));
          return;
        }
        try {
          resolve(JSON.parse(request.responseText) as Uploaded);
        } catch (cause) {
          reject(new UnreachableError('not an answer of ours', { cause }));
        }
      });
    request.onerror = lost;
    request.onabort = lost;
    signal.addEventListener('abort', cancel);
    request.open('POST', '/api/media');
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    if (token) request.setRequestHeader('authorization', `Bearer ${token}`);
    alive();
    request.send(file);
  });
}

/** Who sends: a session renews its token once where it has ended; a resident has none. */
export interface Sender {
  accessToken(): Promise<string>;
  renew(stale: string): Promise<string>;
}

/** Sends one file as the person who is signed in. */
export async function uploadAs(sender: Sender, file: Blob, options: Omit<UploadOptions, 'token'>): Promise<Uploaded> {
  const token = await sender.accessToken();
  try {
    return await upload(file, { ...options, token });
  } catch (error) {
    const ended = error instanceof ProblemError && (error.code === 'token_expired' || error.code === 'token_invalid');
    if (!ended) throw error;
    return upload(file, { ...options, token: await sender.renew(token) });
  }
}
