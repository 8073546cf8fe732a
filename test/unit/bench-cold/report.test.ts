import { describe, expect, it } from 'vitest';
import { median, missed, type Row, table } from '../../../bench/cold/report.ts';

const row = (name: string, bytes: number, importMs: number): Row => ({
  name,
  bytes,
  bareBytes: 335_000,
  start: { importMs, firstResponseMs: importMs + 5 },
  bare: { importMs: 100, firstResponseMs: 100 },
});

describe('the benchmark of cold starts', () => {
  it('takes the middle of what it measured, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 9, 1, 5])).toBe(7);
    expect(median([100, 20, 3])).toBe(20);
    expect(() => median([])).toThrow(RangeError);
  });

  it('passes what is just within its targets', () => {
    expect(missed([row('produce', 450_000, 130), row('admin', 900_000, 100)])).toEqual([]);
  });

  it('names each function that imports for too long, and a bundle of produce that is too large', () => {
    expect(missed([row('produce', 450_001, 100), row('sweep', 1, 131)])).toEqual([
      'produce has 450001 bytes, and may have 450000.',
      'sweep takes 1.31 times as long to import as its bare handler, and may take 1.3.',
    ]);
  });

  it('shows sizes, medians and ratios', () => {
    const [, line] = table([row('produce', 443_000, 110)]).split('\n');
    expect(line?.split(/ +/)).toEqual([
      'produce',
      '443',
      '335',
      '110.0',
      '100.0',
      '1.10',
      '115.0',
      '100.0',
      '1.15',
    ]);
  });
});
