import type { Cursor } from '../../domain/groups/cursors.ts';
import { aheadOf, withAhead } from '../../domain/groups/runs/ahead.ts';
import { buried, stillStuck, stuckRuns } from '../../domain/groups/runs/dead-letters.ts';
import { recovered, stuckRetryMs } from '../../domain/groups/runs/recover.ts';
import { bury } from './bury.ts';
import { type PollDeps, patienceOf, type Subject } from './deps.ts';
import type { Lane } from './lanes.ts';

/** Runs of one partition that one request gives to the dead letters at most. */
const runsAtOnce = 5;

/**
 * Gives what is stuck in a partition to the dead letters, and acknowledges it only then. What cannot be written stays, and is tried again
 * later; the others go on.
 */
export const buryStuck = async (
  deps: PollDeps,
  subject: Subject,
  lane: Lane,
  isGone: (owner: string) => boolean = () => false,
): Promise<void> => {
  const { changes, clock, telemetry } = deps;
  const patience = patienceOf(subject);
  // Written down first: since when they are is a part of the letter, which must be the same however often it is written.
  const ahead = await changes.change(lane.ref, lane.start, (standing) => {
    const before = aheadOf(standing);
    const known = recovered(before, patience, { now: clock.now(), isGone });
    return { next: known === before ? standing : withAhead(standing, known), answer: known };
  });
  for (const run of stuckRuns(ahead, clock.now(), patience).slice(0, runsAtOnce)) {
    const { through, error } = await bury(deps, subject, { at: lane.at, topic: lane.topic, run });
    await changes.change(lane.ref, lane.start, (standing: Cursor) => {
      const done = buried(aheadOf(standing), { from: run.start, to: through });
      const left = { from: through, to: run.end };
      const next =
        error === undefined ? done.ahead : stillStuck(done.ahead, left, clock.now() + stuckRetryMs);
      const deadLettered = (standing.deadLettered ?? 0) + done.records;
      const counted = done.records === 0 ? standing : { ...standing, deadLettered };
      return { next: withAhead(counted, next), answer: undefined };
    });
    if (error !== undefined) telemetry.record({ kind: 'fault', where: 'writing dead letters', error });
  }
};
