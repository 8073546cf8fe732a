import { describe, expect, test } from 'vitest';
import { limits } from '../../lib/domain/limits.ts';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

const records = 'GET /v1/topics/orders/partitions/0/records';

/** Ten records, the values their offsets, appended a second after each other; the clock then stands at 10 s. */
const tenRecords = async (): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  for (let value = 0; value < 10; value += 1) {
    await produce(world, [{ value }]);
    world.clock.advance(1000);
  }
  return world;
};

const values = ({ json, status, text }: Answer): unknown[] => {
  expect({ status, text }).toMatchObject({ status: 200 });
  return (json['records'] as { value: unknown }[]).map(({ value }) => value);
};

describe('a fetch', () => {
  test('begins at the oldest record where nothing is said, and tells where to go on', async () => {
    const answer = await call(await tenRecords(), records);
    expect(values(answer)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(answer.json).toMatchObject({ nextOffset: 10, startOffset: 0, endOffset: 10 });
  });

  test.each([
    ['offset=7', [7, 8, 9]],
    ['offset=10', []],
    ['offset=earliest&limit=2', [0, 1]],
    ['offset=latest', []],
    ['offset=3&limit=1', [3]],
    ['offset=3&maxBytes=1', [3]],
    ['timestamp=2026-03-01T12:00:00Z&limit=1', [0]],
    ['timestamp=2026-03-01T12:00:06.001Z&limit=1', [7]],
    ['timestamp=2026-03-01T14:00:07%2B02:00&limit=1', [7]],
    ['timestamp=2000-01-01T00:00:00Z&limit=1', [0]],
    ['timestamp=2030-01-01T00:00:00Z', []],
  ])('with ?%s gives what was asked for', async (query, expected) => {
    expect(values(await call(await tenRecords(), `${records}?${query}`))).toEqual(expected);
  });

  test('by a time goes by the time of each record, given or of its append', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await produce(world, [{ value: 'now' }]);
    world.clock.advance(1000);
    await produce(world, [{ value: 'old', timestamp: '1999-12-31T23:59:59Z' }]);
    await produce(world, [{ value: 'to come', timestamp: '2030-01-01T00:00:00Z' }]);
    world.clock.advance(1000);
    await produce(world, [{ value: 'then' }]);
    const from = async (time: string): Promise<unknown[]> =>
      values(await call(world, `${records}?timestamp=${time}`));
    expect(await from('2029-01-01T00:00:00Z')).toEqual(['to come', 'then']);
    expect(await from('2026-03-01T12:00:00.001Z')).toEqual(['to come', 'then']);
    expect(await from('2026-03-01T12:00:00Z')).toEqual(['now', 'old', 'to come', 'then']);
    expect(await from('1999-01-01T00:00:00Z')).toEqual(['now', 'old', 'to come', 'then']);
    expect(await from('2030-01-01T00:00:00.001Z')).toEqual([]);
  });

  test('gives a hundred records unless more are asked for', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await produce(
      world,
      Array.from({ length: 1000 }, (_, value) => ({ value })),
    );
    expect(values(await call(world, records))).toHaveLength(100);
    expect(values(await call(world, `${records}?limit=1000`))).toHaveLength(1000);
  });

  test('gives long answers in letters of any alphabet as they were sent', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const sent = ['a', 'é', '語', '😀'].flatMap((letter) =>
      [2, 1000, 59_900, 60_000].map((length) => letter.repeat(length / letter.length)),
    );
    for (const value of sent) await produce(world, [{ value }]);
    const fetched = values(await call(world, `${records}?maxBytes=${limits.fetchBytes}`));
    expect(fetched).toHaveLength(sent.length);
    // Not to be shown where they differ.
    expect(fetched.findIndex((value, index) => value !== sent[index])).toBe(-1);
  });

  test('follows nextOffset through the whole partition', async () => {
    const world = await tenRecords();
    const seen: unknown[] = [];
    let next: unknown = 0;
    for (let page = 0; page < 4; page += 1) {
      const answer = await call(world, `${records}?offset=${next}&limit=3`);
      seen.push(...values(answer));
      next = answer.json['nextOffset'];
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('above the end or below the start is 416 with both', async () => {
    const world = await tenRecords();
    const above = expectProblem(await call(world, `${records}?offset=11`), 416, 'offset_out_of_range');
    expect(above).toMatchObject({ startOffset: 0, endOffset: 10 });
    const topic = await world.stores.topics.get('orders');
    await world.stores.partitions.advance({ topicId: topic?.topicId ?? '', partition: 0 }, 'startOffset', 4);
    world.clock.advance(60_000);
    const below = expectProblem(await call(world, `${records}?offset=3`), 416, 'offset_out_of_range');
    expect(below).toMatchObject({ startOffset: 4, endOffset: 10 });
    expect(values(await call(world, `${records}?offset=earliest&limit=1`))).toEqual([4]);
  });

  test('finds its place once more when trimming passed it', async () => {
    const world = await newWorld(({ reader }) => {
      let starts = [0];
      return {
        reader: Object.assign(Object.create(reader), {
          fetch: reader.fetch.bind(reader),
          startOffset: async (at: { topicId: string; partition: number }) => {
            const [start] = starts;
            starts = [];
            return start ?? reader.startOffset(at);
          },
        }),
      };
    });
    await withTopic(world, 1);
    await produce(world, [{ value: 0 }, { value: 1 }]);
    const topic = await world.stores.topics.get('orders');
    await world.stores.partitions.advance({ topicId: topic?.topicId ?? '', partition: 0 }, 'startOffset', 1);
    expect(values(await call(world, records))).toEqual([1]);
  });

  test('waits for records that come in time', async () => {
    const world = await tenRecords();
    const waiting = call(world, `${records}?offset=latest&waitSeconds=20`);
    world.clock.advance(500);
    await produce(world, [{ value: 'new' }]);
    expect(values(await world.clock.until(waiting))).toEqual(['new']);
  });

  test('waits as long as it was asked to, and no longer', async () => {
    const world = await tenRecords();
    const from = world.clock.now();
    const answer = await world.clock.until(call(world, `${records}?offset=10&waitSeconds=3`));
    expect(values(answer)).toEqual([]);
    expect(answer.json).toMatchObject({ nextOffset: 10, endOffset: 10 });
    expect(world.clock.now() - from).toBeGreaterThanOrEqual(3_000);
    expect(world.clock.now() - from).toBeLessThan(4_000);
  });
});

test('a fetch finds a partition that another process has just added', async () => {
  const world = await tenRecords();
  const topic = await world.stores.topics.get('orders');
  await call(world, records);
  if (topic) await world.stores.topics.update(topic, { partitions: 2 });
  expect(values(await call(world, 'GET /v1/topics/orders/partitions/1/records'))).toEqual([]);
});

describe('a fetch is refused', () => {
  test.each([
    'offset=-1',
    'offset=01',
    'offset=00',
    'limit=01',
    'waitSeconds=00',
    'maxBytes=0100',
    'offset=1.5',
    'offset=first',
    'offset=',
    'offset=9007199254740992',
    'offset=1&offset=2',
    'offset=1&timestamp=2026-03-01T12:00:00Z',
    'timestamp=yesterday',
    'timestamp=2026-03-01T12:00:00',
    'timestamp=2026-03-01T12:00:00+02:00',
    'limit=0',
    'limit=ten',
    'maxBytes=0',
    'waitSeconds=-1',
    'waitSeconds=0.5',
    'max=1',
    '__proto__=1',
  ])('with ?%s', async (query) => {
    const problem = expectProblem(
      await call(await tenRecords(), `${records}?${query}`),
      400,
      'invalid_request',
    );
    expect(problem['errors']).toHaveLength(1);
  });

  test.each([
    ['limit=1001', 'fetchRecords', 1000],
    ['maxBytes=4194305', 'fetchBytes', 4 * 1024 * 1024],
    ['waitSeconds=21', 'fetchWaitSeconds', 20],
  ])('over a limit, which it names: ?%s', async (query, limit, maximum) => {
    const problem = expectProblem(
      await call(await tenRecords(), `${records}?${query}`),
      400,
      'limit_exceeded',
    );
    expect(problem).toMatchObject({ limit, maximum });
  });

  test.each(['1', '1025', '99999999999', '-1', '01', 'x', '0x0', '%30%30', '1e0'])(
    'for the partition %s, which the topic has not',
    async (partition) => {
      const answer = await call(await tenRecords(), `GET /v1/topics/orders/partitions/${partition}/records`);
      expectProblem(answer, 404, 'partition_not_found');
    },
  );

  test('for a topic that is not there', async () => {
    expectProblem(await call(await newWorld(), records), 404, 'topic_not_found');
  });
});

describe('the partitions of a topic', () => {
  test('are listed with where they begin and end', async () => {
    const world = await newWorld();
    await withTopic(world, 3);
    await produce(world, [
      { value: 1, partition: 1 },
      { value: 1, partition: 1 },
      { value: 1, partition: 2 },
    ]);
    const topic = await world.stores.topics.get('orders');
    await world.stores.partitions.advance({ topicId: topic?.topicId ?? '', partition: 1 }, 'startOffset', 1);
    expect((await call(world, 'GET /v1/topics/orders/partitions')).json).toEqual({
      partitions: [
        { partition: 0, startOffset: 0, endOffset: 0, archivedThrough: 0 },
        { partition: 1, startOffset: 1, endOffset: 2, archivedThrough: 0 },
        { partition: 2, startOffset: 0, endOffset: 1, archivedThrough: 0 },
      ],
    });
  });

  test('of no topic are 404', async () => {
    expectProblem(await call(await newWorld(), 'GET /v1/topics/orders/partitions'), 404, 'topic_not_found');
  });
});
