import type { Run } from '../cursors.ts';
import { type Ahead, acknowledgedRun, changedWithin, readEnd } from './ahead.ts';
import type { Range } from './hand-out.ts';
import { type Patience, unacknowledged } from './recover.ts';

/** What becomes of records that a member has. */
export interface Outcome extends Range {
  readonly outcome: 'ack' | 'nack' | 'extend';
  /** Of a nack: not before this, ms. */
  readonly delayMs?: number;
}

/** Who says so. */
export interface Settler {
  readonly by: string;
  /** Wall clock ms. */
  readonly now: number;
  /** Until when it has what it extends, wall clock ms. */
  readonly until: number;
}

export type Settled =
  | { readonly kind: 'done'; readonly ahead: Ahead }
  /** Nothing of it may be done: `lost` is not the member's any more, `beyond` was never handed out. */
  | { readonly kind: 'lost' | 'beyond'; readonly range: Range };

const within = ({ start, end }: Run, { from, to }: Range): Range => ({
  from: Math.max(start, from),
  to: Math.min(end, to),
});

/**
 * What was acknowledged before is acknowledged again without a word, since an answer may have been lost; anything else has to be the
 * member's.
 */
const isSettled = ({ state }: Pick<Run, 'state'>, { outcome }: Outcome): boolean =>
  outcome === 'ack' && state === 'acknowledged';

/** What is ahead after all of the outcomes, in their order; or the first of them that may not be. */
export const settle = (
  ahead: Ahead,
  outcomes: readonly Outcome[],
  { by, now, until }: Settler,
  patience: Patience,
): Settled => {
  let next = ahead;
  for (const outcome of outcomes) {
    const { from, to } = outcome;
    if (to > readEnd(ahead)) return { kind: 'beyond', range: { from: Math.max(from, readEnd(ahead)), to } };
    // Below the committed offset everything is acknowledged.
    if (from < next.committed && outcome.outcome !== 'ack')
      return { kind: 'lost', range: { from, to: Math.min(to, next.committed) } };
    const foreign = next.runs.find(
      (run) =>
        run.start < to &&
        run.end > from &&
        !isSettled(run, outcome) &&
        !(run.state === 'held' && run.by === by),
    );
    if (foreign !== undefined) return { kind: 'lost', range: within(foreign, outcome) };
    next = changedWithin(next, outcome, (part) => {
      if (part.state === 'acknowledged' || outcome.outcome === 'ack') return acknowledgedRun(part);
      if (outcome.outcome === 'extend') return { ...part, until };
      const { delayMs = 0 } = outcome;
      const again = delayMs > 0 ? { until: now + delayMs } : {};
      return unacknowledged(part, patience, { reason: 'nack', now, ...again });
    });
  }
  return { kind: 'done', ahead: next };
};
