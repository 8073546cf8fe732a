import { expect, test } from 'vitest';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom } from '../../lib/stores/system/random.ts';

test('a sleep ends at once when it is given up, before or meanwhile', async () => {
  const giveUp = new AbortController();
  const long = systemClock.sleep(2 ** 30, giveUp.signal);
  giveUp.abort();
  await long;
  await systemClock.sleep(2 ** 30, giveUp.signal);
});

test('chance is in [0, 1), and no two draws of bytes are alike', () => {
  const draws = Array.from({ length: 1000 }, () => systemRandom.number());
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  expect(new Set(draws).size).toBe(1000);
  const ids = Array.from({ length: 1000 }, () => systemRandom.bytes(8));
  expect(ids.every((id) => id.length === 8)).toBe(true);
  expect(new Set(ids.map(String)).size).toBe(1000);
});

test('the monotonic clock counts milliseconds, as the wall clock does', async () => {
  const from = systemClock.monotonic();
  await systemClock.sleep(20);
  const passed = systemClock.monotonic() - from;
  expect(passed).toBeGreaterThan(10);
  expect(passed).toBeLessThan(20_000);
});
