import { backoffMs, type Outage, outageAfter } from '../../domain/delivery/retry.ts';
import { type FailedAttempt, warningOf } from '../../domain/events/standing.ts';
import type { Cursor } from '../../domain/groups/cursors.ts';
import { disabling, type Endpoint } from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { TelemetryEvent } from '../../surroundings/telemetry.ts';
import type { DeliverDeps } from '../deps.ts';
import type { Message } from '../message.ts';
import type { Target } from '../requests/attempt.ts';
import type { Failed } from '../requests/outcome.ts';
import type { NotedOutage } from '../target.ts';
import type { PlannedRetry } from '../turn.ts';
import { type GivenUp, judgeRefusal, refusedSinceOf } from './refusal.ts';

/** What follows a failed attempt. */
export type Failure =
  | { readonly kind: 'retry'; readonly retry: PlannedRetry }
  /** The record that stands alone goes to the dead letters. Where it cannot, for what reason that may be, it stays. */
  | {
      readonly kind: 'give-up';
      readonly letter: GivenUp;
      readonly whereItStays: (why: string) => PlannedRetry;
    }
  /** The endpoint is disabled now. Nothing is lost: the records wait for another. */
  | { readonly kind: 'stopped' };

/**
 * Decides on the next attempt, and disables an endpoint that is gone (410) or has been out for
 * `limits.outageDisablesAfterMs` of attempts; its group is paused with it. An outage says nothing of a record, however long it takes; what a
 * refusal does, `afterRefusal` says.
 * @param noted of an outage, where the group has several endpoints: then it is kept with the endpoint, and not with the cursor.
 */
export const settleFailure = async (
  deps: Pick<DeliverDeps, 'groups' | 'systemEvents' | 'clock' | 'random' | 'telemetry'>,
  target: Target,
  cursor: Cursor,
  message: Pick<Message, 'offsets' | 'end'>,
  outcome: Failed,
  noted?: NotedOutage,
): Promise<Failure> => {
  const now = deps.clock.now();
  if (outcome.gone === true) {
    await disable(deps, target, 'It answered 410 (Gone).', now);
    return { kind: 'stopped' };
  }
  if (outcome.kind === 'refusal') return refused(deps, target, cursor, message, outcome);
  const { endpoint = target.endpoint, isTaken = false } = noted ?? {};
  const outage = noted === undefined ? outageWith(cursor, endpoint, now) : endpoint.outage;
  if (outage !== undefined && outage.outageMs >= limits.outageDisablesAfterMs) {
    const reason = `It has not taken a message since ${timestampText(outage.failingSince)}. ${outcome.reason}`;
    await disable(deps, { ...target, endpoint }, reason, now);
    return { kind: 'stopped' };
  }
  const { outageMs: beforeMs = 0 } = noted === undefined ? cursor : (target.endpoint.outage ?? {});
  if (outage !== undefined) await warn(deps, target, { outage, beforeMs, reason: outcome.reason, at: now });
  const attempts = cursor.attempts + 1;
  const { refusals, refusedSince, suspectEnd } = cursor;
  const known = {
    ...(refusals !== undefined && { refusals }),
    ...(refusedSince !== undefined && { refusedSince }),
    ...(suspectEnd !== undefined && { suspectEnd }),
  };
  const own = noted === undefined && outage !== undefined ? { outage } : {};
  const due = isTaken ? { dueInMs: 0 } : {};
  const { retryAfterMs: asked, ...rest } = outcome;
  // That it asked to be left alone says nothing of another.
  const failed = isTaken || asked === undefined ? rest : outcome;
  const retry = retryOf(deps, target, failed, attempts, {
    ...known,
    ...own,
    ...due,
    pendingEnd: message.end,
  });
  return { kind: 'retry', retry };
};

/** The pause before the next attempt, ms: by its backoff, unless it is `dueInMs`. Telemetry is told of it. */
export const pauseMsFor = (
  { random, telemetry }: Pick<DeliverDeps, 'random' | 'telemetry'>,
  target: Target,
  outcome: Failed,
  attempts: number,
  dueInMs?: number,
): number => {
  // Of a new message the first attempt has failed by its parts.
  const backoff = backoffMs(Math.max(1, attempts), target.group.delivery.backoff, random.number());
  const delayMs = Math.max(dueInMs ?? backoff, outcome.retryAfterMs ?? 0);
  telemetry.record(plannedRetry(target, outcome, delayMs));
  return delayMs;
};

