import { heldAs } from '../../domain/delivery/explicit-acks.ts';
import type { Wake } from '../../domain/delivery/wakes.ts';
import {
  type DeliverySettings,
  effectiveDelivery,
  type PushGroup,
  type Subscription,
} from '../../domain/groups/groups.ts';
import type { RunDeps } from '../deps.ts';
import { composeMessage } from '../message.ts';
import type { Target } from '../requests/attempt.ts';
import type { Failed } from '../requests/outcome.ts';
import { knownSubjectOf } from '../subject.ts';
import { standingEndpoint } from '../target.ts';
import type { Held, InHand } from './in-hand.ts';
import { type Settled, settleRefused } from './settle.ts';
import type { Due, Overdue, Window } from './window.ts';

/** A message that is about to be sent, and is acknowledged by itself. @param epoch that it is sent under. @param now wall clock ms. */
export const holding = (
  { entries }: InHand,
  epoch: number,
  delivery: Partial<DeliverySettings>,
  now: number,
): Held => {
  const { timeoutSeconds, ackTimeoutSeconds } = effectiveDelivery(delivery);
  return {
    by: heldAs({ start: entries[0]?.pending.offset ?? 0, epoch }),
    until: now + (timeoutSeconds + ackTimeoutSeconds) * 1000,
    isReceived: false,
    isNacked: false,
    isStored: false,
  };
};

/** The endpoint took it: from now on the consumer has its time. */
export const received = (
  window: Window,
  message: InHand,
  delivery: Partial<DeliverySettings>,
  now: number,
): void => {
  const { held } = message;
  if (held === undefined || !window.has(message)) return;
  const until = now + effectiveDelivery(delivery).ackTimeoutSeconds * 1000;
  const time = held.isNacked ? {} : { until };
  window.hold(message, { ...held, ...time, isReceived: true }, { isUnderWay: false });
};

interface Judged {
  readonly subscription: Subscription<PushGroup>;
  readonly wake: Wake;
  readonly deadRow: number;
}

/**
 * A message that its consumer refused, or said nothing of in time, is refused as by an answer. One of which nobody knows that the endpoint
 * took it is sent again, and that is no refusal: whoever sent it is gone.
 * @returns undefined where the group has no endpoint to send it to.
 */
export const judgeUnacknowledged = async (
  deps: RunDeps & { readonly window: Window; readonly dueMs: Due },
  { subscription, wake, deadRow }: Judged,
  { message, held }: Overdue,
): Promise<Settled | undefined> => {
  const { window, dueMs } = deps;
  if (!held.isNacked && !held.isReceived) {
    window.again(message, { until: 0 });
    return { acknowledged: false, deadLettered: 0 };
  }
  const { group } = subscription;
  const endpoint = standingEndpoint(deps, subscription, wake);
  if (endpoint === undefined) return undefined;
  const target = { group, endpoint, wake, attempt: message.attempts + 1 };
  const outcome = refusalOf(group, held, dueMs);
  tell(deps, target, message, outcome.reason);
  window.again(message, {});
  return settleRefused(deps, window, target, message, outcome, deadRow);
};

/** Tells telemetry and the attempt log, which has the request that the endpoint took at most as one that succeeded. */
const tell = (
  deps: RunDeps,
  { group, endpoint, wake, attempt }: Target,
  message: InHand,
  reason: string,
): void => {
  const [first, ...rest] = message.entries.map(({ pending }) => pending);
  if (first === undefined) return;
  const { partition } = wake;
  const view = knownSubjectOf(wake, group).view(group);
  const {
    id: messageId,
    start,
    end,
    records,
  } = composeMessage(view, partition, [first, ...rest], { isSpread: true });
  const why = message.held?.isNacked === true ? 'nack' : 'timeout';
  const { topic, name } = group;
  deps.telemetry.record({ kind: 'unacknowledged', topic, group: name, partition, messageId, records, why });
  deps.attemptLog?.note(group, {
    ...{ at: Math.floor(deps.clock.now()), partition, endpointId: endpoint.endpointId, messageId },
    ...{ from: start, to: end, records, attempt, outcome: 'refusal', ms: 0, reason, request: '' },
  });
};

const refusalOf = (group: PushGroup, held: Held, dueMs: Due): Failed => {
  const { ackTimeoutSeconds } = effectiveDelivery(group.delivery);
  if (!held.isNacked) {
    const reason = `The endpoint took it, and nobody acknowledged it in time (ackTimeoutSeconds: ${ackTimeoutSeconds}).`;
    return { kind: 'refusal', reason };
  }
  const retryAfterMs = dueMs(held.until, 'held');
  return {
    kind: 'refusal',
    reason: 'The consumer refused it (nack).',
    ...(retryAfterMs > 0 && { retryAfterMs }),
  };
};
