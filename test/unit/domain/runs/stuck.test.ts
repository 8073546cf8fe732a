import { expect, it } from 'vitest';
import type { Ahead } from '../../../../lib/domain/groups/runs/ahead.ts';
import { handOut } from '../../../../lib/domain/groups/runs/hand-out.ts';
import { recovered } from '../../../../lib/domain/groups/runs/recover.ts';
import { settle } from '../../../../lib/domain/groups/runs/settle.ts';

const patience = { ackTimeoutMs: 60_000, maxDeliveries: 1 };
const now = 1_000_000;

/** Two records that a consumer has. */
const held = (): Ahead => {
  const holder = { by: 'a', until: now + patience.ackTimeoutMs, now };
  return handOut({ committed: 5, runs: [] }, { from: 5, to: 7 }, [5, 6], holder, patience).ahead;
};
const givenBack = (ahead: Ahead, offset: number, at: number): Ahead => {
  const settler = { by: 'a', now: at, until: at };
  const settled = settle(ahead, [{ from: offset, to: offset + 1, outcome: 'nack' }], settler, patience);
  if (settled.kind !== 'done') throw new Error(settled.kind);
  return settled.ahead;
};

// Since when is a part of the dead letter, which has to be the same however often it is written.
it('keeps apart records that were given back for the last time at different times', () => {
  const ahead = givenBack(givenBack(held(), 5, now + 1), 6, now + 2);
  const stuck = { state: 'stuck', until: 0, deliveries: 1, reason: 'nack' };
  expect(ahead.runs).toEqual([
    { start: 5, end: 6, ...stuck, since: now + 1 },
    { start: 6, end: 7, ...stuck, since: now + 2 },
  ]);
});

it('leaves records as they are that are stuck already, whatever time passes', () => {
  const ahead = givenBack(givenBack(held(), 5, now + 1), 6, now + 1);
  expect(ahead.runs).toHaveLength(1);
  expect(recovered(ahead, patience, { now: now + 1e9, isGone: () => true })).toBe(ahead);
});
