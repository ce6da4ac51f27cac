import { t } from '../i18n/index.svelte';
import { besideMap, type Mark, ranges } from '../map/numbers';
import { drillMark } from '../map/shelters';
import type { Ledger } from '../state/ledger';
import type { Known } from '../state/shelters';
import { onlyDrill, tallyWords } from '../state/tally';
import { isUrgent, type ShelterStatus, type Tally } from '../state/world';
import type { OfficeIncident, Shelter } from '../wire';

/** A row of the printed list. */
export type Row = {
  /** Its number, in the list and on the map; from 1. */
  number: number;
  incident: OfficeIncident;
  drill: boolean;
  /** Whether its place lies beyond what the sheet's map shows. */
  beyond: boolean;
};

/**
 * The rows of the printed list, at most so many: danger to life first, then what stands together on the map together, the
 * newest first. `marks`: of the sheet's map; `null`: it has none. `unlisted`: how many of the ledger's found no place.
 */
export function rowsOf(
  ledger: Ledger,
  marks: readonly Mark[] | null,
  drills: ReadonlySet<string>,
  most: number,
): { rows: Row[]; unlisted: number } {
  const pinned = ledger.pinned().slice(0, most);
  const rest = besideMap(ledger.newest(most - pinned.length), marks ?? []);
  const shown = new Set(marks?.flatMap(({ ids }) => ids));
  const rows = [...pinned, ...rest].map((incident, at) => ({
    number: at + 1,
    incident,
    drill: drills.has(incident.operation),
    beyond: marks !== null && !shown.has(incident.id),
  }));
  return { rows, unlisted: ledger.size - rows.length };
}

/** A shelter that takes people in or has taken them, in earnest or in a drill, as it is printed. */
export type Refuge = {
  /** The id of its mark. */
  id: string;
  number: number;
  shelter: Shelter;
  status: ShelterStatus;
  drill: boolean;
  /** Whether its place lies beyond what the sheet's map shows. */
  beyond: boolean;
};

/** Whether anybody says, in earnest or in a drill, that a shelter takes people in or has taken them. */
export function isRefuge({ status, drills }: Known): boolean {
  return [status, drills[0]].some(isUsed);
}

/**
 * The shelters of a sheet in the order of their list, numbered for themselves; those of a drill after the real ones.
 * `marks`: of the sheet's map; `null`: it has none.
 */
export function refugesOf(shelters: readonly Known[], marks: readonly Mark[] | null): Refuge[] {
  const shown = new Set(marks?.filter(({ kind }) => kind === 'shelter').flatMap(({ ids }) => ids));
  const said = (drill: boolean) =>
    shelters.flatMap(({ shelter, status, drills }) => {
      // The map shows the latest of what drills say.
      const word = drill ? drills[0] : status;
      return isUsed(word) ? [{ id: drill ? drillMark(shelter.id) : shelter.id, shelter, status: word, drill }] : [];
    });
  return [...said(false), ...said(true)].map((one, at) => ({
    ...one,
    number: at + 1,
    beyond: marks !== null && !shown.has(one.id),
  }));
}

function isUsed(status: ShelterStatus | null | undefined): status is ShelterStatus {
  return status?.state === 'open' || status?.state === 'full';
}

/** How many shelters and people there are, in words: `20（訓練 3）か所 1,960人`. */
export function refugeWords({ open, people }: { open: Tally; people: number | null }): string {
  const places = t('print.places', { n: tallyWords(open, onlyDrill(open)) });
  return people === null ? places : t('print.sheltered', { places, people: t('shelter.people_n', { n: people }) });
}

/** What stands beside a mark of the map. */
export type MapNumber = {
  mark: Mark;
  words: string;
  kind: 'danger' | 'incident' | 'shelter' | 'full';
  /** Whether all that it stands for is a drill's. */
  drill: boolean;
};

/**
 * The numbers of rows and shelters beside their marks. A disc that stands for more than the list holds says so with a
 * plus. `shelterWords`: how a shelter's number is written.
 */
export function numbersOnMap(
  marks: readonly Mark[],
  rows: readonly Row[],
  refuges: readonly Refuge[],
  shelterWords: (number: number) => string,
): MapNumber[] {
  const rowOf = new Map(rows.map((row) => [row.incident.id, row]));
  const refugeOf = new Map(refuges.map((refuge) => [refuge.id, refuge]));
  const found: MapNumber[] = [];
  for (const mark of marks) {
    if (mark.kind === 'shelter') {
      const refuge = refugeOf.get(mark.ids[0] ?? '');
      const kind = refuge?.status.state === 'full' ? 'full' : 'shelter';
      if (refuge) found.push({ mark, words: shelterWords(refuge.number), kind, drill: refuge.drill });
      continue;
    }
    const listed = mark.ids.flatMap((id) => rowOf.get(id) ?? []);
    if (listed.length === 0) continue;
    const words = ranges(listed.map(({ number }) => number)) + (listed.length < mark.ids.length ? '＋' : '');
    const danger = listed.some(({ incident }) => isUrgent(incident));
    const drill = listed.every(({ drill }) => drill);
    found.push({ mark, words, kind: danger ? 'danger' : 'incident', drill });
  }
  // Who chooses first stands nearest: danger, then the single marks, which are small.
  const rank = ({ kind, mark }: MapNumber) =>
    kind === 'danger' ? 0 : mark.kind === 'shelter' ? 2 : mark.ids.length > 1 ? 1 : 0.5;
  return found.sort((a, b) => rank(a) - rank(b));
}
