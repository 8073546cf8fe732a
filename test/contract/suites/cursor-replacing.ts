import { describe, expect, test } from 'vitest';
import type { Cursor, CursorRef } from '../../../lib/domain/groups/cursors.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { Acquisition, CursorStore, VersionedCursor } from '../../../lib/stores/cursors.ts';
import type { Stores } from '../implementations.ts';

const ref: CursorRef = { groupId: 'g', partition: 7 };

const cursor = (version: number, more: Partial<Cursor> = {}): VersionedCursor => ({
  committed: 40,
  epoch: 1,
  leaseUntil: 0,
  attempts: 0,
  retryAt: 0,
  version,
  writeId: `write-${version}`,
  ...more,
});

/** As a group of mode `pull` has it. */
const handedOut = { owner: 'a/1', handedOut: 50, ackUntil: 1_790_000_000_000.25 };
/** As a group of mode `shared` has it. */
const shared = {
  runs: [
    { start: 40, end: 41, state: 'held', by: 'a/1', until: 60_000, deliveries: 1 },
    { start: 41, end: 43, state: 'acknowledged', deliveries: 0 },
    { start: 43, end: 44, state: 'delayed', until: 0, deliveries: 3, reason: 'nack' },
    { start: 44, end: 45, state: 'stuck', until: 5, since: 3, deliveries: 10, reason: 'timeout' },
  ],
  deadLettered: 3,
  lost: 2,
} as const satisfies Partial<Cursor>;

const put = async (
  cursors: CursorStore,
  read: Cursor | undefined,
  next: VersionedCursor,
): Promise<VersionedCursor> => {
  expect(await cursors.replace(ref, read, next)).toStrictEqual({ done: true });
  return next;
};

const acquisition = (read: Cursor | undefined, owner = 'run'): Acquisition => ({
  read,
  startOffset: 40,
  owner,
  leaseUntil: 2000,
});

