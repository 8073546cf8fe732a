import type { Run } from '../cursors.ts';
import { type Ahead, acknowledgedRun, changedWithin } from './ahead.ts';
import type { Range } from './hand-out.ts';
import { type Patience, runMsLeft } from './recover.ts';

/** Runs of records that are to go to the dead letters now. */
export const stuckRuns = (
  { runs }: Ahead,
  now: number,
  patience: Pick<Patience, 'ackTimeoutMs'>,
): readonly Run[] => runs.filter((run) => run.state === 'stuck' && runMsLeft(run, now, patience) === 0);

/** What is ahead once those of the range that are stuck are among the dead letters, and how many that were. */
export const buried = (ahead: Ahead, range: Range): { readonly ahead: Ahead; readonly records: number } => {
  let records = 0;
  const next = changedWithin(ahead, range, (part) => {
    if (part.state !== 'stuck') return part;
    records += part.end - part.start;
    return acknowledgedRun(part);
  });
  return { ahead: next, records };
};

/** What is ahead where those of the range that are stuck are to be tried again at `until`, wall clock ms. */
export const stillStuck = (ahead: Ahead, range: Range, until: number): Ahead =>
  changedWithin(ahead, range, (part) => (part.state === 'stuck' ? { ...part, until } : part));
