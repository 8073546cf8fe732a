import type { RemovalKind } from './removals.ts';

/** Where a sweep got to, for the next to go on from. A place that is wrong costs fairness for one round, and nothing else. */
export interface SweepPlace {
  /** The name of the topic that was swept last; absent: the next sweep begins with the first. */
  readonly topic?: string;
  /** The id of the removal of each kind that had its turn last. */
  readonly topicRemoval?: string;
  readonly groupRemoval?: string;
  /** The name of the object that was looked at last, while a round through the archive is under way. */
  readonly object?: string;
  /** When the last such round began, wall clock ms. */
  readonly objectsFrom?: number;
  /** Of which kind a removal has the next turn. */
  readonly turn?: RemovalKind;
}

export interface SweepPlaceStore {
  get(): Promise<SweepPlace>;
  /** Replaces it whole: whichever lands last stands, as fits a place that may be wrong. */
  set(place: SweepPlace): Promise<void>;
}
