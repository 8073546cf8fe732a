import { heldAs } from '../../domain/delivery/explicit-acks.ts';
import type { Wake } from '../../domain/delivery/wakes.ts';
import {
  type DeliverySettings,
  effectiveDelivery,
  type PushGroup,
  type Subscription,
} from '../../domain/groups/groups.ts';
import type { RunDeps } from '../deps.ts';
import type { Failed } from '../requests/outcome.ts';
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
  window.again(message, {});
  return settleRefused(deps, window, target, message, refusalOf(group, held, dueMs), deadRow);
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
