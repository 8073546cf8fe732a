import type { Wake } from '../domain/wakes.ts';
import { Delivery, longestRetryOf, type Retry, type RetryingRun, retriesForMs } from './delivery.ts';
import type { DeliverDeps, Run } from './deps.ts';
import { type ReadSubscription, readSubscription } from './subscriptions.ts';
import { AnsweredElsewhereError, UnansweredError } from './unanswered.ts';
import { judgeWake, type Verdict } from './wake-rules.ts';

/**
 * Answers one wake: calls the group's endpoint with what is in the partition past the cursor, message by message, as
 * long as there is something and time is left. Returns when nothing is lost if the wake is forgotten: all is delivered,
 * or another holder or another wake answers for the rest.
 *
 * @throws when something failed or an answer stayed out. The queue must then show the wake again: when the lease is over
 * that may be held, of which an UnansweredError tells, or later.
 */
export const deliver = async (deps: DeliverDeps, wake: Wake, run: Run): Promise<void> => {
  const retrying: RetryingRun = {
    messageIds: run.messageIds,
    remainingMs: () => run.remainingMs(),
    retryUntilMs: run.remainingMs() - retriesForMs,
    isRemembered: false,
  };
  for (let next: Retry | undefined = { wake, delayMs: 0 }; next !== undefined; ) {
    if (next.delayMs > 0) await deps.clock.sleep(next.delayMs);
    next = await answer(deps, next.wake, retrying);
  }
};

/** Answers one wake. Gives the retry that it came to, where the run is to make it. */
const answer = async (deps: DeliverDeps, wake: Wake, run: RetryingRun): Promise<Retry | undefined> => {
  let subscription: ReadSubscription | undefined;
  for (let refused = false; ; refused = true) {
    // First: under load most wakes find a lease live, and this is all that they cost.
    const cursor = await deps.cursors.get({ groupId: wake.groupId, partition: wake.partition });
    const judged = (): Verdict =>
      judgeWake(wake, run.messageIds, cursor, deps.clock.now(), longestRetryOf(subscription));
    let verdict = judged();
    if (verdict.kind === 'go') {
      subscription ??= await readSubscription(deps, wake);
      if (subscription === undefined) return undefined;
      // The group's settings may say that it has to wait for a retry all the same.
      verdict = judged();
    }
    if (verdict.kind === 'keep') throw new AnsweredElsewhereError(verdict.leaseMs);
    if (verdict.kind === 'later') await deps.queue.send([verdict.queued]);
    if (verdict.kind !== 'go' || subscription === undefined) return undefined;
    const delivery = new Delivery(deps, wake, run, subscription);
    try {
      if (refused) {
        await delivery.leave(cursor);
        return undefined;
      }
      if ((await delivery.begin(cursor)) === 'settled') return delivery.retry;
    } catch (error) {
      throw new UnansweredError(error, delivery.leaseMs());
    }
    // The lease was refused: whatever landed since the cursor was read decides what the wake is worth now.
  }
};
