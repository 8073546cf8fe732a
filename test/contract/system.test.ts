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

test('draws of any size have their own bytes', () => {
  for (const size of [0, 1, 4095, 4096, 4097, 100_000]) expect(systemRandom.bytes(size)).toHaveLength(size);
  const [first, second] = [systemRandom.bytes(3000), systemRandom.bytes(3000)];
  expect(Buffer.from(first).includes(Buffer.from(second.subarray(0, 16)))).toBe(false);
  const kept = Buffer.from(first);
  second.fill(0);
  systemRandom.bytes(8192);
  expect(Buffer.from(first).equals(kept)).toBe(true);
});

test('the monotonic clock counts milliseconds, as the wall clock does', async () => {
  const from = systemClock.monotonic();
  await systemClock.sleep(20);
  const passed = systemClock.monotonic() - from;
  expect(passed).toBeGreaterThan(10);
  expect(passed).toBeLessThan(20_000);
});
