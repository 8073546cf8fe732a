import { expect, test } from 'vitest';
import type { Round } from '../../../bench/http/load.ts';
import { percentile, summary } from '../../../bench/http/report.ts';

test('a percentile is the smallest latency that so large a share is not above', () => {
  const latencies = Array.from({ length: 1000 }, (_, index) => index + 1);
  expect([0.5, 0.99, 0.999, 1].map((share) => percentile(latencies, share))).toEqual([500, 990, 999, 1000]);
  expect(percentile([7], 0.999)).toBe(7);
});

test('of each figure the median of the rounds counts, so that one round on a busy machine does not', () => {
  const round = (recordsPerSecond: number, cpuMicros: number, latency: number): Round => ({
    recordsPerSecond,
    cpuMicros,
    latencies: [latency],
  });
  expect(summary([round(1000, 3, 1), round(10, 900, 500), round(1200, 2, 2)])).toEqual({
    recordsPerSecond: 1000,
    cpuMicros: 3,
    p50: 2,
    p99: 2,
    p999: 2,
  });
});
