import { describe, expect, test } from 'vitest';
import type { Pace } from '../../../lib/domain/delivery/pace.ts';
import type { Stores } from '../implementations.ts';

const ref = { groupId: 'g', endpointId: 'e' };
const pace = (version: number, more: Partial<Pace> = {}): Pace => ({
  version,
  writeId: `write-${version}`,
  held: [],
  bookedUntil: 0,
  waitedFor: 0,
  ...more,
});
const [first, second, third] = [
  pace(1),
  pace(2, {
    held: [
      { holder: 'a1', slots: 1, until: 1_700_000_000_123 },
      { holder: 'b2', slots: 1000, until: 5 },
    ],
    bookedUntil: 1_700_000_000_000.123,
    waitedFor: 1_700_000_000_000.5,
  }),
  pace(3, { bookedUntil: 7 }),
] as const;

export const describePaceStore = (open: () => Promise<Stores>): void => {
  describe('paces', () => {
    test('are each of one endpoint of one group, and come back as they were put', async () => {
      const { paces } = await open();
      expect(await paces.get(ref)).toBeUndefined();
      expect(await paces.replace(ref, undefined, first)).toStrictEqual({ done: true });
      expect(await paces.replace(ref, first, second)).toStrictEqual({ done: true });
      expect(await paces.get(ref)).toStrictEqual(second);
      for (const other of [
        { groupId: 'g', endpointId: 'e2' },
        { ...ref, groupId: 'g2' },
      ])
        expect(await paces.get(other)).toBeUndefined();
    });

    test('one of a thousand processes comes back as it was put', async () => {
      const { paces } = await open();
      const held = Array.from({ length: 1000 }, (_, index) => ({
        holder: index.toString(16).padStart(12, '0'),
        slots: 1,
        until: 1_700_000_000_000 + index,
      }));
      await paces.replace(ref, undefined, pace(1, { held }));
      expect(await paces.get(ref)).toStrictEqual(pace(1, { held }));
    });

    test('times of slots are whole: one with a fraction is not over sooner than it says', async () => {
      const { paces } = await open();
      await paces.replace(ref, undefined, pace(1, { held: [{ holder: 'a', slots: 1, until: 4.25 }] }));
      expect((await paces.get(ref))?.held).toStrictEqual([{ holder: 'a', slots: 1, until: 5 }]);
    });

    test('a replace is refused where another stands, or none, and shows what does', async () => {
      const { paces } = await open();
      expect(await paces.replace(ref, first, second)).toStrictEqual({ done: false, standing: undefined });
      await paces.replace(ref, undefined, first);
      expect(await paces.replace(ref, undefined, pace(1, { writeId: 'other' }))).toStrictEqual({
        done: false,
        standing: first,
      });
      await paces.replace(ref, first, second);
      expect(await paces.replace(ref, first, pace(2, { writeId: 'other' }))).toStrictEqual({
        done: false,
        standing: second,
      });
      expect(await paces.get(ref)).toStrictEqual(second);
    });

    test('one of the same version that another write made is not what was read', async () => {
      const { paces } = await open();
      await paces.replace(ref, undefined, first);
      const read = pace(1, { writeId: 'other' });
      expect(await paces.replace(ref, read, second)).toStrictEqual({ done: false, standing: first });
    });

    test('a replace whose answer was lost finds that it was done, as long as it stands', async () => {
      const { paces } = await open();
      await paces.replace(ref, undefined, first);
      expect(await paces.replace(ref, undefined, first)).toStrictEqual({ done: true });
      await paces.replace(ref, first, second);
      expect(await paces.replace(ref, first, second)).toStrictEqual({ done: true });
      await paces.replace(ref, second, third);
      expect(await paces.replace(ref, first, second)).toStrictEqual({ done: false, standing: third });
    });

    test('of eight that replace the same at once one is done', async () => {
      const { paces } = await open();
      await paces.replace(ref, undefined, first);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          paces.replace(ref, first, pace(2, { writeId: `write-${index}` })),
        ),
      );
      const done = answers.flatMap((answer, index) => (answer.done ? [index] : []));
      expect(done).toHaveLength(1);
      expect((await paces.get(ref))?.writeId).toBe(`write-${done[0]}`);
    });

    test('a late copy of any write changes nothing of the one that stands', async () => {
      const { paces, landCopies } = await open();
      let read: Pace | undefined;
      for (const next of [first, second, third]) {
        await paces.replace(ref, read, next);
        await landCopies();
        expect(await paces.get(ref)).toStrictEqual(next);
        read = next;
      }
    });

    test('those of a group are removed, once and again, and none of another, nor a cursor', async () => {
      const { paces, cursors } = await open();
      const endpoints = Array.from({ length: 30 }, (_, index) => `e-${index}`);
      for (const groupId of ['g', 'g2', 'g.2'])
        for (const endpointId of endpoints) await paces.replace({ groupId, endpointId }, undefined, first);
      const cursorRef = { groupId: 'g', partition: 0 };
      await cursors.acquire(cursorRef, { read: undefined, startOffset: 0, owner: 'o', leaseUntil: 1 });
      await paces.deleteAll('g');
      await paces.deleteAll('g');
      for (const endpointId of endpoints) {
        expect(await paces.get({ groupId: 'g', endpointId })).toBeUndefined();
        expect(await paces.get({ groupId: 'g2', endpointId })).toStrictEqual(first);
        expect(await paces.get({ groupId: 'g.2', endpointId })).toStrictEqual(first);
      }
      expect(await cursors.get(cursorRef)).toBeDefined();
    });

    test('what was given in or out cannot change what is stored', async () => {
      const { paces } = await open();
      const given = { ...first, held: [{ holder: 'a', slots: 1, until: 5 }] };
      await paces.replace(ref, undefined, given);
      given.held.push({ holder: 'b', slots: 1, until: 5 });
      const out = await paces.get(ref);
      Reflect.set(out?.held[0] ?? {}, 'slots', 9);
      expect((await paces.get(ref))?.held).toStrictEqual([{ holder: 'a', slots: 1, until: 5 }]);
    });
  });
};
