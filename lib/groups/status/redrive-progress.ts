import type { Cursor } from '../../domain/groups/cursors.ts';
import type { Redrive } from '../../domain/groups/groups.ts';
import { aheadOf } from '../../domain/groups/runs/ahead.ts';
import { countsOf } from '../../domain/groups/runs/counts.ts';

/** How far a group is with the dead letters that it was given again. */
export interface RedriveProgress {
  /** Asked for. */
  readonly records: number;
  /** Acknowledged, and those that are dead letters once more. */
  readonly done: number;
  readonly left: number;
  /** Of what is done: dead letters once more. */
  readonly deadLettered: number;
}

/** @param lane the cursors that go through them, by partition of their topic. */
export const redriveProgress = (
  { ranges }: Pick<Redrive, 'ranges'>,
  lane: ReadonlyMap<number, Cursor>,
): RedriveProgress => {
  let records = 0;
  let done = 0;
  let deadLettered = 0;
  for (const [partition, [from, to]] of Object.entries(ranges)) {
    records += to - from;
    const cursor = lane.get(Number(partition));
    if (cursor === undefined) continue;
    const ahead = countsOf(aheadOf(cursor)).acknowledged;
    done += Math.min(Math.max(cursor.committed + ahead, from), to) - from;
    deadLettered += cursor.deadLettered ?? 0;
  }
  return { records, done, left: records - done, deadLettered };
};
