import { describe, expect, test } from 'vitest';
import type { Cursor, CursorRef } from '../../../lib/domain/groups/cursors.ts';
import type { Acquired, Acquisition, CursorStore } from '../../../lib/stores/cursors.ts';
import type { Stores } from '../implementations.ts';

const ref: CursorRef = { groupId: 'g', partition: 7 };

const acquisition = (owner: string, more: Partial<Acquisition> = {}): Acquisition => ({
  read: undefined,
  startOffset: 40,
  owner,
  leaseUntil: 2000,
  ...more,
});

/** A cursor under the lease of `a`, epoch 1, until 2000. */
const held = async (cursors: CursorStore): Promise<Cursor> => {
  const { taken, cursor } = await cursors.acquire(ref, acquisition('a'));
  if (!taken) throw new Error('the first acquire gave no lease');
  return cursor;
};

/** What an acquire answers that is refused now: with the cursor that stands. */
const refusal = async (cursors: CursorStore): Promise<Acquired> => ({
  taken: false,
  cursor: await cursors.get(ref),
});

const outage = { failingSince: 900, failedAt: 1700, outageMs: 600 };
const refused = { attempts: 3, retryAt: 5000, pendingEnd: 45, lastFailure: '503' };
const failed = { ...refused, outage };
/** What the cursor shows of `failed`. */
const shown = { ...refused, ...outage };

/** A cursor with a retry due at 5000, epoch 1, no lease. */
const retrying = async (cursors: CursorStore): Promise<Cursor | undefined> => {
  await held(cursors);
  await cursors.release(ref, { epoch: 1, retry: failed });
  return cursors.get(ref);
};

