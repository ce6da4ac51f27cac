import { asSent, type EvidenceSet, NO_EVIDENCE, withoutWitness, withWitness } from '../capture/evidence';
import type { Call } from '../session/http';
import { ProblemError } from '../session/problem';
import type { Category, Evidence } from '../wire';
import { type Attachment, Attachments, type Upload } from './attachments.svelte';
import { type Mistake, mistakeOf, mistakesIn } from './mistakes';
import { Sending, type Written } from './sending.svelte';

/** What the resident's and the field's form have in common: one report from the first touch to the receipt. */
export class Draft {
  category = $state<Category | null>(null);
  words = $state('');
  set = $state.raw<EvidenceSet>(NO_EVIDENCE);
  readonly attachments: Attachments;
  readonly sending: Sending;

  /** The person has pressed send and the files are not all there yet. */
  waitingForFiles = $state(false);
  #asked = $state(false);
  readonly #rest: () => Partial<Written>;

  /**
   * @param rest what only one of the forms has: contact, operation, danger to life
   */
  constructor(call: Call, upload: Upload, rest: () => Partial<Written>) {
    this.#rest = rest;
    this.sending = new Sending(call);
    this.attachments = new Attachments(upload, (file, { evidence }) => {
      if (evidence) this.set = withWitness(this.set, { key: `media:${file.key}`, evidence });
    });
  }

  /** What is wrong, once the person has tried to send. */
  get mistakes(): Mistake[] {
    if (!this.#asked) return [];
    const own = mistakesIn({
      category: this.category,
      set: this.set,
      words: this.words,
      failedFiles: this.attachments.failed.length,
    });
    const progress = this.sending.progress;
    return progress.step === 'refused' ? [...own, mistakeOf(progress.error)] : own;
  }

  /** Takes photos or videos; `atShutter`: where the device stood. Returns how many there was no room for. */
  addFiles(files: readonly File[], atShutter: Evidence | null = null): number {
    const { added, leftOut } = this.attachments.add(files, atShutter);
    for (const file of added) {
      if (atShutter) this.set = withWitness(this.set, { key: `shutter:${file.key}`, evidence: atShutter });
    }
    return leftOut;
  }

  /** Forgets what a removed file said of its place. */
  fileRemoved(file: Attachment): void {
    this.set = withoutWitness(withoutWitness(this.set, `media:${file.key}`), `shutter:${file.key}`);
  }

  /** Some file may still come to the server. */
  get filesPending(): boolean {
    return this.attachments.busy || this.attachments.passing.length > 0;
  }

  /** Sends, as soon as the files are there. */
  async send(): Promise<void> {
    this.#asked = true;
    if (this.filesPending) {
      this.waitingForFiles = true;
      return;
    }
    this.waitingForFiles = false;
    const written = this.#written();
    if (written) await this.sending.send(written);
  }

  /** What the form says; `null`: it cannot be sent so. */
  #written(): Written | null {
    const { category, set, words } = this;
    const form = { category, set, words, failedFiles: this.attachments.failed.length };
    if (category === null || mistakesIn(form).length > 0) return null;
    const { evidence, chosen } = asSent(set);
    return {
      ...this.#rest(),
      category,
      words: words.trim(),
      observed_at: new Date().toISOString(),
      evidence,
      chosen,
      media: this.attachments.ids,
    };
  }

  /** What waits to be sent again, and how long the server asked for, milliseconds; `null`: nothing waits. */
  get waits(): { atLeastMs: number } | null {
    const { progress } = this.sending;
    const errors = [...this.attachments.passing, ...(progress.step === 'unsent' ? [progress.error] : [])];
    if (errors.length === 0) return null;
    const asked = errors.map((error) => (error instanceof ProblemError ? (error.retryAfterS ?? 0) : 0));
    return { atLeastMs: 1000 * Math.max(...asked) };
  }

  /** Sends again whatever waits for that. */
  async again(): Promise<void> {
    this.attachments.retryPassing();
    await this.sending.again(() => this.#written());
  }

  /** Something would be lost if the page were closed now. */
  get unsent(): boolean {
    if (this.sending.progress.step === 'done') return false;
    return this.category !== null || this.words !== '' || this.attachments.files.length > 0;
  }
}
