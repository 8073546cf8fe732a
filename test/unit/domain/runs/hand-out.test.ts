import { describe, expect, it } from 'vitest';
import type { Ahead } from '../../../../lib/domain/groups/runs/ahead.ts';
import { aheadBounds, available, handOut } from '../../../../lib/domain/groups/runs/hand-out.ts';
import { settle } from '../../../../lib/domain/groups/runs/settle.ts';

const patience = { ackTimeoutMs: 60_000, maxDeliveries: 10 };
const now = 1_000_000;
const until = now + 60_000;
const none: Ahead = { committed: 100, runs: [] };
const offsets = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_none, index) => from + index * step);
const handed = (ahead: Ahead, from: number, to: number, by = 'a', step = 1) =>
  handOut(ahead, { from, to }, offsets(from, to, step), { by, until, now }, patience);

describe('what a shared group hands out of a partition', () => {
  it('is one run, of which each record is acknowledged by itself, and the others stay', () => {
    const { ahead } = handed(none, 100, 110);
    const settler = { by: 'a', now, until };
    const inTheMiddle = settle(ahead, [{ from: 104, to: 105, outcome: 'ack' }], settler, patience);
    const held = { state: 'held', by: 'a', until, deliveries: 1 };
    expect(inTheMiddle).toEqual({
      kind: 'done',
      ahead: {
        committed: 100,
        runs: [
          { start: 100, end: 104, ...held },
          { start: 104, end: 105, state: 'acknowledged', deliveries: 0 },
          { start: 105, end: 110, ...held },
        ],
      },
    });
    if (inTheMiddle.kind !== 'done') return;
    const upToIt = settle(inTheMiddle.ahead, [{ from: 100, to: 104, outcome: 'ack' }], settler, patience);
    expect(upToIt).toMatchObject({ ahead: { committed: 105, runs: [{ start: 105, end: 110 }] } });
  });

  it('is no more than 2,000 offsets, though one who is slow has only the first', () => {
    const first = handed(none, 100, 101, 'slow').ahead;
    const { ahead, given } = handed(first, 101, 5000);
    expect(given.size).toBe(1999);
    expect(available(ahead, now, patience)).toEqual({ again: [], from: 2100, room: 0 });
  });

  it('is no more than 200 runs, where compaction left every other record', () => {
    const { ahead, given } = handed(none, 100, 1100, 'a', 2);
    expect(ahead.runs).toHaveLength(aheadBounds.runs);
    expect([...given.keys()]).toEqual(offsets(100, 300, 2));
    expect(available(ahead, now, patience)).toEqual({ again: [], from: 300, room: 0 });
  });
});
