import type { Category, Operation, Receipt } from '../wire';

/** A report that was sent since the person signed in. */
export interface SentReport {
  receipt: Receipt;
  category: Category;
  /** The operation, as it was called then. */
  operation: Operation | null;
}
