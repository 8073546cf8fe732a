import type { Run } from '../../domain/groups/cursors.ts';
import { type Entry, type Held, type InHand, tagOf } from './in-hand.ts';

/** What a run says of the message that it is of. */
export const inHandOf = (run: Run): Omit<InHand, 'entries'> => {
  const { state, by, until = 0, deliveries, attempts = 0, since, reason } = run;
  const kept = { attempts, refusals: deliveries, since, isUnderWay: false, isKept: true };
  if (state !== 'held' || by === undefined)
    return { ...kept, until, isStuck: state === 'stuck', held: undefined };
  const held = { by, until, isReceived: reason !== undefined, isNacked: reason === 'nack', isStored: true };
  return { ...kept, until: 0, isStuck: false, held };
};

/** With what the consumer said of it, which the cursor has: it may have asked for more time, or refused it. */
export const heldBy = (held: Held, { until = 0, reason }: Run): Held =>
  reason === 'nack' ? { ...held, until, isNacked: true } : { ...held, until: Math.max(until, held.until) };

/** What the cursor says of a record: one that is under way is to be sent again, unless it is kept. */
export const stateOf = ({ message }: Entry): Omit<Run, 'start' | 'end'> => {
  if (message === undefined || !message.isKept) return { state: 'delayed', until: 0, deliveries: 0 };
  const { attempts, refusals: deliveries, since, until, isStuck, held } = message;
  const said = { until, deliveries, attempts, ...(since !== undefined && { since }) };
  if (held !== undefined) {
    const { by, isReceived, isNacked } = held;
    const reason = isNacked ? 'nack' : 'timeout';
    return { state: 'held', ...said, by, until: held.until, ...((isReceived || isNacked) && { reason }) };
  }
  return isStuck ? { state: 'stuck', ...said } : { state: 'delayed', by: tagOf(message), ...said };
};
