import { describe, expect, test } from 'vitest';
import type { TopicStore } from '../../lib/stores/topics.ts';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

/** `topics`, some methods of which are others. */
const topicsWith = (topics: TopicStore, others: Partial<TopicStore>): TopicStore => ({
  create: (topic) => topics.create(topic),
  get: (name) => topics.get(name),
  list: (page) => topics.list(page),
  update: (topic, change) => topics.update(topic, change),
  delete: (name, topicId) => topics.delete(name, topicId),
  ...others,
});

const orders = {
  name: 'orders',
  partitions: 8,
  retentionHours: 168,
  retentionBytes: null,
  archive: true,
  cleanup: 'delete',
};

describe('creating a topic', () => {
  test('takes the defaults where nothing is said, even without a body', async () => {
    const answer = await call(await newWorld(), 'PUT /v1/topics/orders');
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({ ...orders, createdAt: '2026-03-01T12:00:00.000Z' });
  });

  test('keeps a topic that is compacted for ever, unless it is said for how long', async () => {
    const world = await newWorld();
    const compacted = await call(world, 'PUT /v1/topics/latest', { json: { cleanup: 'compact' } });
    expect(compacted.json).toMatchObject({ cleanup: 'compact', retentionHours: null });
    const json = { cleanup: 'compact', retentionHours: 24 };
    const day = await call(world, 'PUT /v1/topics/day', { json });
    expect(day.json).toMatchObject(json);
    expect((await call(world, 'PUT /v1/topics/day', { json })).status).toBe(200);
  });

  test('is refused, and so is a change, where a topic without archive would be compacted', async () => {
    const world = await newWorld();
    const json = { cleanup: 'compact', archive: false };
    const problem = expectProblem(
      await call(world, 'PUT /v1/topics/latest', { json }),
      400,
      'invalid_request',
    );
    expect(problem['errors']).toMatchObject([
      { path: 'cleanup', message: expect.stringContaining('archive') },
    ]);
    await call(world, 'PUT /v1/topics/latest', { json: { archive: false } });
    const change = { json: { cleanup: 'compact' } };
    expectProblem(await call(world, 'PATCH /v1/topics/latest', change), 400, 'invalid_request');
    const both = await call(world, 'PATCH /v1/topics/latest', {
      json: { cleanup: 'compact', archive: true },
    });
    expect(both.json).toMatchObject({ cleanup: 'compact', archive: true });
  });

  test('is answered 200 when the same is asked for again', async () => {
    const world = await newWorld();
    const settings = { partitions: 3, retentionHours: null, archive: false };
    const first = await call(world, 'PUT /v1/topics/orders', { json: settings });
    const again = await call(world, 'PUT /v1/topics/orders', { json: settings });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.json).toEqual(first.json);
  });

  test.each([{ partitions: 4 }, { retentionHours: null }, { retentionBytes: 1 }, { archive: false }])(
    'is refused when the topic exists with other settings: %j',
    async (other) => {
      const world = await newWorld();
      await call(world, 'PUT /v1/topics/orders');
      const problem = expectProblem(
        await call(world, 'PUT /v1/topics/orders', { json: other }),
        409,
        'topic_exists',
      );
      expect(problem['detail']).toContain(Object.keys(other)[0]);
    },
  );

  test.each([
    [{ partitions: 0 }, 'partitions', /from 1 to 1024 \(limit partitionsPerTopic\)/],
    [{ partitions: 1025 }, 'partitions', /1024/],
    [{ partitions: 1.5 }, 'partitions', /whole number/],
    [{ partitions: '8' }, 'partitions', /whole number/],
    [{ partitions: null }, 'partitions', /whole number/],
    [{ retentionHours: 0 }, 'retentionHours', /limit retentionHours/],
    [{ retentionBytes: 0 }, 'retentionBytes', /limit retentionBytes/],
    [{ retentionBytes: 2 ** 50 + 1 }, 'retentionBytes', /1125899906842624/],
    // Beyond what is a whole number to JavaScript, too, which is another rule that says the same.
    [{ retentionBytes: 1e30 }, 'retentionBytes', /1125899906842624/],
    [{ archive: 'yes' }, 'archive', /true or false/],
    [{ shards: 8 }, 'shards', /Unknown field/],
    [[], '', /object/],
    ['orders', '', /object/],
    [null, '', /object/],
  ])('refuses %j and says where it is wrong', async (json, path, message) => {
    const answer = await call(await newWorld(), 'PUT /v1/topics/orders', { json });
    const problem = expectProblem(answer, 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  test.each(['.hidden', '-x', 'a'.repeat(129), 'a%20b', 'a%2Fb', '%E0%A4%A', 'a%00', 'ü'])(
    'refuses the name %s',
    async (name) => {
      const problem = expectProblem(
        await call(await newWorld(), `PUT /v1/topics/${name}`),
        400,
        'invalid_request',
      );
      expect(problem['errors']).toEqual([{ path: 'topic', message: expect.stringContaining('nameLength') }]);
    },
  );
});

describe('showing and listing topics', () => {
  test('a topic is shown as it was created', async () => {
    const world = await newWorld();
    await call(world, 'PUT /v1/topics/orders');
    expect((await call(world, 'GET /v1/topics/orders')).json).toMatchObject(orders);
  });

  test.each(['GET', 'DELETE'])('%s of a topic that does not exist is 404', async (method) => {
    for (const name of ['nothing', '%FF', '.x']) {
      expectProblem(await call(await newWorld(), `${method} /v1/topics/${name}`), 404, 'topic_not_found');
    }
  });

  test('a list gives pages in order of name, until there is no cursor', async () => {
    const world = await newWorld();
    for (const name of ['c', 'a', 'e', 'b', 'd']) await withTopic(world, 1, name);
    const pages: string[][] = [];
    let cursor = '';
    do {
      const { json } = await call(world, `GET /v1/topics?limit=2${cursor}`);
      pages.push((json['topics'] as { name: string }[]).map(({ name }) => name));
      cursor = json['nextCursor'] === undefined ? '' : `&cursor=${json['nextCursor']}`;
    } while (cursor !== '');
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('a page that ends with the last topic has no cursor', async () => {
    const world = await newWorld();
    for (const name of ['a', 'b']) await withTopic(world, 1, name);
    expect((await call(world, 'GET /v1/topics?limit=2')).json).not.toHaveProperty('nextCursor');
  });

  test.each(['limit=0', 'limit=x', 'limit=', 'cursor=%21', 'cursor=', 'page=2', 'limit=1&limit=1'])(
    'a list refuses ?%s',
    async (query) => {
      expectProblem(await call(await newWorld(), `GET /v1/topics?${query}`), 400, 'invalid_request');
    },
  );

  test('a list is at most as long as the limit, which it names', async () => {
    const problem = expectProblem(
      await call(await newWorld(), 'GET /v1/topics?limit=1001'),
      400,
      'limit_exceeded',
    );
    expect(problem).toMatchObject({ limit: 'listTopics', maximum: 1000 });
  });
});

describe('changing a topic', () => {
  test('adds partitions, which take records at once', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await produce(world, [{ value: 1 }]);
    const changed = await call(world, 'PATCH /v1/topics/orders', { json: { partitions: 3 } });
    expect(changed.json).toMatchObject({ partitions: 3, retentionHours: 168 });
    expect((await produce(world, [{ value: 1, partition: 2 }])).status).toBe(200);
  });

  test('spreads keys over the partitions that it added from then on', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await call(world, 'PATCH /v1/topics/orders', { json: { partitions: 16 } });
    const { json } = await produce(
      world,
      Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: n })),
    );
    const partitions = (json['results'] as { partition: number }[]).map(({ partition }) => partition);
    expect(new Set(partitions).size).toBeGreaterThan(1);
  });

  test('changes retention and archive and leaves the rest', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    const json = { retentionHours: null, archive: false };
    expect((await call(world, 'PATCH /v1/topics/orders', { json })).json).toMatchObject({
      ...json,
      partitions: 2,
    });
    expect((await call(world, 'GET /v1/topics/orders')).json).toMatchObject({ ...json, partitions: 2 });
  });

  test('is made to the topic as others left it', async () => {
    let others = 2;
    const world = await newWorld(({ topics }) => ({
      topics: topicsWith(topics, {
        update: async (topic, change) => {
          if (others > 0) await topics.update(topic, { partitions: 9 + --others, retentionHours: 1 });
          return topics.update(topic, change);
        },
      }),
    }));
    await withTopic(world, 2);
    const answer = await call(world, 'PATCH /v1/topics/orders', { json: { archive: false } });
    expect(answer.json).toMatchObject({ partitions: 9, retentionHours: 1, archive: false });
  });

  test('takes no partitions away', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    expectProblem(await call(world, 'PATCH /v1/topics/orders', { json: { partitions: 1 } }), 409, 'conflict');
  });

  test.each([[{}], [{ name: 'x' }], [{ partitions: 2000 }], [{ partitions: null }]])(
    'refuses %j',
    async (json) => {
      const world = await newWorld();
      await withTopic(world, 2);
      expectProblem(await call(world, 'PATCH /v1/topics/orders', { json }), 400, 'invalid_request');
    },
  );

  test('of no topic is 404', async () => {
    const answer = await call(await newWorld(), 'PATCH /v1/topics/orders', { json: { archive: false } });
    expectProblem(answer, 404, 'topic_not_found');
  });
});

