import { limits } from '../../limits.ts';
import { msLeft, type Run, type Unacknowledged } from '../cursors.ts';
import { type Ahead, tidied } from './ahead.ts';

/** What a group's settings say of records that were not acknowledged. */
export interface Patience {
  /** The longest that a record is held from the write that hands it out. */
  readonly ackTimeoutMs: number;
  /** Handed out so often, a record is stuck; null: never. */
  readonly maxDeliveries: number | null;
}

/** A record that could not go to the dead letters is tried again after so long. */
export const stuckRetryMs = 30_000;

const longestMs = (run: Pick<Run, 'state'>, { ackTimeoutMs }: Pick<Patience, 'ackTimeoutMs'>): number => {
  if (run.state === 'held') return ackTimeoutMs;
  return run.state === 'delayed' ? limits.nackDelaySeconds * 1000 : stuckRetryMs;
};

/** Ms for which the run still is as it is, ms; 0 where its time is over, or cannot be by right. */
export const runMsLeft = (run: Run, now: number, patience: Pick<Patience, 'ackTimeoutMs'>): number =>
  run.state === 'acknowledged' ? 0 : msLeft(run.until ?? 0, now, longestMs(run, patience));

/** What becomes of records that were not acknowledged: they are handed out again from `until` on, or are stuck. */
export const unacknowledged = (
  { start, end, deliveries }: Run,
  { maxDeliveries }: Pick<Patience, 'maxDeliveries'>,
  why: { readonly reason: Unacknowledged; readonly now: number; readonly until?: number },
): Run => {
  const { reason, now, until = 0 } = why;
  const isLast = maxDeliveries !== null && deliveries >= maxDeliveries;
  return isLast
    ? // Whole, as it is stored: it is a part of the dead letter, which must be the same each time that it is written.
      { start, end, state: 'stuck', until: 0, since: Math.ceil(now), deliveries, reason }
    : { start, end, state: 'delayed', until, deliveries, reason };
};

/**
 * What is ahead, once what is over is taken back: held records whose time is past, or whose member is gone. The same object where there
 * is nothing to take back.
 * @param isGone whether the session of that owner is over, and its member removed.
 */
export const recovered = (
  ahead: Ahead,
  patience: Patience,
  { now, isGone }: { readonly now: number; readonly isGone: (owner: string) => boolean },
): Ahead => {
  const reasonOf = (run: Run): Unacknowledged | undefined => {
    if (run.state !== 'held') return undefined;
    if (runMsLeft(run, now, patience) === 0) return 'timeout';
    return run.by === undefined || isGone(run.by) ? 'member_lost' : undefined;
  };
  if (!ahead.runs.some((run) => reasonOf(run) !== undefined)) return ahead;
  const runs = ahead.runs.map((run) => {
    const reason = reasonOf(run);
    return reason === undefined ? run : unacknowledged(run, patience, { reason, now });
  });
  return tidied(ahead.committed, runs);
};

/** Ms until the next of the runs changes by itself; infinite where none does. */
export const nextDueMs = ({ runs }: Ahead, now: number, patience: Pick<Patience, 'ackTimeoutMs'>): number =>
  runs.reduce(
    (least, run) => (run.state === 'acknowledged' ? least : Math.min(least, runMsLeft(run, now, patience))),
    Number.POSITIVE_INFINITY,
  );
