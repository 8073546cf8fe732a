import type { Cursor, Run } from '../cursors.ts';

/**
 * What a shared group has of a partition ahead of its committed offset. The runs follow one another without a gap, the first at
 * `committed`; neighbours are unlike, and the first is not `acknowledged`: `committed` moves over such a one.
 */
export interface Ahead {
  readonly committed: number;
  readonly runs: readonly Run[];
}

export const aheadOf = ({ committed, runs = [] }: Pick<Cursor, 'committed' | 'runs'>): Ahead => ({
  committed,
  runs,
});

/** The cursor with what is ahead. */
export const withAhead = (cursor: Cursor, { committed, runs }: Ahead): Cursor => {
  const { runs: _former, ...rest } = cursor;
  return runs.length === 0 ? { ...rest, committed } : { ...rest, committed, runs };
};

/** Where what was never handed out begins. */
export const readEnd = ({ committed, runs }: Ahead): number => runs.at(-1)?.end ?? committed;

/** Whether two runs say the same, but of which offsets. Name by name: this runs for each of them, with each write. */
const isAlike = (one: Run, other: Run): boolean =>
  one.state === other.state &&
  one.by === other.by &&
  one.until === other.until &&
  one.deliveries === other.deliveries &&
  one.attempts === other.attempts &&
  one.reason === other.reason &&
  one.since === other.since;

/** The same runs, without those that are empty, and neighbours that are alike made one. */
export const joined = (runs: readonly Run[]): Run[] => {
  const all: Run[] = [];
  for (const run of runs) {
    const last = all.at(-1);
    if (run.start >= run.end) continue;
    if (last !== undefined && isAlike(last, run)) all[all.length - 1] = { ...last, end: run.end };
    else all.push(run);
  }
  return all;
};

/** Puts the runs in order: joins neighbours that are alike, and moves `committed` over a leading acknowledged one. */
export const tidied = (committed: number, runs: readonly Run[]): Ahead => {
  const all = joined(runs);
  const [first] = all;
  if (first?.state === 'acknowledged') return { committed: first.end, runs: all.slice(1) };
  return { committed, runs: all };
};

/** The runs with those parts that are within `from` and `to` (exclusive) made what `change` makes of them. */
export const changedWithin = (
  { committed, runs }: Ahead,
  { from, to }: { readonly from: number; readonly to: number },
  change: (part: Run) => Run,
): Ahead => {
  const parts = runs.flatMap((run): Run[] => {
    if (run.end <= from || run.start >= to) return [run];
    const inner = { ...run, start: Math.max(run.start, from), end: Math.min(run.end, to) };
    return [{ ...run, end: inner.start }, change(inner), { ...run, start: inner.end }];
  });
  return tidied(committed, parts);
};

/** Of offsets that are done with. */
export const acknowledgedRun = ({ start, end }: Pick<Run, 'start' | 'end'>): Run => ({
  start,
  end,
  state: 'acknowledged',
  deliveries: 0,
});

/** Past what retention took: everything below `start` is dropped. `lost`: how many of it were not acknowledged. */
export const startingAt = (ahead: Ahead, start: number): { readonly ahead: Ahead; readonly lost: number } => {
  if (start <= ahead.committed) return { ahead, lost: 0 };
  const done = ahead.runs.reduce(
    (sum, { state, start: from, end }) =>
      state === 'acknowledged' ? sum + Math.max(0, Math.min(end, start) - from) : sum,
    0,
  );
  const runs = ahead.runs
    .filter(({ end }) => end > start)
    .map((run) => ({ ...run, start: Math.max(run.start, start) }));
  return { ahead: tidied(start, runs), lost: start - ahead.committed - done };
};