export const describeCursorLeases = (open: () => Promise<Stores>): void => {
  describe('leases of cursors', () => {
    test('the first acquire makes the cursor at its start offset', async () => {
      const { cursors } = await open();
      const expected = { committed: 40, epoch: 1, owner: 'a', leaseUntil: 2000, attempts: 0, retryAt: 0 };
      expect(await cursors.get(ref)).toBeUndefined();
      expect(await cursors.acquire(ref, acquisition('a'))).toStrictEqual({ taken: true, cursor: expected });
      expect(await cursors.get(ref)).toStrictEqual(expected);
    });

    test('times come back with their fractions: a pause that was drawn by chance has some', async () => {
      const { cursors } = await open();
      await cursors.acquire(ref, acquisition('a', { leaseUntil: 1_790_000_000_000.25 }));
      expect((await cursors.get(ref))?.leaseUntil).toBe(1_790_000_000_000.25);
      const retry = {
        ...refused,
        retryAt: 5000.125,
        outage: { failingSince: 0.5, failedAt: 1.5, outageMs: 2.5 },
      };
      await cursors.release(ref, { epoch: 1, retry });
      expect(await cursors.get(ref)).toMatchObject({ retryAt: 5000.125, ...retry.outage });
    });

    test('of eight that acquire what they read alike one has the lease', async () => {
      const { cursors } = await open();
      const owners = Array.from({ length: 8 }, (_, index) => `owner-${index}`);
      const first = await Promise.all(owners.map((owner) => cursors.acquire(ref, acquisition(owner))));
      expect(first.filter(({ taken }) => taken)).toHaveLength(1);
      const read = await cursors.get(ref);
      const later = { read, leaseUntil: 3000 };
      const second = await Promise.all(
        owners.map((owner) => cursors.acquire(ref, acquisition(`${owner}-again`, later))),
      );
      expect(second.filter(({ taken }) => taken)).toHaveLength(1);
      expect((await cursors.get(ref))?.epoch).toBe(2);
    });

    test('an acquire that is repeated recognises its own lease and lengthens nothing', async () => {
      const { cursors } = await open();
      const first = await held(cursors);
      expect(await cursors.acquire(ref, acquisition('a', { leaseUntil: 9000 }))).toStrictEqual({
        taken: true,
        cursor: first,
      });
      const next = acquisition('b', { read: first, leaseUntil: 3000 });
      const second = await cursors.acquire(ref, next);
      expect(second).toMatchObject({ taken: true, cursor: { epoch: 2, owner: 'b', leaseUntil: 3000 } });
      expect(await cursors.acquire(ref, next)).toStrictEqual(second);
      expect(await cursors.get(ref)).toStrictEqual(second.cursor);
    });

    test('an acquire that lands after its lease was superseded or let go takes nothing', async () => {
      const { cursors } = await open();
      const first = await held(cursors);
      const second = acquisition('b', { read: first, leaseUntil: 3000 });
      await cursors.acquire(ref, second);
      expect(await cursors.acquire(ref, acquisition('a'))).toStrictEqual(await refusal(cursors));
      await cursors.release(ref, { epoch: 2 });
      const standing = await cursors.get(ref);
      expect(await cursors.acquire(ref, second)).toStrictEqual(await refusal(cursors));
      expect(await cursors.acquire(ref, acquisition('a', { read: first }))).toStrictEqual(
        await refusal(cursors),
      );
      expect(await cursors.get(ref)).toStrictEqual(standing);
    });

    test('an acquire that lands late is not mistaken for a later lease of the same owner', async () => {
      const { cursors } = await open();
      const read = await held(cursors);
      await cursors.acquire(ref, acquisition('a', { read, leaseUntil: 3000 }));
      expect(await cursors.acquire(ref, acquisition('a'))).toStrictEqual(await refusal(cursors));
    });

    test('a cursor that is as it was read can be taken, whatever its times: its reader judges those', async () => {
      const { cursors } = await open();
      const read = await retrying(cursors);
      const taken = acquisition('b', { read, leaseUntil: 6000, pendingEnd: 50 });
      expect(await cursors.acquire(ref, taken)).toStrictEqual({
        taken: true,
        cursor: { committed: 40, epoch: 2, owner: 'b', leaseUntil: 6000, ...shown },
      });
    });

    test('a lease that was renewed since it was read is not taken', async () => {
      const { cursors } = await open();
      const read = await held(cursors);
      await cursors.commit(ref, { epoch: 1, committed: 40, leaseUntil: 2500 });
      expect(await cursors.acquire(ref, acquisition('b', { read, leaseUntil: 3000 }))).toStrictEqual(
        await refusal(cursors),
      );
      expect(await cursors.get(ref)).toMatchObject({ epoch: 1, owner: 'a', leaseUntil: 2500 });
    });

    test('a lease that was let go, or moved, since it was read is not taken: what is refused once always is', async () => {
      const { cursors } = await open();
      const read = await held(cursors);
      const refused = acquisition('b', { read, leaseUntil: 3000 });
      await cursors.commit(ref, { epoch: 1, committed: 41, leaseUntil: 2000 });
      expect(await cursors.acquire(ref, refused)).toStrictEqual(await refusal(cursors));
      await cursors.release(ref, { epoch: 1 });
      expect(await cursors.acquire(ref, refused)).toStrictEqual(await refusal(cursors));
      const standing = await cursors.get(ref);
      expect(standing).toMatchObject({ epoch: 1, committed: 41, leaseUntil: 0 });
      expect(await cursors.acquire(ref, { ...refused, read: standing })).toMatchObject({
        taken: true,
        cursor: { epoch: 2, owner: 'b' },
      });
    });

    test('a cursor of which the epoch alone has changed since it was read is not taken', async () => {
      const { cursors } = await open();
      await held(cursors);
      await cursors.release(ref, { epoch: 1 });
      const read = await cursors.get(ref);
      await cursors.acquire(ref, acquisition('b', { read, leaseUntil: 3000 }));
      await cursors.release(ref, { epoch: 2 });
      const standing = await cursors.get(ref);
      expect(standing).toStrictEqual({ ...read, epoch: 2 });
      expect(await cursors.acquire(ref, acquisition('c', { read, leaseUntil: 4000 }))).toStrictEqual(
        await refusal(cursors),
      );
      expect(await cursors.get(ref)).toStrictEqual(standing);
    });

    test('a cursor of which the pending end alone has changed since it was read is not taken', async () => {
      const { cursors } = await open();
      await cursors.acquire(ref, acquisition('a', { pendingEnd: 50 }));
      const read = await cursors.get(ref);
      await cursors.commit(ref, { epoch: 1, committed: 40, leaseUntil: 2000, pendingEnd: 51 });
      const standing = await cursors.get(ref);
      expect(standing).toStrictEqual({ ...read, pendingEnd: 51 });
      expect(await cursors.acquire(ref, acquisition('b', { read, leaseUntil: 3000 }))).toStrictEqual(
        await refusal(cursors),
      );
      expect(await cursors.get(ref)).toStrictEqual(standing);
    });

    test('a retry that was set since the cursor was read is not passed over', async () => {
      const { cursors } = await open();
      const read = await retrying(cursors);
      const resume = acquisition('b', { read, leaseUntil: 3000 });
      await cursors.release(ref, { epoch: 1, retry: { ...failed, retryAt: 5001 } });
      expect(await cursors.acquire(ref, resume)).toStrictEqual(await refusal(cursors));
      expect(await cursors.get(ref)).toMatchObject({ epoch: 1, retryAt: 5001 });
    });

    test('the end of the message in flight is set with the lease only where there is none', async () => {
      const { cursors } = await open();
      const { cursor: first } = await cursors.acquire(ref, acquisition('a', { pendingEnd: 44 }));
      expect(first?.pendingEnd).toBe(44);
      const next = acquisition('b', { read: first, leaseUntil: 3000, pendingEnd: 50 });
      expect((await cursors.acquire(ref, next)).cursor?.pendingEnd).toBe(44);
      await cursors.commit(ref, { epoch: 2, committed: 44, leaseUntil: 0 });
      const last = acquisition('c', { read: await cursors.get(ref), pendingEnd: 60 });
      expect((await cursors.acquire(ref, last)).cursor?.pendingEnd).toBe(60);
    });

    test('letting go without a failure leaves the retry as it is', async () => {
      const { cursors } = await open();
      const read = await retrying(cursors);
      await cursors.acquire(ref, acquisition('b', { read, leaseUntil: 6000 }));
      expect(await cursors.release(ref, { epoch: 2 })).toBe(true);
      expect(await cursors.release(ref, { epoch: 2 })).toBe(true);
      expect(await cursors.get(ref)).toStrictEqual({ committed: 40, epoch: 2, leaseUntil: 0, ...shown });
    });

    test('a failure of another kind ends the outage', async () => {
      const { cursors } = await open();
      await retrying(cursors);
      expect(await cursors.release(ref, { epoch: 1, retry: refused })).toBe(true);
      expect(await cursors.get(ref)).toStrictEqual({ committed: 40, epoch: 1, leaseUntil: 0, ...refused });
    });

    test('a failure of the same kind keeps what it is told of the outage', async () => {
      const { cursors } = await open();
      await retrying(cursors);
      const longer = { failingSince: 900, failedAt: 6000, outageMs: 4900 };
      expect(await cursors.release(ref, { epoch: 1, retry: { ...failed, outage: longer } })).toBe(true);
      expect(await cursors.get(ref)).toStrictEqual({
        ...{ committed: 40, epoch: 1, leaseUntil: 0 },
        ...{ ...refused, ...longer },
      });
    });
  });
};

