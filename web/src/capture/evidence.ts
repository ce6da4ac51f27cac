import type { Evidence } from '../wire';
import { distanceM, wrongWith } from './position';

/** Further apart than this, two witnesses cannot both be right about one report, metres. */
export const DISAGREE_M = 500;

/** The server takes no more. */
export const MAX_WITNESSES = 16;

/** One witness on the page: what it says, and which earlier one it replaces. */
export interface Witness {
  /** `device`, `pin`, `typed`; for a file's own or its shutter's: `media:` or `shutter:` and the file's key. */
  key: string;
  evidence: Evidence;
}

/** The witnesses for the place of a report. A value: every change makes another. */
export interface EvidenceSet {
  /** Oldest first. */
  witnesses: readonly Witness[];
  /** The one that a person chose; `null`: the page chooses. */
  chosenByHand: string | null;
}

/** No witness yet. */
export const NO_EVIDENCE: EvidenceSet = { witnesses: [], chosenByHand: null };

/**
 * Adds a witness or replaces the one of the same key. What is no position is left out. A pin and typed
 * numbers are somebody's own hand and so are chosen at once.
 */
export function withWitness(set: EvidenceSet, witness: Witness): EvidenceSet {
  if (wrongWith(witness.evidence.position) !== null) return set;
  const known = set.witnesses.some((w) => w.key === witness.key);
  if (!known && set.witnesses.length >= MAX_WITNESSES) return set;
  const witnesses = known
    ? set.witnesses.map((w) => (w.key === witness.key ? witness : w))
    : [...set.witnesses, witness];
  const byHand = witness.evidence.source === 'pin' || witness.evidence.source === 'typed';
  return { witnesses, chosenByHand: byHand ? witness.key : set.chosenByHand };
}

/** Takes a witness away, such as the EXIF of a photo that was removed. */
export function withoutWitness(set: EvidenceSet, key: string): EvidenceSet {
  return {
    witnesses: set.witnesses.filter((w) => w.key !== key),
    chosenByHand: set.chosenByHand === key ? null : set.chosenByHand,
  };
}

/** Chooses a witness by hand. */
export function choosing(set: EvidenceSet, key: string): EvidenceSet {
  return set.witnesses.some((w) => w.key === key) ? { ...set, chosenByHand: key } : set;
}

/** Lower is better: at the shutter the device stood where the picture was taken; EXIF states no accuracy. */
function rank({ key, evidence }: Witness): number {
  if (evidence.source === 'pin' || evidence.source === 'typed') return 0;
  const rough = (evidence.accuracy_m ?? 0) > 100;
  if (key.startsWith('shutter:')) return rough ? 4 : 1;
  if (evidence.source === 'media') return 2;
  return rough ? 5 : 3;
}

/** The chosen witness: the person's choice, else the most trustworthy, of equals the more exact. */
export function chosen(set: EvidenceSet): Witness | null {
  const byHand = set.witnesses.find((w) => w.key === set.chosenByHand);
  if (byHand) return byHand;
  const order = (a: Witness, b: Witness) =>
    rank(a) - rank(b) || (a.evidence.accuracy_m ?? Infinity) - (b.evidence.accuracy_m ?? Infinity) || 0;
  return [...set.witnesses].sort(order)[0] ?? null;
}

/** Metres from the chosen witness, where the two disagree; `null` where they do not. */
export function disagreement(set: EvidenceSet, witness: Witness): number | null {
  const best = chosen(set);
  if (!best || best.key === witness.key) return null;
  const apart = distanceM(best.evidence.position, witness.evidence.position);
  return apart > DISAGREE_M ? apart : null;
}

/** Whether any witness disagrees with the chosen one. */
export function disagrees(set: EvidenceSet): boolean {
  return set.witnesses.some((w) => disagreement(set, w) !== null);
}

/** The witnesses as they travel, and the index of the chosen one. */
export function asSent(set: EvidenceSet): { evidence: Evidence[]; chosen: number } {
  const best = chosen(set);
  return {
    evidence: set.witnesses.map((w) => w.evidence),
    chosen: Math.max(
      0,
      set.witnesses.findIndex((w) => w.key === best?.key),
    ),
  };
}
