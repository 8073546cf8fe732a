import type { Wake } from '../../domain/delivery/wakes.ts';
import { type CursorRef, longestRetryMs } from '../../domain/groups/cursors.ts';
import { hasGivenUp } from '../../domain/groups/resends.ts';
import type { Run, RunDeps } from '../deps.ts';
import { AnsweredElsewhereError, UnansweredError } from '../unanswered.ts';
import { judgeWake } from '../wake-rules.ts';
import { type Resending, ResendTurn } from './resend-turn.ts';

/** A wake that is about records which are sent to one endpoint again. */
export type ResendWake = Wake & Required<Pick<Wake, 'lane'>>;

export const isOfResend = (wake: Wake): wake is ResendWake => wake.lane !== undefined;

/**
 * Answers a wake of a resend: sends what is left of its range in this partition to its endpoint, message by message, as long as time is
 * left. It goes by cursors of its own, in the resend's lane, under leases as deliveries do: so it moves no cursor of the group, and what a
 * crash cuts off is sent again. Returns when nothing is lost if the wake is forgotten: it is over, or another run or wake answers for it.
 *
 * @throws as `deliver`.
 */
export const answerResend = async (deps: RunDeps, wake: ResendWake, run: Run): Promise<void> => {
  const { groupId, partition, lane } = wake;
  const ref: CursorRef = { groupId, partition, lane };
  const resending = await find(deps, wake);
  if (resending === undefined) return;
  const cursor = await deps.cursors.get(ref);
  if (cursor !== undefined && (cursor.committed >= resending.to || hasGivenUp(cursor))) return;
  const longestMs = longestRetryMs(resending.group.delivery.backoff);
  const verdict = judgeWake(wake, run.messageIds, cursor, deps.clock.now(), longestMs);
  if (verdict.kind === 'keep') throw new AnsweredElsewhereError(verdict.leaseMs);
  if (verdict.kind === 'later') await deps.queue.send([verdict.queued]);
  if (verdict.kind !== 'go') return;
  const turn = new ResendTurn(deps, wake, run, { ref, resending });
  try {
    if (await turn.begin(cursor)) return;
  } catch (error) {
    throw new UnansweredError(error, turn.leaseMs());
  } finally {
    await turn.leave();
  }
  // The cursor is not as it was read any more: another run was first, and the wake is judged by what that did.
  return answerResend(deps, wake, run);
};

/** Undefined when it is over: it was ended, or the endpoint or the group is not there any more. */
const find = async ({ groups }: RunDeps, wake: ResendWake): Promise<Resending | undefined> => {
  const found = await groups.get(wake);
  if (found?.group.groupId !== wake.groupId || found.group.mode !== 'push') return undefined;
  const endpoint = found.endpoints.find(({ resend }) => resend?.resendId === wake.lane);
  const [from, to] = endpoint?.resend?.ranges[wake.partition] ?? [];
  return endpoint === undefined || from === undefined || to === undefined
    ? undefined
    : { group: found.group, endpoint, from, to };
};
