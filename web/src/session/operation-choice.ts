import type { Operation } from '../wire';

const REMEMBERED = 'sokuho.operation';

/** The operation to begin with: the one this device remembers, else a disaster, else everyday care; never a drill. */
export function firstOperation(open: readonly Operation[], remembered: string | null): Operation | null {
  return (
    open.find((o) => o.id === remembered) ??
    open.findLast((o) => o.kind === 'disaster') ??
    open.find((o) => o.kind === 'everyday') ??
    null
  );
}

/** The operation that was chosen last on this device; `null`: none. */
export function rememberedOperation(): string | null {
  return recall(REMEMBERED);
}

/** Keeps the choice, so that a reload does not turn a drill into the real thing. */
export function rememberOperation(id: string): void {
  remember(REMEMBERED, id);
}

/** What this device keeps under a name. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    // A browser without storage asks anew.
    return null;
  }
}

/** Keeps it on this device. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Remembered until the page is closed.
  }
}
