import type { Cursor } from '../../domain/groups/cursors.ts';
import type { Redrive } from '../../domain/groups/groups.ts';

/** How far a group is with the dead letters that it was given again. */
export interface RedriveProgress {
  /** Asked for. */
  readonly records: number;
  /** Acknowledged, those among them that are dead letters once more. */
  readonly done: number;
  readonly left: number;
}

/** @param lane the cursors that go through them, by partition of their topic. */
export const redriveProgress = (
  { ranges }: Pick<Redrive, 'ranges'>,
  lane: ReadonlyMap<number, Cursor>,
): RedriveProgress => {
  let records = 0;
  let done = 0;
  for (const [partition, [from, to]] of Object.entries(ranges)) {
    const committed = lane.get(Number(partition))?.committed ?? from;
    records += to - from;
    done += Math.min(Math.max(committed, from), to) - from;
  }
  return { records, done, left: records - done };
};
