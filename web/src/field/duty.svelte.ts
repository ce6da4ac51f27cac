import { Once } from '../sending/once';
import type { Call } from '../session/http';
import { firstOperation, recall, remember, rememberedOperation, rememberOperation } from '../session/operation-choice';
import type { CheckIn, CheckInReceipt, Me, Operation, Operations } from '../wire';

/** The end of a check-in that the person has read. */
const READ = 'sokuho.ended_check_in';
/** How often the page asks for whom it acts and what is open, milliseconds. */
const EVERY_MS = 30_000;
/** How long a page that is opened again still tells that the employer called the person back, milliseconds. */
const CALL_BACK_TOLD_MS = 12 * 60 * 60 * 1000;

/** A staff member, as the server sees them. */
export type StaffMe = Extract<Me, { kind: 'staff' }>;

/** For whom a staff member acts and in which operation. The server's word, asked again and again. */
export class Duty {
  me = $state.raw<StaffMe | null>(null);
  operations = $state.raw<readonly Operation[]>([]);
  /** Why the last look failed. */
  error = $state.raw<unknown>(null);
  /** A check-in or check-out is under way. */
  changing = $state(false);
  /** The operation that was chosen has been closed meanwhile. */
  operationClosed = $state(false);
  /** The check-in that somebody else ended: the employer called back, or an operator there checked the person out. */
  endedByOthers = $state.raw<CheckIn | null>(null);
  #operation = $state<string | null>(null);
  readonly #call: Call;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;
  readonly #once = new Once();

  constructor(call: Call) {
    this.#call = call;
    this.#operation = rememberedOperation();
  }

  /** The operation to which reports go. */
  get operation(): Operation | null {
    return firstOperation(this.operations, this.#operation);
  }

  /** Chooses the operation; this device remembers it, so that a reload does not turn a drill into the real thing. */
  choose(id: string): void {
    this.#operation = id;
    this.operationClosed = false;
    rememberOperation(id);
  }

  /** The person has read how the check-in ended. */
  read(): void {
    if (this.endedByOthers) remember(READ, this.endedByOthers.id);
    this.endedByOthers = null;
  }

  start(): void {
    this.#stopped = false;
    void this.look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Asks the server now. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const me = await this.#call<Me>('/api/me');
      if (me.kind === 'staff') this.#take(me);
      await this.#lookAtOperations();
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.look(), EVERY_MS);
  }

  async #lookAtOperations(): Promise<void> {
    const { operations } = await this.#call<Operations>('/api/operations');
    this.operations = operations.filter((o) => o.open);
    this.operationClosed = operations.some((o) => o.id === this.#operation && !o.open);
  }

  /** Reports for duty at an office. */
  async checkIn(office: string): Promise<void> {
    await this.#change(`from ${this.me?.check_in?.id} to ${office}`, (id) =>
      this.#call<CheckInReceipt>('/api/check-ins', { method: 'POST', json: { id, office } }),
    );
  }

  /** Ends the check-in. */
  async checkOut(): Promise<void> {
    const current = this.me?.check_in;
    if (!current) return;
    await this.#change(`out ${current.id}`, (id) =>
      this.#call<CheckInReceipt>(`/api/check-ins/${current.id}/check-out`, { method: 'POST', json: { id } }),
    );
  }

  async #change(what: string, send: (id: string) => Promise<CheckInReceipt>): Promise<void> {
    if (this.changing) return;
    this.changing = true;
    try {
      await this.#once.act(what, send);
      const me = await this.#call<Me>('/api/me');
      if (me.kind === 'staff') this.#take(me, true);
      this.error = null;
    } finally {
      this.changing = false;
    }
  }

  /** @param own the change is this page's own */
  #take(me: StaffMe, own = false): void {
    const last = me.last_check_in;
    const calledBack =
      last?.ended?.reason === 'called_back' && Date.now() - Date.parse(last.ended.at) < CALL_BACK_TOLD_MS;
    const seen = this.me?.id === me.id && this.me.check_in !== undefined;
    if (own || me.check_in) this.endedByOthers = null;
    else if (last && (seen || calledBack) && last.id !== recall(READ)) this.endedByOthers = last;
    this.me = me;
  }
}