describe('deleting a topic', () => {
  test('ends producing and reading at once', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    await produce(world, [{ value: 1 }]);
    expect((await call(world, 'DELETE /v1/topics/orders')).status).toBe(204);
    const fetched = await call(world, 'GET /v1/topics/orders/partitions/0/records');
    expectProblem(fetched, 404, 'topic_not_found');
    expectProblem(await produce(world, [{ value: 1 }]), 404, 'topic_not_found');
    expectProblem(await call(world, 'DELETE /v1/topics/orders'), 404, 'topic_not_found');
  });

  test('is written down for sweep before the name goes', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    const topic = await world.stores.topics.get('orders');
    await call(world, 'DELETE /v1/topics/orders');
    expect(await world.stores.removals.list('topic', { limit: 10 })).toEqual([
      { kind: 'topic', id: topic?.topicId, name: 'orders', partitions: 2, requestedAt: world.clock.now() },
    ]);
  });

  test('deletes its groups, so that no webhook is called any more', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const topicId = (await world.stores.topics.get('orders'))?.topicId ?? '';
    for (const name of ['billing', 'mail'])
      await call(world, `PUT /v1/topics/orders/groups/${name}`, { json: { mode: 'push' } });
    expect(await world.stores.groups.list(topicId)).toHaveLength(2);
    await call(world, 'DELETE /v1/topics/orders');
    expect(await world.stores.groups.list(topicId)).toEqual([]);
    const removals = await world.stores.removals.list('group', { limit: 10 });
    expect(removals.map(({ name }) => name).sort()).toEqual(['billing', 'mail']);
  });

  test('is done when its groups are left to sweep', async () => {
    const world = await newWorld(({ groups }) => ({
      groups: Object.assign(Object.create(groups), { list: () => Promise.reject(new Error('no answer')) }),
    }));
    await withTopic(world, 1);
    expect((await call(world, 'DELETE /v1/topics/orders')).status).toBe(204);
    expect(world.events).toMatchObject([{ kind: 'fault', where: "deleting a topic's groups" }]);
  });

  test('leaves nothing to a topic created under the same name', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await produce(world, [{ value: 'old' }]);
    await call(world, 'DELETE /v1/topics/orders');
    await withTopic(world, 1);
    const { json } = await produce(world, [{ value: 'new' }]);
    expect(json['results']).toMatchObject([{ offset: 0 }]);
  });

  test('keeps the name until no other process can write to the topic, and says so', async () => {
    const isClosed: Record<number, boolean> = {};
    const world = await newWorld(({ appender, topics }) => ({
      appender: {
        append: (...given) => appender.append(...given),
        close: async (at) => {
          // As long as one is open, nobody may take the name: a process that remembers the topic would write to it.
          expect(await topics.get('orders')).toBeDefined();
          if (at.partition === 1 && isClosed[0] !== true) throw new Error('no answer');
          await appender.close(at);
          isClosed[at.partition] = true;
        },
      },
    }));
    await withTopic(world, 2);
    expectProblem(await call(world, 'DELETE /v1/topics/orders'), 504, 'outcome_unknown');
    expect(world.events).toMatchObject([{ kind: 'fault', where: expect.stringContaining('deleting') }]);
    expect(await world.stores.removals.list('topic', { limit: 10 })).toHaveLength(1);
    expect((await call(world, 'GET /v1/topics/orders')).status).toBe(200);
    expect((await call(world, 'DELETE /v1/topics/orders')).status).toBe(204);
    expect(isClosed).toEqual({ 0: true, 1: true });
    expectProblem(await call(world, 'GET /v1/topics/orders'), 404, 'topic_not_found');
  });

  test('is told while it goes on: no other topic, group, endpoint or setting comes in between', async () => {
    const group = { json: { mode: 'push' } };
    const refused: Answer[] = [];
    const world: World = await newWorld(({ appender }) => ({
      appender: {
        append: (...given) => appender.append(...given),
        close: async (at) => {
          const endpoint = { json: { url: 'https://hooks.example.com/' } };
          refused.push(
            await call(world, 'PUT /v1/topics/orders', { json: { partitions: 1 } }),
            await call(world, 'PUT /v1/topics/orders', { json: { partitions: 2 } }),
            await call(world, 'PATCH /v1/topics/orders', { json: { partitions: 3 } }),
            await call(world, 'PUT /v1/topics/orders/groups/mail', group),
            await call(world, 'POST /v1/topics/orders/groups/billing/endpoints', endpoint),
          );
          expect((await call(world, 'GET /v1/topics/orders')).status).toBe(200);
          expect((await produce(world, [{ value: 1 }])).status).toBe(200);
          await appender.close(at);
        },
      },
    }));
    await withTopic(world, 1);
    await call(world, 'PUT /v1/topics/orders/groups/billing', group);
    expect((await call(world, 'DELETE /v1/topics/orders')).status).toBe(204);
    expect(refused).toHaveLength(5);
    for (const answer of refused)
      expect(expectProblem(answer, 409, 'conflict')['detail']).toContain('is being deleted');
    await withTopic(world, 2);
  });

  test('closes the partitions that were added while it began, before the name goes', async () => {
    const closed: number[] = [];
    const world = await newWorld(({ appender, topics }) => ({
      appender: {
        append: (...given) => appender.append(...given),
        close: async (at) => {
          expect(await topics.get('orders')).toBeDefined();
          await appender.close(at);
          closed.push(at.partition);
        },
      },
      topics: topicsWith(topics, {
        update: async (topic, change) => {
          // Others are first.
          if (topic.partitions === 1) await topics.update(topic, { partitions: 3 });
          return topics.update(topic, change);
        },
      }),
    }));
    await withTopic(world, 1);
    expect((await call(world, 'DELETE /v1/topics/orders')).status).toBe(204);
    expect(new Set(closed)).toEqual(new Set([0, 1, 2]));
    const removals = await world.stores.removals.list('topic', { limit: 10 });
    expect(removals).toMatchObject([{ partitions: 3 }]);
    expectProblem(await call(world, 'GET /v1/topics/orders'), 404, 'topic_not_found');
  });

  test('says that it will be finished when the name could not be removed', async () => {
    const world = await newWorld(({ topics }) => ({
      topics: topicsWith(topics, { delete: () => Promise.reject(new Error('no answer')) }),
    }));
    await world.stores.topics.create({
      name: 'orders',
      topicId: 't',
      createdAt: 0,
      partitions: 1,
      retentionHours: 1,
      archive: false,
    });
    expectProblem(await call(world, 'DELETE /v1/topics/orders'), 504, 'outcome_unknown');
    expect(await world.stores.removals.list('topic', { limit: 10 })).toHaveLength(1);
  });
});
