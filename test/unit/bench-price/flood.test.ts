import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { floodItems } from '../../../bench/price/flood.ts';
import { stackOf } from '../../../bench/price/stack.ts';

const usdADay = (settings: Record<string, unknown> = {}): number =>
  floodItems(stackOf(settings)).reduce((sum, { usd }) => sum + usd, 0);

it('what a day of refused requests costs is what the handbook says, to the dollar', () => {
  const handbook = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  expect(handbook).toContain(`costs about $${Math.round(usdADay())} a day`);
});

it('it is bounded by the throttle', () => {
  expect(usdADay({ throttleRate: '10' })).toBeCloseTo(usdADay({ throttleRate: 100 }) / 10);
});