export const describeCursorMoves = (open: () => Promise<Stores>): void => {
  describe('moves of cursors', () => {
    test('a commit moves the cursor and ends what was before it', async () => {
      const { cursors } = await open();
      const read = await retrying(cursors);
      await cursors.acquire(ref, acquisition('b', { read, leaseUntil: 6000 }));
      expect(await cursors.commit(ref, { epoch: 2, committed: 45, leaseUntil: 7000, pendingEnd: 48 })).toBe(
        true,
      );
      const moved = { committed: 45, epoch: 2, attempts: 0, retryAt: 0 };
      expect(await cursors.get(ref)).toStrictEqual({
        ...moved,
        owner: 'b',
        leaseUntil: 7000,
        pendingEnd: 48,
      });
      expect(await cursors.commit(ref, { epoch: 2, committed: 48, leaseUntil: 0 })).toBe(true);
      expect(await cursors.get(ref)).toStrictEqual({ ...moved, committed: 48, leaseUntil: 0 });
    });

    test('a commit that is repeated is true again', async () => {
      const { cursors } = await open();
      await held(cursors);
      for (const commit of [
        { epoch: 1, committed: 45, leaseUntil: 3000, pendingEnd: 50 },
        { epoch: 1, committed: 50, leaseUntil: 0 },
      ]) {
        expect(await cursors.commit(ref, commit)).toBe(true);
        const standing = await cursors.get(ref);
        expect(await cursors.commit(ref, commit)).toBe(true);
        expect(await cursors.get(ref)).toStrictEqual(standing);
      }
    });

    test('what was lost is kept by every move after it, and counted once however often a commit lands', async () => {
      const { cursors } = await open();
      await held(cursors);
      const lostIn = async (): Promise<number | undefined> => (await cursors.get(ref))?.lost;
      expect(await lostIn()).toBeUndefined();
      const first = { epoch: 1, committed: 45, leaseUntil: 3000, lost: 5 };
      expect([await cursors.commit(ref, first), await cursors.commit(ref, first)]).toEqual([true, true]);
      expect(await lostIn()).toBe(5);
      await cursors.commit(ref, { epoch: 1, committed: 50, leaseUntil: 3000, lost: 8 });
      expect(await cursors.commit(ref, first)).toBe(false);
      await cursors.commit(ref, { epoch: 1, committed: 51, leaseUntil: 3000, pendingEnd: 60 });
      await cursors.release(ref, { epoch: 1, retry: failed });
      const read = await cursors.get(ref);
      await cursors.acquire(ref, acquisition('b', { read, leaseUntil: 6000 }));
      expect(await cursors.commit(ref, { epoch: 1, committed: 60, leaseUntil: 0, lost: 99 })).toBe(false);
      await cursors.commit(ref, { epoch: 2, committed: 60, leaseUntil: 0 });
      expect(await lostIn()).toBe(8);
      expect((await cursors.list('g')).get(7)?.lost).toBe(8);
    });

    test('a cursor never goes back', async () => {
      const { cursors } = await open();
      await held(cursors);
      await cursors.commit(ref, { epoch: 1, committed: 50, leaseUntil: 3000 });
      const standing = await cursors.get(ref);
      expect(await cursors.commit(ref, { epoch: 1, committed: 49, leaseUntil: 9000 })).toBe(false);
      expect(await cursors.get(ref)).toStrictEqual(standing);
    });

    test('a holder that was superseded moves and lets go of nothing', async () => {
      const { cursors } = await open();
      const read = await held(cursors);
      await cursors.acquire(ref, acquisition('b', { read, leaseUntil: 3000 }));
      const standing = await cursors.get(ref);
      for (const committed of [40, 99])
        expect(await cursors.commit(ref, { epoch: 1, committed, leaseUntil: 0 })).toBe(false);
      expect(await cursors.release(ref, { epoch: 1, retry: failed })).toBe(false);
      expect(await cursors.get(ref)).toStrictEqual(standing);
    });

    test('a commit whose copy lands after the lease was let go with a retry undoes nothing', async () => {
      const { cursors } = await open();
      await held(cursors);
      const commit = { epoch: 1, committed: 42, leaseUntil: 3000 };
      await cursors.commit(ref, commit);
      await cursors.release(ref, { epoch: 1, retry: failed });
      const standing = await cursors.get(ref);
      expect(await cursors.commit(ref, commit)).toBe(true);
      expect(await cursors.get(ref)).toStrictEqual(standing);
    });

    test('a cursor that is not there is not made by a commit, a release or an acquire of what was read', async () => {
      const { cursors } = await open();
      const read = await held(cursors);
      await cursors.deleteAll('g');
      expect(await cursors.commit(ref, { epoch: 1, committed: 99, leaseUntil: 0 })).toBe(false);
      expect(await cursors.release(ref, { epoch: 1 })).toBe(false);
      expect(await cursors.acquire(ref, acquisition('a', { read }))).toStrictEqual(await refusal(cursors));
      expect(await cursors.get(ref)).toBeUndefined();
    });

    test('the places of a group’s cursors are how far they are, what was lost and what is dead, and nothing else', async () => {
      const { cursors } = await open();
      const standing = await held(cursors);
      const runs = [{ start: 42, end: 45, state: 'held', by: 'm', until: 9, deliveries: 1 }] as const;
      const next = { ...standing, committed: 41, version: 1, writeId: 'w', runs };
      await cursors.replace(ref, standing, { ...next, lost: 3, filtered: 4, deadLettered: 2 });
      const lane = { ...ref, lane: 'r' };
      await cursors.replace(lane, undefined, { ...next, committed: 7 });
      expect(await cursors.places('g')).toStrictEqual(
        new Map([[7, { committed: 41, lost: 3, filtered: 4, deadLettered: 2 }]]),
      );
    });

    test('a group’s cursors are listed and removed by partition, and none of another’s', async () => {
      const { cursors } = await open();
      const partitions = Array.from({ length: 30 }, (_, index) => 29 - index).concat(1023);
      for (const partition of partitions)
        await cursors.acquire({ groupId: 'g', partition }, acquisition('a', { startOffset: partition }));
      for (const groupId of ['g2', 'g.2', 'g/cursor'])
        await cursors.acquire({ groupId, partition: 0 }, acquisition('a'));
      const listed = await cursors.list('g');
      const inOrder = [...partitions].sort((a, b) => a - b);
      expect([...listed].map(([partition, { committed }]) => [partition, committed])).toStrictEqual(
        inOrder.map((partition) => [partition, partition]),
      );
      const places = await cursors.places('g');
      expect([...places]).toStrictEqual(inOrder.map((partition) => [partition, { committed: partition }]));
      await cursors.deleteAll('g');
      await cursors.deleteAll('g');
      expect(await cursors.list('g')).toStrictEqual(new Map());
      expect((await cursors.list('g2')).size).toBe(1);
      expect((await cursors.list('g.2')).size).toBe(1);
    });
  });
};
