import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type GroupPolls,
  groupPollItems,
  groupPollUnits,
  polledPartitions,
} from '../../../bench/price/group-poll.ts';
import { idleTable } from '../../../bench/price/idle.ts';
import { stackOf } from '../../../bench/price/stack.ts';

const handbook = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');

describe('what a member of a group costs that polls without end, while nothing comes,', () => {
  let units: Pick<GroupPolls, 'readUnits' | 'writeUnits'>;
  beforeAll(async () => {
    units = await groupPollUnits(polledPartitions);
  });

  it('is what the handbook says, to the cent', () => {
    const { pullMemoryMb } = stackOf();
    expect(handbook).toContain(
      `\`\`\`text\n${idleTable(groupPollItems({ pullMemoryMb, ...units }))}\n\`\`\``,
    );
  });

  it('is in reads about half a unit a second for each partition, and few beside', async () => {
    const few = await groupPollUnits(1);
    const ofOne = (units.readUnits - few.readUnits) / (polledPartitions - 1);
    expect(ofOne).toBeGreaterThan(10);
    expect(ofOne).toBeLessThan(15);
    expect(few.readUnits).toBeLessThan(50);
  });

  it('writes no more for a hundred partitions than for one: what keeps the session', async () => {
    expect(units.writeUnits).toBeLessThanOrEqual(3);
    expect((await groupPollUnits(1)).writeUnits).toBe(units.writeUnits);
  });
});
