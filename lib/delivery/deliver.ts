import type { Wake } from '../domain/delivery/wakes.ts';
import type { Cursor } from '../domain/groups/cursors.ts';
import { mergedDelivery, type PushGroup, type Subscription } from '../domain/groups/groups.ts';
import { Delivery } from './delivery.ts';
import type { DeliverDeps, Run, RunDeps } from './deps.ts';
import { LaneDelivery } from './lanes/lane-delivery.ts';
import { newDeliveryMemory } from './memory.ts';
import { answerResend, isOfResend } from './resend/resend.ts';
import { cursorRefOf, subjectOf } from './subject.ts';
import { longestRetryOf, type Retry, type RetryingRun, retriesForMs } from './turn.ts';
import { AnsweredElsewhereError, UnansweredError } from './unanswered.ts';
import { judgeWake, type Verdict } from './wake-rules.ts';

/** How long the end of a run waits for what it wrote to the attempt log: as long as one request without an answer takes. */
const logSettlesMs = 3000;

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
  const remembering = { ...deps, memory: deps.memory ?? newDeliveryMemory(deps) };
  try {
    if (isOfResend(wake)) return await answerResend(remembering, wake, run);
    for (let next: Retry | undefined = { wake, delayMs: 0 }; next !== undefined; ) {
      if (next.delayMs > 0) await deps.clock.sleep(next.delayMs);
      next = await answer(remembering, next.wake, retrying);
    }
  } finally {
    // A process whose run is over may be frozen at once.
    await deps.attemptLog?.settled(Math.min(logSettlesMs, run.remainingMs() - logSettlesMs));
  }
};

/** A cursor as it was read, or as this process saw it before. */
interface Seen {
  readonly cursor: Cursor | undefined;
  readonly isRemembered: boolean;
}

/** Answers one wake. Gives the retry that it came to, where the run is to make it. */
const answer = async (deps: RunDeps, wake: Wake, run: RetryingRun): Promise<Retry | undefined> => {
  let subscription: Subscription<PushGroup> | undefined;
  let seen = lookBack(deps, wake) ?? (await look(deps, wake));
  for (let refused = false; ; ) {
    const judged = (): Verdict =>
      judgeWake(wake, run.messageIds, seen.cursor, deps.clock.now(), longestRetryOf(subscription));
    // First: under load most wakes find a lease live, and this is all that they cost.
    let verdict = judged();
    if (verdict.kind === 'go') {
      subscription ??= await subscriptionFor(deps, wake);
      if (subscription === undefined) return undefined;
      // The group's settings may say that it has to wait for a retry all the same.
      verdict = judged();
    }
    if (verdict.kind === 'keep') throw new AnsweredElsewhereError(verdict.leaseMs);
    if (verdict.kind === 'later') await deps.queue.send([verdict.queued]);
    if (verdict.kind !== 'go' || subscription === undefined) return undefined;
    const delivery = deliveryFor(deps, wake, run, subscription, seen.cursor);
    try {
      if (refused) {
        await delivery.leave(seen.cursor);
        return undefined;
      }
      const refusal = await delivery.begin(seen.cursor);
      if (seen.isRemembered && delivery.turn.hasHeld) deps.memory.cursors.note('taken');
      else if (seen.isRemembered && refusal !== undefined) deps.memory.cursors.note('refused');
      if (refusal === undefined) return delivery.turn.retry;
      // A cursor that was moved before this run began tells it nothing, but how it is.
      refused = !seen.isRemembered || delivery.turn.hasHeld;
      // Whatever landed since the cursor was seen decides what the wake is worth now.
      seen =
        refusal.kind === 'refused'
          ? { cursor: refusal.standing, isRemembered: false }
          : await look(deps, wake);
    } catch (error) {
      throw new UnansweredError(error, delivery.turn.leaseMs());
    } finally {
      await delivery.turn.leave();
    }
  }
};

/** What a cursor has ahead of it is delivered as it is kept, whatever the group's order is by now. */
const deliveryFor = (
  deps: RunDeps,
  wake: Wake,
  run: RetryingRun,
  subscription: Subscription<PushGroup>,
  cursor: Cursor | undefined,
): Delivery | LaneDelivery => {
  const { ordering, ack } = mergedDelivery(subscription.group.delivery, {});
  const isPlain = ordering === 'partition' && ack === 'response';
  const isOneByOne = isPlain && (cursor?.runs ?? []).length === 0;
  return isOneByOne
    ? new Delivery(deps, wake, run, subscription)
    : new LaneDelivery(deps, wake, run, subscription);
};

const look = async ({ cursors }: RunDeps, wake: Wake): Promise<Seen> => ({
  cursor: await cursors.get(cursorRefOf(wake)),
  isRemembered: false,
});

const lookBack = ({ memory }: RunDeps, wake: Wake): Seen | undefined => {
  const cursor = memory.cursors.take(wake);
  return cursor && { cursor, isRemembered: true };
};

/** A wake that says that the group has changed is not answered by what it was before. */
const subscriptionFor = async (
  { memory: { subscriptions } }: RunDeps,
  wake: Wake,
): Promise<Subscription<PushGroup> | undefined> => {
  const found = await (wake.kind === 'resume' ? subscriptions.ofNow(wake) : subscriptions.of(wake));
  if (found === undefined || subjectOf(wake, found.group) !== undefined) return found;
  // What is remembered may be from before the redrive; or that is over.
  const now = await subscriptions.ofNow(wake);
  return now && subjectOf(wake, now.group) && now;
};
