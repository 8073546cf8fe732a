import { describe, expect, test } from 'vitest';
import { deliveryDefaults } from '../../../lib/domain/groups/groups.ts';
import { untouchedPartition } from '../../../lib/stores/partitions.ts';
import type { Stores } from '../implementations.ts';

const at = (topicId: string, partition: number) => ({ topicId, partition });

export const describePartitionStore = (open: () => Promise<Stores>): void => {
  describe('partition state', () => {
    test('a partition that nothing is known of begins at 0', async () => {
      const { partitions } = await open();
      expect(await partitions.get(at('t', 3))).toStrictEqual(untouchedPartition);
      expect(await partitions.list('t')).toStrictEqual(new Map());
    });

    test('the start offset moves forward only, whatever lands late', async () => {
      const { partitions } = await open();
      await partitions.advance(at('t', 3), 'startOffset', 9);
      await partitions.advance(at('t', 3), 'startOffset', 100);
      await partitions.advance(at('t', 3), 'startOffset', 99);
      expect((await partitions.get(at('t', 3))).startOffset).toBe(100);
    });

    test('each of its offsets moves by itself', async () => {
      const { partitions } = await open();
      await partitions.advance(at('t', 3), 'archivedThrough', 7);
      await partitions.advance(at('t', 3), 'trimmedThrough', 5);
      await partitions.advance(at('t', 3), 'archivedThrough', 6);
      const state = { ...untouchedPartition, archivedThrough: 7, trimmedThrough: 5 };
      expect(await partitions.get(at('t', 3))).toStrictEqual(state);
      await partitions.advance(at('t', 3), 'startOffset', 9);
      expect(await partitions.list('t')).toStrictEqual(new Map([[3, { ...state, startOffset: 9 }]]));
    });

    test('a late copy of any write changes nothing', async () => {
      const { partitions, landCopies } = await open();
      for (const start of [9, 100]) {
        await partitions.advance(at('t', 3), 'startOffset', start);
        await landCopies();
        expect((await partitions.get(at('t', 3))).startOffset).toBe(start);
      }
    });

    test('a topic’s partitions are listed by number, and none of another’s', async () => {
      const { partitions } = await open();
      for (const partition of [1023, 2, 10])
        await partitions.advance(at('t', partition), 'startOffset', partition);
      await partitions.advance(at('t2', 1), 'startOffset', 1);
      await partitions.advance(at('t/2', 1), 'startOffset', 1);
      const listed = await partitions.list('t');
      expect([...listed]).toStrictEqual(
        [2, 10, 1023].map((startOffset) => [startOffset, { ...untouchedPartition, startOffset }]),
      );
    });

    test('removing a topic’s state may be repeated and leaves its groups and other topics alone', async () => {
      const { partitions, groups } = await open();
      for (let partition = 0; partition < 30; partition += 1)
        await partitions.advance(at('t', partition), 'startOffset', 5);
      await partitions.advance(at('t2', 0), 'startOffset', 5);
      await groups.create({
        name: 'g',
        groupId: 'g1',
        topic: 'orders',
        topicId: 't',
        mode: 'push',
        start: 'latest',
        startOffsets: [5],
        delivery: {
          ...deliveryDefaults,
          batchSize: 1,
          timeoutSeconds: 1,
          backoff: { initialSeconds: 1, maxSeconds: 1 },
        },
        createdAt: 0,
      });
      await partitions.deleteAll('t');
      await partitions.deleteAll('t');
      expect(await partitions.list('t')).toStrictEqual(new Map());
      expect((await partitions.get(at('t', 7))).startOffset).toBe(0);
      expect((await partitions.get(at('t2', 0))).startOffset).toBe(5);
      expect(await groups.list('t')).toHaveLength(1);
    });
  });
};
