import { describe, expect, test } from 'vitest';
import type { Topic } from '../../lib/domain/topics.ts';
import type { Stores } from './implementations.ts';

const topic = (name: string, more: Partial<Topic> = {}): Topic => ({
  name,
  topicId: `id-of-${name}`,
  partitions: 8,
  retentionHours: 168,
  archive: true,
  createdAt: 1_790_000_000_000,
  ...more,
});

export const describeTopicStore = (open: () => Promise<Stores>): void => {
  describe('topics', () => {
    test('a topic comes back as it was created, kept for ever included', async () => {
      const { topics } = await open();
      const created = topic('orders', { retentionHours: null, archive: false });
      expect(await topics.create(created)).toStrictEqual({ created: true, topic: created });
      expect(await topics.get('orders')).toStrictEqual(created);
      expect(await topics.get('order')).toBeUndefined();
    });

    test('a name is given once, and whoever comes later is told who has it', async () => {
      const { topics } = await open();
      const first = topic('orders');
      await topics.create(first);
      const second = await topics.create(topic('orders', { topicId: 'other', partitions: 3 }));
      expect(second).toStrictEqual({ created: false, topic: first });
      expect(await topics.get('orders')).toStrictEqual(first);
    });

    test('a creation that is repeated recognises itself', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      expect(await topics.create(topic('orders'))).toStrictEqual({ created: true, topic: topic('orders') });
    });

    test('of eight creations at once one has the name', async () => {
      const { topics } = await open();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => topics.create(topic('orders', { topicId: `id-${n}` }))),
      );
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(answers.map((answer) => answer.topic.topicId)).size).toBe(1);
    });

    test('pages go through every topic once, in order of name', async () => {
      const { topics } = await open();
      const names = ['a', 'a-b', 'a.b', 'a_b', 'ab', 'B', '0', 'z'];
      for (const name of names) await topics.create(topic(name));
      const listed: string[][] = [];
      let after: string | undefined;
      do {
        const page = await topics.list({ limit: 3, ...(after === undefined ? {} : { after }) });
        listed.push(page.topics.map(({ name }) => name));
        after = page.nextAfter;
      } while (after !== undefined);
      const inOrder = [...names].sort();
      expect(listed).toStrictEqual([inOrder.slice(0, 3), inOrder.slice(3, 6), inOrder.slice(6)]);
    });

    test('a page that takes the last topic promises no other', async () => {
      const { topics } = await open();
      for (const name of ['a', 'b']) await topics.create(topic(name));
      expect(await topics.list({ limit: 2 })).toStrictEqual({ topics: [topic('a'), topic('b')] });
      expect(await topics.list({ limit: 2, after: 'b' })).toStrictEqual({ topics: [] });
    });

    test('an update changes what it names and nothing else', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      const id = topic('orders').topicId;
      const changed = topic('orders', { partitions: 12, retentionHours: null });
      expect(await topics.update('orders', id, { partitions: 12, retentionHours: null })).toStrictEqual(
        changed,
      );
      expect(await topics.update('orders', id, {})).toStrictEqual(changed);
      expect(await topics.get('orders')).toStrictEqual(changed);
    });

    test('an update is refused when partitions would shrink or the name is another topic’s', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      const id = topic('orders').topicId;
      expect(await topics.update('orders', id, { partitions: 7 })).toBeUndefined();
      expect(await topics.update('orders', 'former', { partitions: 9 })).toBeUndefined();
      expect(await topics.update('none', id, { partitions: 9 })).toBeUndefined();
      expect(await topics.get('orders')).toStrictEqual(topic('orders'));
      expect(await topics.get('none')).toBeUndefined();
    });

    test('a late deletion of a former topic leaves the one that has its name', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      const remove = () => topics.delete('orders', topic('orders').topicId, topic('orders').partitions);
      expect(await remove()).toBe(true);
      expect(await remove()).toBe(true);
      await topics.create(topic('orders', { topicId: 'second' }));
      expect(await remove()).toBe(true);
      expect((await topics.get('orders'))?.topicId).toBe('second');
    });

    test('a topic that has grown is not deleted by who does not know of it', async () => {
      const { topics } = await open();
      const { topicId, partitions } = topic('orders');
      await topics.create(topic('orders'));
      await topics.update('orders', topicId, { partitions: partitions + 1 });
      expect(await topics.delete('orders', topicId, partitions)).toBe(false);
      expect(await topics.get('orders')).toBeDefined();
      expect(await topics.delete('orders', topicId, partitions + 1)).toBe(true);
      expect(await topics.get('orders')).toBeUndefined();
    });

    test('what was given out cannot change what is stored', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      Reflect.set((await topics.get('orders')) ?? {}, 'partitions', 99);
      Reflect.set((await topics.list({ limit: 1 })).topics[0] ?? {}, 'partitions', 99);
      expect(await topics.get('orders')).toStrictEqual(topic('orders'));
    });
  });
};
