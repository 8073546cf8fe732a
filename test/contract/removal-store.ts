import { describe, expect, test } from 'vitest';
import type { Removal } from '../../lib/stores/removals.ts';
import type { Stores } from './implementations.ts';

const topicRemoval: Removal = { kind: 'topic', id: 'x', name: 'orders', partitions: 8, requestedAt: 5 };
const groupRemoval: Removal = { kind: 'group', id: 'x', name: 'billing', topicId: 't', requestedAt: 6 };

export const describeRemovalStore = (open: () => Promise<Stores>): void => {
  describe('removals', () => {
    test('a topic and a group of one id are two removals', async () => {
      const { removals } = await open();
      await removals.put(topicRemoval);
      await removals.put(groupRemoval);
      expect(await removals.list(10)).toStrictEqual([groupRemoval, topicRemoval]);
      await removals.delete(topicRemoval);
      await removals.delete(topicRemoval);
      expect(await removals.list(10)).toStrictEqual([groupRemoval]);
    });

    test('a removal put again replaces what was noted before', async () => {
      const { removals } = await open();
      await removals.put(topicRemoval);
      await removals.put({ ...topicRemoval, closedAt: 9 });
      expect(await removals.list(10)).toStrictEqual([{ ...topicRemoval, closedAt: 9 }]);
    });

    test('no more are listed than were asked for', async () => {
      const { removals } = await open();
      for (const id of ['a', 'b', 'c']) await removals.put({ ...groupRemoval, id });
      expect((await removals.list(2)).map(({ id }) => id)).toStrictEqual(['a', 'b']);
    });
  });
};
