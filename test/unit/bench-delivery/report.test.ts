import { describe, expect, it } from 'vitest';
import { dollarsOf } from '../../../bench/delivery/cost.ts';
import { missed, missedLatency, rowsOf } from '../../../bench/delivery/report.ts';

const never = Number.POSITIVE_INFINITY;

describe('the report of the delivery benchmark', () => {
  it('compares the median round of each kind with that of the first', () => {
    const rows = rowsOf(
      new Map([
        [
          'none',
          [
            [10, 11, 90],
            [9, 10, 95],
            [500, 600, 700],
          ],
        ],
        ['one', [[12, 13, 99]]],
      ]),
    );
    expect(rows).toEqual([
      { label: 'none', p50: 11, p99: 95, ratio: 1 },
      { label: 'one', p50: 13, p99: 99, ratio: 13 / 11 },
    ]);
    expect(rows.map(missed)).toEqual([false, false]);
  });

  it('says that the target was missed by a slower median, by records that never came, and by no figure at all', () => {
    const beside = (...round: number[]) =>
      rowsOf(
        new Map([
          ['none', [[10]]],
          ['one', [round]],
        ]),
      ).at(-1);
    for (const round of [[12.1], [10, never, never], []]) {
      const row = beside(...round);
      expect(row && missed(row)).toBe(true);
    }
    const row = beside(10, 11, never);
    expect(row && missed(row)).toBe(false);
  });

  it('holds the latency at a hundred records a second against what is to be reached, and that alone', () => {
    expect(missedLatency(100, 5, 20)).toEqual([]);
    expect(missedLatency(100, 5.1, 20)).toHaveLength(1);
    expect(missedLatency(100, Number.NaN, 21)).toHaveLength(2);
    expect(missedLatency(1000, 50, 200)).toEqual([]);
  });

  it('prices a delivered record by all that it took', () => {
    const usage = { writes: 2, writeUnits: 2, reads: 2, readUnits: 1, gets: 0 };
    const one = { label: '', records: 1, webhooks: 1, usage, queue: 3, calls: 2 };
    // Units 1.25 and 0.125, queue 1.2, calls 0.4, and 20 ms of half a GB 0.133 dollars a million.
    expect(dollarsOf(one, 512) * 1e6).toBeCloseTo(3.108, 3);
    expect(dollarsOf({ ...one, records: 100 }, 512) * 1e6).toBeCloseTo(0.03108, 5);
  });
});
