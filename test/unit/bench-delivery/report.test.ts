import { describe, expect, it } from 'vitest';
import { missed, rowsOf } from '../../../bench/delivery/report.ts';

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
});
