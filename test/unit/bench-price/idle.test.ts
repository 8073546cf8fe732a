import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type IdleStack, type Item, idleItems, idleTable } from '../../../bench/price/idle.ts';
import { fairQueueSurcharge, type Price, pollersOfAQueue, prices } from '../../../bench/price/prices.ts';
import { stackOf } from '../../../bench/price/stack.ts';
import { sweepReadUnits } from '../../../bench/price/sweep-units.ts';

const textOf = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

let stack: IdleStack;
beforeAll(async () => {
  const sweep = await sweepReadUnits({ topics: 1, partitions: 8, groups: 1 });
  stack = { ...stackOf(), sweepReadUnits: sweep };
});

const sum = (items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((all, item) => all + of(item), 0);

describe('the price of an idle stack', () => {
  it('is what the handbook and the README say, to the cent', () => {
    const items = idleItems(stack);
    expect(textOf('docs/operations.md')).toContain(`\`\`\`text\n${idleTable(items)}\n\`\`\``);
    const alone = sum(items, ({ usdAlone }) => usdAlone).toFixed(2);
    const inAll = sum(items, ({ usd }) => usd).toFixed(2);
    expect(textOf('README.md')).toContain(`$${alone} a month in an account of its own, $${inAll} in one`);
  });

  it('is a little over two dollars beside the dashboard, and less than one where the account has nothing else', () => {
    const items = idleItems(stack);
    const dashboard = items.find(({ label }) => label === 'dashboard')?.usd ?? 0;
    expect(sum(items, ({ usd }) => usd) - dashboard).toBeLessThan(2.2);
    expect(sum(items, ({ usdAlone }) => usdAlone)).toBeLessThan(0.8);
  });

  it('has a dashboard that is free where it is one of the first three: of 50 metrics at most', () => {
    expect(stack.dashboardMetrics).toBeLessThanOrEqual(50);
    const larger = idleItems({ ...stack, dashboardMetrics: 51 });
    expect(larger.find(({ label }) => label === 'dashboard')?.usdAlone).toBe(3);
  });

  it('grows with partitions by half a read unit for each sweep, however much is in them', async () => {
    const units = await sweepReadUnits({ topics: 1, partitions: 16, groups: 1 });
    expect(units - stack.sweepReadUnits).toBe(4);
  });

  it('has a page of AWS for each price', () => {
    for (const { usd, source } of Object.values<Price>(prices)) {
      expect(usd).toBeGreaterThan(0);
      expect(source).toMatch(/^https:\/\/aws\.amazon\.com\/[\w-]+\/pricing\//);
    }
  });

  it('has none of a price that AWS does not name; the handbook says what it would come to', () => {
    const polls = idleItems(stack).find(({ price }) => price === prices.queueRequest)?.count ?? 0;
    expect(polls).toBe((2 * pollersOfAQueue * 730 * 3600) / 20);
    const handbook = textOf('docs/operations.md');
    expect(handbook).toContain(`$${(polls * fairQueueSurcharge.usd).toFixed(2)} a month more`);
    expect(handbook).toContain(`](${fairQueueSurcharge.source})`);
  });
});
