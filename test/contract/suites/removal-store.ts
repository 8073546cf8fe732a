import { describe, expect, test } from 'vitest';
import type { GroupRemoval, TopicRemoval } from '../../../lib/stores/removals.ts';
import type { Stores } from '../implementations.ts';

const topicRemoval: TopicRemoval = { kind: 'topic', id: 'x', name: 'orders', partitions: 8, requestedAt: 5 };
const groupRemoval: GroupRemoval = { kind: 'group', id: 'x', name: 'billing', topicId: 't', requestedAt: 6 };

export const describeRemovalStore = (open: () => Promise<Stores>): void => {
  describe('removals', () => {
    const all = { limit: 10 };

    test('a topic and a group of one id are two removals', async () => {
      const { removals } = await open();
      await removals.put(topicRemoval);
      await removals.put(groupRemoval);
      expect(await removals.list('group', all)).toStrictEqual([groupRemoval]);
      await removals.delete(topicRemoval);
      await removals.delete(topicRemoval);
      expect(await removals.list('topic', all)).toStrictEqual([]);
      expect(await removals.list('group', all)).toStrictEqual([groupRemoval]);
    });

    test('a removal is put once, and its topic closed once', async () => {
      const { removals } = await open();
      await removals.noteClosed('x', 9);
      expect(await removals.list('topic', all)).toStrictEqual([]);
      await removals.put(topicRemoval);
      await removals.put({ ...topicRemoval, requestedAt: 7 });
      expect(await removals.list('topic', all)).toStrictEqual([topicRemoval]);
      await removals.noteClosed('x', 9);
      await removals.noteClosed('x', 10);
      await removals.put(topicRemoval);
      expect(await removals.list('topic', all)).toStrictEqual([{ ...topicRemoval, closedAt: 9 }]);
    });

    test('pages go through those of one kind in order of id', async () => {
      const { removals } = await open();
      for (const id of ['b', 'a', 'c']) await removals.put({ ...groupRemoval, id });
      for (const id of ['a', 'z']) await removals.put({ ...topicRemoval, id });
      const ids = async (page: { limit: number; after?: string }) =>
        (await removals.list('group', page)).map(({ id }) => id);
      expect(await ids({ limit: 2 })).toStrictEqual(['a', 'b']);
      expect(await ids({ limit: 2, after: 'b' })).toStrictEqual(['c']);
      expect(await ids({ limit: 2, after: 'c' })).toStrictEqual([]);
      expect((await removals.list('topic', { limit: 9, after: 'a' })).map(({ id }) => id)).toStrictEqual([
        'z',
      ]);
    });

    test('a late copy of any write changes nothing while the removal is there', async () => {
      const { removals, landCopies } = await open();
      for (const step of [() => removals.put(topicRemoval), () => removals.noteClosed('x', 9)]) {
        await step();
        const before = await removals.list('topic', all);
        await landCopies();
        expect(await removals.list('topic', all)).toStrictEqual(before);
      }
    });
  });
};