export const describeCursorReplacing = (open: () => Promise<Stores>): void => {
  describe('replacing cursors', () => {
    test('a cursor is made where there was none, and comes back with all that it was given', async () => {
      const { cursors } = await open();
      const retrying = {
        attempts: 2,
        retryAt: 5000.125,
        pendingEnd: 44,
        lastFailure: '503',
        leaseUntil: 1.5,
      };
      const outage = { failingSince: 0.5, failedAt: 1.5, outageMs: 2.5 };
      const next = cursor(1, { ...handedOut, ...shared, ...retrying, ...outage });
      await put(cursors, undefined, next);
      expect(await cursors.get(ref)).toStrictEqual(next);
      expect(await cursors.list('g')).toStrictEqual(new Map([[7, next]]));
    });

    test('nothing is left of what the next has not', async () => {
      const { cursors } = await open();
      const first = await put(cursors, undefined, cursor(1, { ...handedOut, ...shared, pendingEnd: 44 }));
      const second = await put(cursors, first, cursor(2, { committed: 50 }));
      expect(await cursors.get(ref)).toStrictEqual(second);
    });

    test('runs lose what is of no use: fractions of ms, and how often that was handed out which is done with', async () => {
      const { cursors } = await open();
      const runs = [
        { start: 40, end: 41, state: 'held', by: 'a/1', until: 60_000.25, deliveries: 1 },
        { start: 41, end: 43, state: 'acknowledged', deliveries: 2 },
      ] as const;
      await put(cursors, undefined, cursor(1, { runs }));
      const kept = [
        { ...runs[0], until: 60_001 },
        { ...runs[1], deliveries: 0 },
      ];
      expect((await cursors.get(ref))?.runs).toStrictEqual(kept);
    });

    test('as many runs as a cursor may have come back, of many members', async () => {
      const { cursors } = await open();
      const runs = Array.from({ length: limits.aheadRuns }, (_, index) => ({
        start: 40 + index,
        end: 41 + index,
        state: 'held' as const,
        by: `consumer-${index}/${'e'.repeat(22)}`,
        until: 1_790_000_000_000 + index,
        deliveries: index,
      }));
      const next = await put(cursors, undefined, cursor(1, { runs }));
      expect((await cursors.list('g')).get(7)).toStrictEqual(next);
    });

    test('a list of runs may be empty', async () => {
      const { cursors } = await open();
      const next = await put(cursors, undefined, cursor(1, { runs: [] }));
      expect(await cursors.get(ref)).toStrictEqual(next);
    });

    test('of eight that replace what they read alike one has done it, and the others are shown its cursor', async () => {
      const { cursors } = await open();
      let read: Cursor | undefined;
      for (const version of [1, 2]) {
        const outcomes = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            cursors.replace(ref, read, cursor(version, { writeId: `${version}-${index}` })),
          ),
        );
        expect(outcomes.filter(({ done }) => done)).toHaveLength(1);
        const standing = await cursors.get(ref);
        const others = outcomes.filter(({ done }) => !done);
        expect(others).toStrictEqual(others.map(() => ({ done: false, standing })));
        read = standing;
      }
    });

    test('one that is repeated is done as long as it stands, and changes nothing', async () => {
      const { cursors } = await open();
      const first = await put(cursors, undefined, cursor(1));
      await put(cursors, undefined, first);
      const second = await put(cursors, first, cursor(2, handedOut));
      await put(cursors, first, second);
      expect(await cursors.replace(ref, undefined, first)).toStrictEqual({ done: false, standing: second });
      expect(await cursors.get(ref)).toStrictEqual(second);
    });

    test('one of another write is not taken for it, though it gives the same version', async () => {
      const { cursors } = await open();
      const first = await put(cursors, undefined, cursor(1));
      const second = await put(cursors, first, cursor(2));
      const other = cursor(2, { writeId: 'other' });
      expect(await cursors.replace(ref, first, other)).toStrictEqual({ done: false, standing: second });
    });

    test.each<[string, Partial<Cursor>]>([
      ['epoch', { epoch: 2 }],
      ['committed', { committed: 39 }],
      ['leaseUntil', { leaseUntil: 1 }],
      ['retryAt', { retryAt: 1 }],
      ['pendingEnd', { pendingEnd: 44 }],
      ['version', { version: 1 }],
    ])('a cursor of which %s is not as it was read is not replaced', async (_name, otherwise) => {
      const { cursors } = await open();
      const standing = cursor(2, { ...handedOut, pendingEnd: 45 });
      await put(cursors, undefined, standing);
      const refused = await cursors.replace(ref, { ...standing, ...otherwise }, cursor(3));
      expect(refused).toStrictEqual({ done: false, standing });
      const { pendingEnd: _none, ...without } = standing;
      expect(await cursors.replace(ref, without, cursor(3))).toStrictEqual({ done: false, standing });
      expect(await cursors.replace(ref, undefined, cursor(3))).toStrictEqual({ done: false, standing });
      expect(await cursors.get(ref)).toStrictEqual(standing);
    });

    test('a cursor that is gone is not made by who read it', async () => {
      const { cursors } = await open();
      const first = await put(cursors, undefined, cursor(1));
      await cursors.deleteAll('g');
      const refused = await cursors.replace(ref, first, cursor(2));
      expect(refused).toStrictEqual({ done: false, standing: undefined });
      expect(await cursors.get(ref)).toBeUndefined();
    });

    test('a cursor that a lease moved since it was read is not replaced, and one as it is then is', async () => {
      const { cursors } = await open();
      const { cursor: leased } = await cursors.acquire(ref, acquisition(undefined));
      await cursors.commit(ref, { epoch: 1, committed: 45, leaseUntil: 3000 });
      const standing = await cursors.get(ref);
      expect(await cursors.replace(ref, leased, cursor(1))).toStrictEqual({ done: false, standing });
      expect(await cursors.replace(ref, undefined, cursor(1))).toStrictEqual({ done: false, standing });
      await put(cursors, standing, cursor(1, { committed: 3, epoch: 2 }));
    });

    test('whoever held the lease of a cursor that was moved back moves it no more', async () => {
      const { cursors } = await open();
      const { cursor: leased } = await cursors.acquire(ref, acquisition(undefined));
      const sought = await put(cursors, leased, cursor(1, { committed: 3, epoch: 2 }));
      expect(await cursors.commit(ref, { epoch: 1, committed: 45, leaseUntil: 0 })).toBe(false);
      const retry = { attempts: 1, retryAt: 9, pendingEnd: 45, lastFailure: '503' };
      expect(await cursors.release(ref, { epoch: 1, retry })).toBe(false);
      for (const read of [undefined, leased])
        expect(await cursors.acquire(ref, acquisition(read))).toStrictEqual({ taken: false, cursor: sought });
      expect(await cursors.get(ref)).toStrictEqual(sought);
    });

    test('leases, commits and releases leave its version, so that a seek that lands late is known', async () => {
      const { cursors } = await open();
      const sought = await put(cursors, undefined, cursor(4, { lost: 2 }));
      const { cursor: leased } = await cursors.acquire(ref, acquisition(sought));
      expect(leased).toStrictEqual({ ...sought, epoch: 2, owner: 'run', leaseUntil: 2000 });
      await cursors.commit(ref, { epoch: 2, committed: 45, leaseUntil: 3000 });
      const committed = { ...sought, epoch: 2, committed: 45, owner: 'run', leaseUntil: 3000 };
      expect(await cursors.get(ref)).toStrictEqual(committed);
      const retry = { attempts: 1, retryAt: 9, pendingEnd: 47, lastFailure: '503' };
      await cursors.release(ref, { epoch: 2, retry });
      const { owner: _let, ...others } = committed;
      const failed = { ...others, ...retry, leaseUntil: 0 };
      expect(await cursors.get(ref)).toStrictEqual(failed);
      // It was done, and is no more to do.
      await put(cursors, undefined, sought);
      expect(await cursors.get(ref)).toStrictEqual(failed);
      await put(cursors, failed, cursor(5, { epoch: 3 }));
      expect(await cursors.replace(ref, undefined, sought)).toMatchObject({ done: false });
    });

    test('a late copy of any write changes nothing', async () => {
      const { cursors, landCopies } = await open();
      const standing = async (): Promise<Cursor | undefined> => cursors.get(ref);
      const steps = [
        () => put(cursors, undefined, cursor(1)),
        async () => put(cursors, await standing(), cursor(2, handedOut)),
        async () => put(cursors, await standing(), cursor(3, { ...shared, epoch: 2 })),
        async () => put(cursors, await standing(), cursor(4, { committed: 3, epoch: 3 })),
        async () => cursors.acquire(ref, acquisition(await standing())),
        () => cursors.commit(ref, { epoch: 4, committed: 10, leaseUntil: 3000 }),
        async () => put(cursors, await standing(), cursor(5, { committed: 0, epoch: 5 })),
        async () => cursors.acquire(ref, acquisition(await standing(), 'next')),
        () => cursors.release(ref, { epoch: 6 }),
        async () => put(cursors, await standing(), cursor(6, { committed: 0, epoch: 7 })),
        async () => put(cursors, await standing(), cursor(7, { committed: 0, epoch: 7 })),
      ];
      for (const step of steps) {
        await step();
        const before = await standing();
        await landCopies();
        expect(await standing()).toStrictEqual(before);
      }
    });

    test('what was given in or out cannot change what is stored, and what was given in can be changed', async () => {
      const { cursors } = await open();
      const runs = shared.runs.map((run) => ({ ...run }));
      const given = { ...cursor(1), runs };
      await put(cursors, undefined, given);
      given.committed = 99;
      Reflect.set(runs[0] ?? {}, 'deliveries', 99);
      runs.pop();
      for (const found of [await cursors.get(ref), (await cursors.list('g')).get(7)]) {
        Reflect.set(found ?? {}, 'committed', 98);
        Reflect.set(found?.runs?.[0] ?? {}, 'deliveries', 98);
        Reflect.set(found?.runs ?? [], 0, undefined);
      }
      expect(given.committed).toBe(99);
      expect(await cursors.get(ref)).toStrictEqual(cursor(1, { runs: shared.runs }));
    });
  });

  describe('lanes of cursors', () => {
    test('the cursors of a lane are apart from those of the group’s own topic, and of other lanes', async () => {
      const { cursors } = await open();
      const lanes = [undefined, 'r', 'r2', 'r.2', 'cursor'];
      const refs = lanes.flatMap((lane) =>
        [10, 2, 1023].map((partition): CursorRef => ({ ...ref, partition, ...(lane && { lane }) })),
      );
      const made = refs.map((_, index) => cursor(1, { committed: index }));
      for (const [index, each] of refs.entries())
        await cursors.replace(each, undefined, made[index] ?? cursor(1));
      expect(await Promise.all(refs.map((each) => cursors.get(each)))).toStrictEqual(made);
      for (const lane of lanes) {
        const listed = [...(await cursors.list('g', lane))];
        const own = refs.flatMap((each, index) =>
          each.lane === lane ? [[each.partition, made[index]] as const] : [],
        );
        expect(listed).toStrictEqual(own.toSorted(([one], [other]) => one - other));
      }
      expect(await cursors.list('g', 'none')).toStrictEqual(new Map());
    });

    test('a cursor of a lane moves under leases as any', async () => {
      const { cursors } = await open();
      const own = await put(cursors, undefined, cursor(1));
      const inLane = { ...ref, lane: 'r' };
      const { cursor: leased } = await cursors.acquire(inLane, acquisition(undefined));
      expect(leased).toMatchObject({ epoch: 1, owner: 'run' });
      expect(await cursors.commit(inLane, { epoch: 1, committed: 45, leaseUntil: 2000 })).toBe(true);
      expect(await cursors.release(inLane, { epoch: 1 })).toBe(true);
      expect(await cursors.get(inLane)).toMatchObject({ committed: 45, leaseUntil: 0 });
      expect(await cursors.get(ref)).toStrictEqual(own);
    });

    test('all lanes of a group are removed with its other cursors, and none of another group', async () => {
      const { cursors } = await open();
      const partitions = Array.from({ length: 30 }, (_, partition) => partition);
      for (const groupId of ['g', 'g2'])
        for (const lane of [{}, { lane: 'r' }, { lane: 'r2' }])
          await Promise.all(
            partitions.map((partition) =>
              cursors.replace({ groupId, partition, ...lane }, undefined, cursor(1)),
            ),
          );
      await cursors.deleteAll('g');
      await cursors.deleteAll('g');
      const sizes = async (groupId: string): Promise<number[]> => {
        const all = [undefined, 'r', 'r2'].map(async (lane) => (await cursors.list(groupId, lane)).size);
        return Promise.all(all);
      };
      expect([await sizes('g'), await sizes('g2')]).toEqual([
        [0, 0, 0],
        [30, 30, 30],
      ]);
    });
  });
};
