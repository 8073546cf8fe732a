import type { Run } from '../cursors.ts';
import type { Ahead } from './ahead.ts';

/** How many records ahead of the committed offset are in each state. */
export type Counts = Readonly<Record<Run['state'], number>>;

export const countsOf = ({ runs }: Pick<Ahead, 'runs'>): Counts => {
  const counts = { held: 0, delayed: 0, acknowledged: 0, stuck: 0 };
  for (const { state, start, end } of runs) counts[state] += end - start;
  return counts;
};

/** How many records each holder has, by owner. */
export const heldBy = ({ runs }: Pick<Ahead, 'runs'>): ReadonlyMap<string, number> => {
  const held = new Map<string, number>();
  for (const { state, by, start, end } of runs)
    if (state === 'held' && by !== undefined) held.set(by, (held.get(by) ?? 0) + end - start);
  return held;
};
