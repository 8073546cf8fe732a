import type { Cursor, Run } from '../../domain/groups/cursors.ts';

/** What a cursor says of a record that is ahead of it. */
export type Standing =
  | { readonly kind: 'new' }
  | { readonly kind: 'done' }
  /** It is in a message that is to be sent again, with those of the same tag. */
  | { readonly kind: 'kept'; readonly tag: string; readonly run: Run };

/** The message that a cursor of the order of a partition has in flight, as a run: so that the order may be changed. */
const inFlight = ({
  committed,
  pendingEnd = 0,
  attempts,
  refusals = 0,
  refusedSince,
}: Cursor): readonly Run[] =>
  pendingEnd > committed
    ? [
        {
          ...{ start: committed, end: pendingEnd, state: 'delayed', by: committed.toString(36), until: 0 },
          ...(refusedSince !== undefined && { since: refusedSince }),
          deliveries: refusals,
          attempts,
        },
      ]
    : [];

/** Says of one offset after the other, which only grow, how it stands. */
export class Standings {
  readonly #runs: readonly Run[];
  #index = 0;

  constructor(cursor: Cursor | undefined) {
    this.#runs = cursor === undefined ? [] : (cursor.runs ?? inFlight(cursor));
  }

  /** Where what was never sent begins: exclusive end of what the cursor has ahead of it; 0 where that is nothing. */
  get end(): number {
    return this.#runs.at(-1)?.end ?? 0;
  }

  /** How many offsets below `end` (exclusive) from `start` on are not done with. */
  open(start: number, end: number): number {
    const done = this.#runs
      .filter(({ state }) => state === 'acknowledged')
      .reduce((sum, run) => sum + Math.max(0, Math.min(run.end, end) - Math.max(run.start, start)), 0);
    return Math.max(0, end - start - done);
  }

  of(offset: number): Standing {
    while ((this.#runs[this.#index]?.end ?? Number.POSITIVE_INFINITY) <= offset) this.#index += 1;
    const run = this.#runs[this.#index];
    if (run === undefined || run.start > offset) return { kind: 'new' };
    if (run.state === 'acknowledged') return { kind: 'done' };
    if (run.state === 'stuck') return { kind: 'kept', tag: offset.toString(36), run };
    return run.by === undefined ? { kind: 'new' } : { kind: 'kept', tag: run.by, run };
  }
}

/** The run that an offset is in. @param runs in order. */
export const runAt = (runs: readonly Run[], offset: number): Run | undefined => {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const run = runs[low];
  return run !== undefined && run.start <= offset ? run : undefined;
};
