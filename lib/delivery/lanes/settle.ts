import type { RunDeps } from '../deps.ts';
import { buryRefused } from '../failures/bury-refused.ts';
import { pauseMsFor } from '../failures/failure.ts';
import { judgeRefusal, refusedSinceOf } from '../failures/refusal.ts';
import type { Target } from '../requests/attempt.ts';
import type { Failed, Outcome } from '../requests/outcome.ts';
import type { InHand } from './in-hand.ts';
import type { Window } from './window.ts';

/** What one answer came to, for the cursor. */
export interface Settled {
  readonly acknowledged: boolean;
  readonly deadLettered: number;
}

/** Notes in the window what an endpoint acknowledged of a message, and what it refused. */
export const settleAcknowledged = (
  deps: Pick<RunDeps, 'clock' | 'random' | 'telemetry'>,
  window: Window,
  target: Target,
  message: InHand,
  outcome: Extract<Outcome, { kind: 'acknowledged' }>,
): Settled => {
  const failed = new Set(outcome.failed);
  const isDone = (offset: number): boolean =>
    failed.size > 0 ? !failed.has(offset) : offset < outcome.through;
  splitOff(deps, window, target, message, failed, isDone);
  return { acknowledged: true, deadLettered: 0 };
};

/** What is done goes; each of the `failed` stands alone from now on, and the rest waits. */
const splitOff = (
  deps: Pick<RunDeps, 'clock' | 'random' | 'telemetry'>,
  window: Window,
  target: Target,
  message: InHand,
  failed: ReadonlySet<number>,
  isDone: (offset: number) => boolean,
): void => {
  window.settle(message, isDone);
  const alone = message.entries.filter(({ pending: { offset } }) => failed.has(offset));
  const now = deps.clock.now();
  const since = refusedSinceOf(message.since, now);
  for (const entry of alone) {
    const reason = `The endpoint refused the record at offset ${entry.pending.offset}.`;
    const until = now + pauseMsFor(deps, target, { kind: 'refusal', reason }, 1);
    window.split([{ entries: [entry], attempts: 1, refusals: 1, since, until }]);
  }
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
    const failed = new Set(outcome.failed);
    splitOff(deps, window, target, message, failed, (offset) => !failed.has(offset));
    return { ...nothing, acknowledged: failed.size < entries.length };
  }
  const before = { refusals: message.refusals, since: message.since, deadRow };
  const next = judgeRefusal(before, entries.length, target.group, outcome, now);
  const { since } = next;
  if (next.kind === 'halve') {
    const middle = Math.ceil(entries.length / 2);
    const until = now + pauseMsFor(deps, target, outcome, 1);
    window.settle(message, () => false);
    window.split(
      [entries.slice(0, middle), entries.slice(middle)].map((part) => ({ entries: part, since, until })),
    );
    return nothing;
  }
  const { refusals } = next;
  const attempts = message.attempts + 1;
  if (next.kind === 'again') {
    const until = now + pauseMsFor(deps, target, outcome, refusals, next.dueInMs);
    window.again(message, { attempts, refusals, since, until });
    return nothing;
  }
  const [entry] = entries;
  if (entry === undefined) throw new Error('A message has records.');
  const why = await buryRefused(deps, target.group, target.wake, entry.pending.record, next.letter);
  if (why === undefined) {
    window.settle(message, () => true);
    return { ...nothing, deadLettered: 1 };
  }
  const until = now + pauseMsFor(deps, target, next.unwritten(why), refusals);
  window.again(message, { attempts, refusals, since, until, isStuck: true });
  return nothing;
};
