import { LatestOffsets } from './latest-offsets.ts';

/** The rules of compaction, as plain data that it is given, so that a simulation can show what happens without one of them. */
export interface CompactionRules {
  /** For so long after its append a tombstone stays, ms: who reads on in that time sees that the key was deleted. */
  readonly tombstoneMs: number;
  /** What the last offset of each key is to be remembered in, by a run that begins. */
  latest(): Pick<LatestOffsets, 'isFull' | 'add' | 'supersedes'>;
}

/** A tombstone stays for a day, as in Kafka. */
export const compactionRules: CompactionRules = {
  tombstoneMs: 24 * 3_600_000,
  latest: () => new LatestOffsets(),
};
