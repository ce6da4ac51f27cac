import type { Call } from '../session/http';
import { isPassing, ProblemError } from '../session/problem';
import type { NewReport, Receipt } from '../wire';
import { uuid7 } from './uuid7';

/** What a form says; the id is the sending's own. */
export type Written = Omit<NewReport, 'id'>;

/** How far a report is. */
export type Progress =
  | { step: 'writing' }
  /** `after`: why the last try had no answer; `null`: this is the first one. */
  | { step: 'sending'; after: unknown }
  /** No answer: it may or may not have arrived. Nothing is lost; the same is sent again. */
  | { step: 'unsent'; error: unknown }
  /** The server refused it. */
  | { step: 'refused'; error: unknown }
  /** Committed. `earlier`: what arrived is what was sent before the last changes. */
  | { step: 'done'; receipt: Receipt; earlier: boolean };

/** Whether two reports say the same, whenever they say it. */
function same(one: NewReport, other: NewReport): boolean {
  return JSON.stringify({ ...one, observed_at: other.observed_at }) === JSON.stringify(other);
}

/**
 * One report on its way. Its id is made once, so that sending again is harmless: the server answers the
 * same receipt. There is no receipt before the server's answer.
 */
export class Sending {
  progress = $state.raw<Progress>({ step: 'writing' });
  readonly id: string;
  readonly #call: Call;
  /** Sent, and no answer came: the server may have it. */
  #inDoubt: NewReport | null = null;
  /** What the person sent last. */
  #last: NewReport | null = null;

  constructor(call: Call, id: string = uuid7()) {
    this.#call = call;
    this.id = id;
  }

  /** Sends what is written. Does nothing while a sending is under way or done. */
  async send(written: Written): Promise<void> {
    if (this.progress.step === 'sending' || this.progress.step === 'done') return;
    await this.#deliver(this.#sameAgain({ ...written, id: this.id }));
  }

  /**
   * Sends by itself what had no answer, as the person sent it: half of a sentence that is being changed is nothing
   * that anybody sent.
   *
   * @param now what is written by then; `null`: nothing that could be sent
   */
  async again(now: () => Written | null): Promise<void> {
    const last = this.#last;
    if (this.progress.step !== 'unsent' || !last) return;
    await this.#deliver(last);
    // By another way than TypeScript sees, the answer has come.
    const progress = this.progress as Progress;
    if (progress.step !== 'done' || progress.earlier) return;
    const written = now();
    if (!written || !same({ ...written, id: this.id }, last)) this.progress = { ...progress, earlier: true };
  }

  async #deliver(report: NewReport): Promise<void> {
    this.#last = report;
    this.progress = { step: 'sending', after: this.progress.step === 'unsent' ? this.progress.error : null };
    try {
      this.progress = { step: 'done', receipt: await this.#post(report), earlier: false };
    } catch (error) {
      this.progress = await this.#afterRefusal(report, error);
    }
  }

  /** A retry of unchanged words is byte for byte what was sent, its time of observation included. */
  #sameAgain(report: NewReport): NewReport {
    const before = this.#inDoubt;
    if (!before) return report;
    return same(report, before) ? before : report;
  }

  async #afterRefusal(report: NewReport, error: unknown): Promise<Progress> {
    if (isPassing(error)) {
      // Only the first in doubt can have been taken under this id.
      this.#inDoubt ??= report;
      return { step: 'unsent', error };
    }
    const taken = error instanceof ProblemError && error.code === 'id_taken';
    if (!taken || !this.#inDoubt) return { step: 'refused', error };
    // The one that seemed lost had arrived: its receipt is the truth.
    try {
      return { step: 'done', receipt: await this.#post(this.#inDoubt), earlier: true };
    } catch (again) {
      return isPassing(again) ? { step: 'unsent', error: again } : { step: 'refused', error: again };
    }
  }

  #post(report: NewReport): Promise<Receipt> {
    return this.#call<Receipt>('/api/reports', { method: 'POST', json: report });
  }
}
