import { describe, expect, test } from 'vitest';
import type { Topic, TopicSettings } from '../../../lib/domain/topics.ts';
import type { TopicStore } from '../../../lib/stores/topics.ts';
import type { Stores } from '../implementations.ts';

const topic = (name: string, more: Partial<Topic> = {}): Topic => ({
  name,
  topicId: `id-of-${name}`,
  partitions: 8,
  retentionHours: 168,
  archive: true,
  createdAt: 1_790_000_000_000,
  version: 1,
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
      const change = { partitions: 12, retentionHours: null };
      const changed = topic('orders', { ...change, version: 2 });
      expect(await topics.update(topic('orders'), change)).toStrictEqual(changed);
      expect(await topics.update(changed, {})).toStrictEqual({ ...changed, version: 3 });
      expect(await topics.get('orders')).toStrictEqual({ ...changed, version: 3 });
    });

    test('what a topic says of its schema is kept, and the same change of it recognises itself', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      const schema = { version: 1, schemaId: 's', compatibility: 'backward', isInForce: true } as const;
      const changed = topic('orders', { schema, version: 2 });
      expect(await topics.update(topic('orders'), { schema })).toStrictEqual(changed);
      expect(await topics.update(topic('orders'), { schema: { ...schema } })).toStrictEqual(changed);
      const other = { ...schema, schemaId: 't' };
      expect(await topics.update(topic('orders'), { schema: other })).toBeUndefined();
      expect(await topics.get('orders')).toStrictEqual(changed);
    });

    test('an update is refused of a topic that is not as it was read', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      const standing = topic('orders', { archive: false, version: 2 });
      expect(await topics.update(topic('orders'), { archive: false })).toStrictEqual(standing);
      expect(await topics.update(topic('orders'), { archive: true })).toBeUndefined();
      expect(await topics.update({ ...standing, topicId: 'former' }, { archive: true })).toBeUndefined();
      expect(await topics.update(topic('none'), { partitions: 9 })).toBeUndefined();
      expect(await topics.get('orders')).toStrictEqual(standing);
      expect(await topics.get('none')).toBeUndefined();
    });

    test('a change that another made just so in between may count as this one', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      const standing = await topics.update(topic('orders'), { partitions: 9, archive: false });
      expect(await topics.update(topic('orders'), { archive: false })).toStrictEqual(standing);
      expect(await topics.update(topic('orders'), { archive: true })).toBeUndefined();
      expect(await topics.get('orders')).toStrictEqual(standing);
    });

    /** Marks the topic, and deletes it. */
    const remove = async (topics: TopicStore, name: string): Promise<void> => {
      const standing = await topics.get(name);
      if (standing === undefined) return;
      await topics.update(standing, { deletingSince: 5 });
      await topics.delete(name, standing.topicId);
    };

    test('a topic that is not marked is not deleted', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      await topics.delete('orders', topic('orders').topicId);
      expect(await topics.get('orders')).toStrictEqual(topic('orders'));
      await topics.update(topic('orders'), { deletingSince: 5 });
      expect(await topics.get('orders')).toStrictEqual(topic('orders', { deletingSince: 5, version: 2 }));
      await topics.delete('orders', topic('orders').topicId);
      expect(await topics.get('orders')).toBeUndefined();
    });

    test('a late deletion of a former topic leaves the one that has its name', async () => {
      const { topics } = await open();
      await topics.create(topic('orders'));
      await remove(topics, 'orders');
      await topics.delete('orders', topic('orders').topicId);
      await topics.create(topic('orders', { topicId: 'second' }));
      await topics.update(topic('orders', { topicId: 'second' }), { deletingSince: 5 });
      await topics.delete('orders', topic('orders').topicId);
      expect((await topics.get('orders'))?.topicId).toBe('second');
    });

    test('a topic that was deleted is not stored again, and its name is free', async () => {
      const { topics } = await open();
      for (const name of ['orders', 'other']) await topics.create(topic(name));
      await remove(topics, 'orders');
      await expect(topics.create(topic('orders'))).rejects.toMatchObject({ code: 'conflict' });
      expect(await topics.get('orders')).toBeUndefined();
      expect((await topics.list({ limit: 1 })).topics).toStrictEqual([topic('other')]);
      expect(await topics.update(topic('orders'), { archive: false })).toBeUndefined();
      for (const topicId of ['second', 'third']) {
        const successor = topic('orders', { topicId, partitions: 1 });
        expect(await topics.create(successor)).toStrictEqual({ created: true, topic: successor });
        await remove(topics, 'orders');
      }
    });

    test('a late copy of any write changes nothing', async () => {
      const { topics, landCopies } = await open();
      const change = async (settings: Partial<TopicSettings>): Promise<void> => {
        const standing = await topics.get('orders');
        if (standing) await topics.update(standing, settings);
      };
      const steps = [
        () => topics.create(topic('orders')),
        () => change({ retentionHours: 1 }),
        () => change({ retentionHours: null }),
        () => remove(topics, 'orders'),
        () => topics.create(topic('orders', { topicId: 'second' })),
        () => change({ partitions: 9 }),
        () => remove(topics, 'orders'),
        () => topics.create(topic('orders', { topicId: 'third' })),
      ];
      for (const step of steps) {
        await step();
        const before = [await topics.get('orders'), await topics.list({ limit: 9 })];
        await landCopies();
        expect([await topics.get('orders'), await topics.list({ limit: 9 })]).toStrictEqual(before);
      }
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
