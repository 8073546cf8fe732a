import { describe, expect, test } from 'vitest';
import type { Erasure } from '../../../lib/domain/archive/erasures.ts';
import type { Stores } from '../implementations.ts';

const erasure = (erasureId: string, topicId = 't'): Erasure => ({
  erasureId,
  topicId,
  topic: 'orders',
  keyHash: 'ab'.repeat(32),
  requestedAt: Date.UTC(2026, 0, 1),
  ends: [5, 0, 7],
  progress: {},
});
const ref = { topicId: 't', erasureId: 'e1' };

export const describeErasureStore = (open: () => Promise<Stores>): void => {
  describe('erasures', () => {
    test('are given as they were stored, and stored once', async () => {
      const { erasures } = await open();
      expect(await erasures.get(ref)).toBeUndefined();
      await erasures.put(erasure('e1'));
      await erasures.put({ ...erasure('e1'), ends: [] });
      expect(await erasures.get(ref)).toStrictEqual(erasure('e1'));
    });

    test('are listed by topic and id, of one topic or all', async () => {
      const { erasures } = await open();
      for (const [id, topicId] of [
        ['b', 't'],
        ['a', 't'],
        ['c', 't2'],
        ['d', 's'],
      ] as const)
        await erasures.put(erasure(id, topicId));
      const ids = (all: readonly Erasure[]) => all.map(({ erasureId }) => erasureId);
      expect(ids(await erasures.list('t'))).toEqual(['a', 'b']);
      expect(ids(await erasures.list())).toEqual(['d', 'a', 'b', 'c']);
      expect(await erasures.list('u')).toEqual([]);
    });

    test('are noted partition by partition, and what is done stays done', async () => {
      const { erasures } = await open();
      await erasures.put(erasure('e1'));
      await erasures.note(ref, 0, { erased: 2, isDone: false });
      await erasures.note(ref, 0, { erased: 3, isDone: true });
      await erasures.note(ref, 0, { erased: 2, isDone: false });
      await erasures.note(ref, 2, { erased: 0, isDone: false });
      expect((await erasures.get(ref))?.progress).toStrictEqual({
        0: { erased: 3, isDone: true },
        2: { erased: 0, isDone: false },
      });
      await erasures.note({ ...ref, erasureId: 'none' }, 0, { erased: 1, isDone: true });
      expect(await erasures.list()).toHaveLength(1);
    });

    test('a late copy of any write undoes nothing that is done', async () => {
      const { erasures, landCopies } = await open();
      await erasures.put(erasure('e1'));
      await erasures.note(ref, 0, { erased: 1, isDone: false });
      await erasures.note(ref, 0, { erased: 3, isDone: true });
      await landCopies();
      expect((await erasures.get(ref))?.progress).toStrictEqual({ 0: { erased: 3, isDone: true } });
    });
  });
};
