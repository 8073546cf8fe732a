import { expect, test } from 'vitest';
import { elapsedMs } from '../../../lib/domain/instants.ts';

const seen = { wall: 1_000_000, monotonic: 500 };

test.each([
  ['a wall clock that stands still', { wall: 1_000_000, monotonic: 700 }, 200],
  ['a wall clock that steps back', { wall: 400_000, monotonic: 700 }, 200],
  ['a monotonic clock that stands still', { wall: 1_000_300, monotonic: 500 }, 300],
  ['clocks that agree', { wall: 1_000_300, monotonic: 800 }, 300],
])('the time that has passed is what either clock shows: %s', (_name, now, expected) => {
  expect(elapsedMs(seen, now)).toBe(expected);
});
