import { backoffMs, type Outage, outageAfter } from '../domain/delivery/retry.ts';
import type { Cursor } from '../domain/groups/cursors.ts';
import { disabling, type Endpoint } from '../domain/groups/groups.ts';
import { limits } from '../domain/limits.ts';
import { timestampText } from '../domain/text/timestamps.ts';
import type { Release } from '../stores/cursors.ts';
import type { TelemetryEvent } from '../surroundings/telemetry.ts';
import type { Target } from './attempt.ts';
import type { DeliverDeps } from './deps.ts';
import type { Outcome } from './outcome.ts';

type Failed = Exclude<Outcome, { kind: 'acknowledged' }>;

/** What follows a failed attempt. */
export type Failure =
  | {
      readonly kind: 'retry';
      /** The cursor's retry state, without the message's end, and the ms until the next attempt. */
      readonly retry: Omit<NonNullable<Release['retry']>, 'pendingEnd'> & { readonly delayMs: number };
    }
  /** The endpoint is disabled now. Nothing is lost: the records wait for another. */
  | { readonly kind: 'stopped' };

/**
 * Decides on the next attempt, and disables an endpoint that is gone (410) or has been out for
 * `limits.outageDisablesAfterMs` of attempts; its group is paused with it. A refused message is tried for as long as it
 * takes.
 */
export const settleFailure = async (
  deps: Pick<DeliverDeps, 'groups' | 'clock' | 'random' | 'telemetry'>,
  target: Target,
  cursor: Cursor,
  outcome: Failed,
): Promise<Failure> => {
  const now = deps.clock.now();
  const { group, endpoint } = target;
  if (outcome.gone === true) {
    await disable(deps, target, 'It answered 410 (Gone).', now);
    return { kind: 'stopped' };
  }
  const outage = outcome.kind === 'outage' ? outageWith(cursor, endpoint, now) : undefined;
  if (outage !== undefined && outage.outageMs >= limits.outageDisablesAfterMs) {
    const reason = `It has not taken a message since ${timestampText(outage.failingSince)}. ${outcome.reason}`;
    await disable(deps, target, reason, now);
    return { kind: 'stopped' };
  }
  const attempts = cursor.attempts + 1;
  const backoff = backoffMs(attempts, group.delivery.backoff, deps.random.number());
  const delayMs = Math.max(backoff, outcome.retryAfterMs ?? 0);
  const retry = { attempts, delayMs, retryAt: now + delayMs, lastFailure: outcome.reason };
  deps.telemetry.record(plannedRetry(target, outcome, delayMs));
  return { kind: 'retry', retry: { ...retry, ...(outage !== undefined && { outage }) } };
};

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
