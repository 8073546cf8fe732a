import { describe, expect, it } from 'vitest';
import { Backlog } from '../../../lib/delivery/backlog.ts';
import { Lease } from '../../../lib/groups/lease.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import { cursorRef, makeRig, offsetsOf } from './rig.ts';

const at = { topicId: 't1', partition: 0 };

/** A backlog over one-record batches 0, 1, 2, …; the first pages of it miss what `hidden` names, in turn. */
const makeBacklog = async (count: number, ...hidden: readonly (readonly number[])[]) => {
  const { append, batches, partitions, clock } = await makeRig();
  for (let value = 0; value < count; value += 1) append({ value });
  const pages = [...hidden];
  const queries: string[] = [];
  const store: Pick<BatchStore, 'range' | 'floor'> = {
    range: async (ref, range) => {
      const missed = pages.shift() ?? [];
      queries.push(`from ${range.from}`);
      expect(range.consistent).toBe(true);
      const page = await batches.range(ref, range);
      return { ...page, batches: page.batches.filter(({ base }) => !missed.includes(base)) };
    },
    floor: async (ref, offset, consistent) => {
      queries.push(`back from ${offset}`);
      expect(consistent).toBe(true);
      return batches.floor(ref, offset, consistent);
    },
  };
  const runs = new RunReader({ batches: store as BatchStore, partitions, clock });
  const backlog = new Backlog(runs, at, 1_000_000);
  const next = async (from: number, end?: number): Promise<number[]> => {
    const wanted = { from, maxRecords: 10, ...(end !== undefined && { end }) };
    return (await backlog.next(wanted)).records.map(({ offset }) => offset);
  };
  const trim = async (start: number): Promise<void> => {
    await partitions.advance(at, 'startOffset', start);
    const bases = batches.table.batches(at).map(({ base }) => base);
    await batches.delete(
      at,
      bases.filter((base) => base < start),
    );
  };
  return { next, queries, append, trim };
};

describe('a page that is no snapshot', () => {
  it('is taken up to its first gap, and read again from there', async () => {
    const { next, queries } = await makeBacklog(5, [2, 4]);
    expect(await next(0)).toEqual([0, 1]);
    expect(await next(2)).toEqual([2, 3, 4]);
    expect(queries).toEqual(['from 0', 'from 2']);
  });

  it('is read again when it misses its own beginning', async () => {
    const { next, queries, append } = await makeBacklog(1, [], [1]);
    expect(await next(0)).toEqual([0]);
    append({ value: 1 });
    append({ value: 2 });
    expect(await next(1)).toEqual([1, 2]);
    expect(queries).toEqual(['from 0', 'from 1', 'back from 1']);
  });

  it('does not hide what is missing of a message with a known end', async () => {
    const { next } = await makeBacklog(5, [1, 3], [3]);
    expect(await next(0, 5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('of a partition whose beginning was trimmed does not hide its new one', async () => {
    const { next, trim } = await makeBacklog(6, [2, 3], [2], []);
    await trim(2);
    expect(await next(0)).toEqual([2, 3, 4, 5]);
  });
});

describe('a message', () => {
  it('never spans records that were trimmed out of the middle', async () => {
    const { next, trim } = await makeBacklog(5, [2]);
    expect(await next(0)).toEqual([0, 1]);
    await trim(3);
    expect(await next(0, 5)).toEqual([0, 1]);
    expect(await next(2)).toEqual([3, 4]);
  });
});

describe('a run whose cursor another holder moved past all that it read', () => {
  it('reads nothing behind what it knows', async () => {
    const { next, append } = await makeBacklog(2);
    expect(await next(0)).toEqual([0, 1]);
    append({ value: 2 }, { value: 3 }, { value: 4 });
    await expect(next(4)).rejects.toThrow('The cursor is past what was read.');
  });

  it.each([1, 3])('leaves nothing for sweep when it was moved by %i', async (moved) => {
    const made = await makeRig({ delivery: { batchSize: 1 } });
    const { rig, deps, deliver, append, cursors, clock, cursor, takeWakes, sent } = made;
    for (let value = 0; value < moved; value += 1) append({ value });
    const held = { read: undefined, startOffset: 0, owner: 'm0/a', durationMs: 25_000, pendingEnd: 1 };
    const rules = { longestRetryMs: 3_600_000, beforeRetry: false };
    const answer = await Lease.acquire({ cursors, clock }, cursorRef, { ...held, ...rules });
    // It outlived its lease, and catches up while the next run asks for one of its own.
    rig.pass(25_001);
    const acquire = cursors.acquire.bind(cursors);
    let caughtUp = false;
    Object.assign(deps.cursors, {
      acquire: async (...given: Parameters<typeof acquire>) => {
        if (!caughtUp) {
          expect(answer.kind === 'given' && (await answer.lease.commitAndRelease(moved))).toBe(true);
          append({ value: 'new' });
        }
        caughtUp = true;
        return acquire(...given);
      },
    });
    await deliver();
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(sent.flatMap(offsetsOf)).toEqual([moved]);
    expect([await cursor(), takeWakes()]).toMatchObject([{ committed: moved + 1, leaseUntil: 0 }, []]);
  });
});
