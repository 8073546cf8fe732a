import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../../../lib/domain/groups/cursors.ts';
import { decodeRuns, encodeRuns } from '../../../../lib/domain/groups/runs/encode.ts';
import { limits } from '../../../../lib/domain/limits.ts';

const time = fc.oneof(fc.constant(0), fc.double({ min: 1, max: 4e12, noNaN: true }));
const deliveries = fc.integer({ min: 1, max: 5000 });
const reason = fc.constantFrom('timeout', 'nack', 'member_lost');
const what = fc.oneof(
  fc.record({ state: fc.constant('acknowledged'), deliveries: fc.constant(0) }),
  fc.record({
    state: fc.constant('held'),
    by: fc.string({ unit: 'binary', minLength: 1 }),
    until: time,
    deliveries,
  }),
  fc.record({ state: fc.constant('delayed'), until: time, deliveries, reason }),
  fc.record({ state: fc.constant('stuck'), until: time, since: time, deliveries, reason }),
  // Of a push group: a message that is to be sent again.
  fc.record({
    ...{ state: fc.constant('delayed'), until: time, since: time, deliveries, attempts: deliveries },
    by: fc.string({ unit: 'binary', minLength: 1 }),
  }),
) as fc.Arbitrary<Omit<Run, 'start' | 'end'>>;

const runsFrom = (
  committed: number,
  parts: readonly (readonly [number, Omit<Run, 'start' | 'end'>])[],
): Run[] => {
  let next = committed;
  return parts.map(([length, rest]) => {
    const start = next;
    next += length;
    return { start, end: next, ...rest };
  });
};

const rounded = ({ until, since, ...run }: Run): Run => ({
  ...run,
  ...(until !== undefined && { until: Math.ceil(until) }),
  ...(since !== undefined && { since: Math.ceil(since) }),
});

const now = Date.UTC(2030, 0);
/** As one poll of each of 16 consumers, one record after the other, has left them; the owner as long as a host and a UUID are. */
const busy = (count: number): Run[] => {
  const owners = Array.from(
    { length: 16 },
    (_none, index) => `orders-worker-7f9c6d5b8-${index}/4b0c1f7e-33d1-4a52-9d6c-0f5b8c1e7a${index + 10}`,
  );
  return runsFrom(
    5_000_000,
    Array.from({ length: count }, (_none, index) => {
      const by = owners[index % owners.length] ?? '';
      const until = now + ((index * 7919) % 60_000);
      if (index % 5 === 4) return [3, { state: 'acknowledged', deliveries: 0 }] as const;
      if (index % 5 === 2) return [10, { state: 'delayed', until, deliveries: 2, reason: 'nack' }] as const;
      return [12, { state: 'held', by, until, deliveries: 1 }] as const;
    }),
  );
};

describe('runs as text', () => {
  it('come back as they were, their times rounded up to ms', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: Number.MAX_SAFE_INTEGER - 1_000_000 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 2000 }), what), { maxLength: 30 }),
        (committed, parts) => {
          const runs = runsFrom(committed, parts);
          expect(decodeRuns(committed, encodeRuns(runs))).toEqual(runs.map(rounded));
        },
      ),
      { numRuns: 500 },
    );
  });

  // What is stored is read by later versions: this text must never change its meaning.
  it('of the first format are read as they were written', () => {
    const text = '1|a%2F1,b%2C%7C%3B%2F%C3%A9|o5uatc00|5H1.+0.0;1A;10H3.+go.1;1D2.0..n;1Dc.+rs..t;2Sa.0.+1.m';
    const runs: readonly Run[] = [
      { start: 100, end: 105, state: 'held', by: 'a/1', until: now, deliveries: 1 },
      { start: 105, end: 106, state: 'acknowledged', deliveries: 0 },
      { start: 106, end: 142, state: 'held', by: 'b,|;/é', until: now + 600, deliveries: 3 },
      { start: 142, end: 143, state: 'delayed', until: 0, deliveries: 2, reason: 'nack' },
      { start: 143, end: 144, state: 'delayed', until: now + 1000, deliveries: 12, reason: 'timeout' },
      {
        start: 144,
        end: 146,
        state: 'stuck',
        until: 0,
        since: now + 1,
        deliveries: 10,
        reason: 'member_lost',
      },
    ];
    expect(decodeRuns(100, text)).toEqual(runs);
    expect(encodeRuns(runs)).toBe(text);
  });

  it('take less than 4 KB where the list is as long as it may be', () => {
    expect(encodeRuns(busy(limits.aheadRuns)).length).toBeLessThan(4096);
  });

  it('take less than 32 KB where acknowledgements cut it as small as can be', () => {
    expect(encodeRuns(busy(limits.aheadRecords)).length).toBeLessThan(32 * 1024);
  });

  it('of a later version are refused, and so is a state that is not known', () => {
    expect(() => decodeRuns(0, '2||0|1A')).toThrow('in a format that this version cannot read');
    expect(() => decodeRuns(0, '1||0|1X')).toThrow('cannot be read');
  });
});
