import type { Round } from './load.ts';

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** The smallest of ascending `numbers` that so large a share of them is not above. */
export const percentile = (numbers: readonly number[], share: number): number =>
  numbers[Math.max(0, Math.ceil(numbers.length * share) - 1)] ?? Number.NaN;

export interface Summary {
  readonly recordsPerSecond: number;
  readonly cpuMicros: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Of each figure the median of the rounds. */
export const summary = (rounds: readonly Round[]): Summary => {
  const ofLatencies = (share: number): number =>
    median(rounds.map(({ latencies }) => percentile(latencies, share)));
  return {
    recordsPerSecond: median(rounds.map((round) => round.recordsPerSecond)),
    cpuMicros: median(rounds.map((round) => round.cpuMicros)),
    p50: ofLatencies(0.5),
    p99: ofLatencies(0.99),
    p999: ofLatencies(0.999),
  };
};
