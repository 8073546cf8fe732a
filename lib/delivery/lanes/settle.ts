import { afterRefusal } from '../../domain/delivery/refusals.ts';
import { backoffMs } from '../../domain/delivery/retry.ts';
import { longestRetryMs } from '../../domain/groups/cursors.ts';
import { mergedDelivery } from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import type { Target } from '../attempt.ts';
import { buryRefused } from '../bury-refused.ts';
import type { RunDeps } from '../deps.ts';
import { type Failed, plannedRetry } from '../failure.ts';
import type { Outcome } from '../outcome.ts';
import type { InHand } from './in-hand.ts';
import type { Window } from './window.ts';

/** What one answer came to, for the cursor. */
export interface Settled {
  readonly acknowledged: boolean;
  readonly deadLettered: number;
}

const longestDetail = 500;

/** Notes in the window what an endpoint acknowledged of a message, and what it refused. */
export const settleAcknowledged = (
  deps: Pick<RunDeps, 'clock' | 'random' | 'telemetry'>,
  window: Window,
  target: Target,
  message: InHand,
  { through, failed = [] }: Extract<Outcome, { kind: 'acknowledged' }>,
): Settled => {
  const isDone = (offset: number): boolean =>
    failed.length > 0 ? !failed.includes(offset) : offset < through;
  splitOff(deps, window, target, message, failed, isDone);
  return { acknowledged: true, deadLettered: 0 };
};

/** What is done goes; each of the `failed` stands alone from now on, and the rest waits. */
const splitOff = (
  deps: Pick<RunDeps, 'clock' | 'random' | 'telemetry'>,
  window: Window,
  target: Target,
  message: InHand,
  failed: readonly number[],
  isDone: (offset: number) => boolean,
): void => {
  window.settle(message, isDone);
  const alone = message.entries.filter(({ pending: { offset } }) => failed.includes(offset));
  const { since } = message;
  const now = deps.clock.now();
  for (const entry of alone) {
    const reason = `The endpoint refused the record at offset ${entry.pending.offset}.`;
    const until = now + pauseMs(deps, target, { kind: 'refusal', reason }, 1);
    window.split([{ entries: [entry], refusals: 1, since: since ?? Math.ceil(now), until }]);
  }
};

/** The pause before the next attempt, of which telemetry is told. */
const pauseMs = (
  { random, telemetry }: Pick<RunDeps, 'random' | 'telemetry'>,
  target: Target,
  outcome: Failed,
  attempts: number,
  dueInMs?: number,
): number => {
  const backoff = backoffMs(Math.max(1, attempts), target.group.delivery.backoff, random.number());
  const delayMs = Math.max(dueInMs ?? backoff, outcome.retryAfterMs ?? 0);
  telemetry.record(plannedRetry(target, outcome, delayMs));
  return delayMs;
};

/** Notes in the window that a message was refused: it is sent again, in halves, or its one record goes to the dead letters. */
export const settleRefused = async (
  deps: RunDeps,
  window: Window,
  target: Target,
  message: InHand,
  outcome: Failed,
  deadRow: number,
): Promise<Settled> => {
  const now = deps.clock.now();
  const { entries } = message;
  const nothing = { acknowledged: false, deadLettered: 0 };
  if (outcome.failed !== undefined && entries.length > 1) {
    const { failed } = outcome;
    splitOff(deps, window, target, message, failed, (offset) => !failed.includes(offset));
    return { ...nothing, acknowledged: failed.length < entries.length };
  }
  // One that is to come a clock wrote that was wrong.
  const isRight = message.since !== undefined && message.since <= now + limits.clockAllowanceMs;
  const since = isRight ? message.since : Math.ceil(now);
  const refusals = message.refusals + 1;
  const settings = mergedDelivery(target.group.delivery, {});
  const next = afterRefusal({ refusals, since: since ?? now, deadRow }, entries.length, settings, now);
  if (next.kind === 'halve') {
    const middle = Math.ceil(entries.length / 2);
    const until = now + pauseMs(deps, target, outcome, 1);
    window.settle(message, () => false);
    window.split(
      [entries.slice(0, middle), entries.slice(middle)].map((part) => ({ entries: part, since, until })),
    );
    return nothing;
  }
  const [entry] = entries;
  if (next.kind === 'give-up' && entry !== undefined) {
    const letter = {
      deliveries: refusals,
      since: since ?? now,
      detail: outcome.reason.slice(0, longestDetail),
    };
    const why = await buryRefused(deps, target.group, target.wake, entry.pending.record, letter);
    if (why === undefined) {
      window.settle(message, () => true);
      return { ...nothing, deadLettered: 1 };
    }
    const reason = `${outcome.reason} It was refused ${refusals} times, and cannot be written to the dead letters: ${why}`;
    const until = now + pauseMs(deps, target, { ...outcome, reason }, refusals);
    window.again(message, { refusals, since, until, isStuck: true });
    return nothing;
  }
  const dueInMs = next.kind === 'again' ? next.dueInMs : undefined;
  // It is tried again meanwhile: a retry that is further off would be taken for a fault of a clock.
  const due = dueInMs === undefined ? undefined : Math.min(dueInMs, longestRetryMs(settings.backoff));
  const until = now + pauseMs(deps, target, outcome, refusals, due);
  window.again(message, { refusals, since, until });
  return nothing;
};
