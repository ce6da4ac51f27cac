/** The height of a row with two lines of words, and of what stands over the rows, rem. */
const ROW_REM = 7.4;
const HEADINGS_REM = 4.2;

/** How many rows stay at the top of a list this high, pixels; the newest of the others keeps the last place. */
export function pinnedRows(height: number, rem: number): number {
  const rows = Math.floor((height / rem - HEADINGS_REM) / ROW_REM);
  return Math.max(1, rows - 1);
}
