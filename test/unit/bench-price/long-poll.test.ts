import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { idleTable } from '../../../bench/price/idle.ts';
import { longPollItems, longPollReadUnits } from '../../../bench/price/long-poll.ts';
import { stackOf } from '../../../bench/price/stack.ts';

const handbook = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');

it('what a partition costs that is polled without end is what the handbook says, to the cent', async () => {
  const { consumeMemoryMb } = stackOf();
  const items = longPollItems({ consumeMemoryMb, readUnits: await longPollReadUnits() });
  expect(handbook).toContain(`\`\`\`text\n${idleTable(items)}\n\`\`\``);
});

it('nearly all of it is the time of the function, and so its memory', () => {
  const usd = (consumeMemoryMb: number) =>
    longPollItems({ consumeMemoryMb, readUnits: 15 }).reduce((sum, item) => sum + item.usd, 0);
  expect(usd(512) / usd(256)).toBeGreaterThan(1.9);
});