/** The retry after an attempt; its pause is `pauseMsFor`'s. */
const retryOf = (
  deps: Pick<DeliverDeps, 'clock' | 'random' | 'telemetry'>,
  target: Target,
  outcome: Failed,
  attempts: number,
  {
    dueInMs,
    ...rest
  }: Omit<PlannedRetry, 'attempts' | 'delayMs' | 'retryAt' | 'lastFailure'> & {
    readonly dueInMs?: number;
  },
): PlannedRetry => {
  const delayMs = pauseMsFor(deps, target, outcome, attempts, dueInMs);
  return { attempts, delayMs, retryAt: deps.clock.now() + delayMs, lastFailure: outcome.reason, ...rest };
};

/** After a refusal: the same message again, a half of it, or none. */
const refused = (
  deps: Pick<DeliverDeps, 'clock' | 'random' | 'telemetry'>,
  target: Target,
  { attempts, refusals = 0, refusedSince, suspectEnd, deadRow = 0 }: Cursor,
  { offsets, end }: Pick<Message, 'offsets' | 'end'>,
  outcome: Failed,
): Failure => {
  const now = deps.clock.now();
  const suspect = suspectEnd === undefined ? {} : { suspectEnd };
  const again = (count: number, rest: Parameters<typeof retryOf>[4], failed = outcome): PlannedRetry =>
    retryOf(deps, target, failed, count, rest);
  const first = offsets[0] ?? end;
  // It said itself which record it was.
  if (offsets.length > 1 && outcome.failed?.[0] === first) {
    const since = refusedSinceOf(refusedSince, now);
    const alone = { refusals: 1, refusedSince: since, pendingEnd: first + 1, ...suspect };
    return { kind: 'retry', retry: again(1, alone) };
  }
  const before = { refusals, since: refusedSince, deadRow };
  const next = judgeRefusal(before, offsets.length, target.group, outcome, now);
  if (next.kind === 'halve') {
    const pendingEnd = (offsets[Math.ceil(offsets.length / 2) - 1] ?? first) + 1;
    return { kind: 'retry', retry: again(0, { refusedSince: next.since, pendingEnd, suspectEnd: end }) };
  }
  const same = { refusals: next.refusals, refusedSince: next.since, pendingEnd: end, ...suspect };
  if (next.kind === 'again') {
    const due = next.dueInMs === undefined ? {} : { dueInMs: next.dueInMs };
    return { kind: 'retry', retry: again(attempts + 1, { ...same, ...due }) };
  }
  const whereItStays = (why: string): PlannedRetry =>
    again(attempts + 1, { ...same, stuck: 1 }, next.unwritten(why));
  return { kind: 'give-up', letter: next.letter, whereItStays };
};

/** What telemetry is told of a retry. */
const plannedRetry = (
  { group, endpoint, wake }: Target,
  outcome: Failed,
  delayMs: number,
): TelemetryEvent => ({
  kind: 'retry-planned',
  topic: group.topic,
  group: group.name,
  partition: wake.partition,
  endpointId: endpoint.endpointId,
  url: endpoint.url,
  reason: outcome.reason,
  ...(outcome.status !== undefined && { status: outcome.status }),
  ...(outcome.excerpt !== undefined && { excerpt: outcome.excerpt }),
  delayMs,
});

/**
 * The outage with the attempt that failed now. It is the endpoint's own: it does not begin before that was registered, was
 * enabled again or got its URL.
 */
const outageWith = (cursor: Cursor, endpoint: Endpoint, now: number): Outage => {
  const { createdAt, calledSince = createdAt } = endpoint;
  const { failingSince, failedAt = now, outageMs = 0, retryAt } = cursor;
  return failingSince === undefined || failingSince < calledSince
    ? { failingSince: Math.max(now, calledSince), failedAt: now, outageMs: 0 }
    : outageAfter({ failingSince, failedAt, outageMs }, retryAt, now);
};

/** Tells that the endpoint will be disabled, where it is time to. */
const warn = async (
  { systemEvents }: Pick<DeliverDeps, 'systemEvents'>,
  { group, endpoint }: Target,
  failed: FailedAttempt,
): Promise<void> => {
  const warning = warningOf(group, endpoint, failed);
  if (warning !== undefined) await systemEvents.tell(warning);
};

/** Does nothing when the endpoint is no more what was called: it may be gone, changed or enabled again meanwhile. */
const disable = async (
  { groups, telemetry }: Pick<DeliverDeps, 'groups' | 'telemetry'>,
  { group, endpoint }: Target,
  reason: string,
  now: number,
): Promise<void> => {
  const { endpointId } = endpoint;
  const ref = { topicId: group.topicId, group: group.name };
  const disabled = await groups.updateEndpoint(ref, endpoint, disabling(reason, now));
  if (disabled !== undefined)
    telemetry.record({
      kind: 'endpoint-disabled',
      topic: group.topic,
      group: group.name,
      endpointId,
      reason,
    });
};
