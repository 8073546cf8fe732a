import { describe, expect, test } from 'vitest';
import { OutcomeUnknownError, Problem, ThrottledError } from '../../lib/domain/errors.ts';
import type { PartitionRef } from '../../lib/domain/records/records.ts';
import { PartitionClosedError } from '../../lib/log/closed.ts';
import {
  type AppDeps,
  adminKey,
  call,
  expectProblem,
  newWorld,
  produce,
  type World,
  withTopic,
} from './world.ts';

/** A world in which the appends to some partitions fail. */
const failing = (failures: Readonly<Record<number, (at: PartitionRef) => unknown>>): Promise<World> =>
  newWorld(({ appender }: AppDeps) => ({
    appender: {
      append: async (at, records, options) => {
        const failure = failures[at.partition];
        if (failure !== undefined) throw failure(at);
        return appender.append(at, records, options);
      },
      close: (at) => appender.close(at),
    },
  }));

const overloaded = () =>
  new Problem('partition_overloaded', 'Too much. Nothing was written.', { retryAfterSeconds: 7 });
const unknown = () => new OutcomeUnknownError('no answer');

const three = [
  { partition: 2, value: 'a' },
  { partition: 0, value: 'b' },
  { partition: 2, value: 'c' },
  { partition: 1, value: 'd' },
];

describe('when the appends to some partitions fail', () => {
  test('the answer says of every record whether it was written', async () => {
    const world = await failing({ 0: overloaded });
    await withTopic(world, 3);
    const answer = await produce(world, three);
    const problem = expectProblem(answer, 422, 'partly_written');
    const timestamp = '2026-03-01T12:00:00.000Z';
    expect(problem['results']).toEqual([
      { outcome: 'written', partition: 2, offset: 0, timestamp },
      { outcome: 'not_written', partition: 0, code: 'partition_overloaded' },
      { outcome: 'written', partition: 2, offset: 1, timestamp },
      { outcome: 'written', partition: 1, offset: 0, timestamp },
    ]);
    const read = await call(world, 'GET /v1/topics/orders/partitions');
    expect(read.json['partitions']).toMatchObject([{ endOffset: 0 }, { endOffset: 1 }, { endOffset: 2 }]);
  });

  test('the answer is one that no client repeats by itself, and says what is true of all of it', async () => {
    const world = await failing({ 0: overloaded, 1: unknown });
    await withTopic(world, 3);
    const answer = await produce(world, three);
    const problem = expectProblem(answer, 422, 'partly_written');
    expect(answer.headers.has('retry-after')).toBe(false);
    expect(problem['detail']).toMatch(/^Of 4 records 2 were written, 1 were not, and of 1 it is not known/);
    expect(problem['detail']).toMatch(/send again only those that were not_written/);
    expect(problem['detail']).not.toMatch(/Nothing was written|try again/i);
  });

  test('what is not known is told apart from what was not written', async () => {
    const world = await failing({ 0: overloaded, 1: unknown });
    await withTopic(world, 3);
    const problem = expectProblem(await produce(world, three), 422, 'partly_written');
    expect(problem['results']).toMatchObject([
      { outcome: 'written' },
      { outcome: 'not_written', code: 'partition_overloaded' },
      { outcome: 'written' },
      { outcome: 'unknown', code: 'outcome_unknown' },
    ]);
  });

  test('a fault of ours leaves its records unknown, is recorded, and tells nothing of itself', async () => {
    const world = await failing({ 1: () => new Error('at /srv/secret.ts') });
    await withTopic(world, 3);
    const answer = await produce(world, three);
    const problem = expectProblem(answer, 422, 'partly_written');
    expect(problem['results']).toMatchObject([{}, {}, {}, { outcome: 'unknown', code: 'internal' }]);
    expect(answer.text).not.toContain('secret');
    expect(world.events).toMatchObject([{ kind: 'fault' }]);
  });

  test('where nothing was written the answer is as for one partition', async () => {
    const world = await failing({ 0: overloaded, 1: () => new ThrottledError('no capacity'), 2: overloaded });
    await withTopic(world, 3);
    const answer = await produce(world, three);
    const problem = expectProblem(answer, 503, 'partition_overloaded');
    expect(problem['detail']).toBe('Too much. Nothing was written.');
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(problem['results']).toHaveLength(4);
    expect(JSON.stringify(problem['results'])).not.toContain('"written"');
  });

  test('where nothing is known to be written the outcome is unknown, and nothing says otherwise', async () => {
    const world = await failing({ 0: overloaded, 1: unknown, 2: overloaded });
    await withTopic(world, 3);
    const answer = await produce(world, three);
    const problem = expectProblem(answer, 504, 'outcome_unknown');
    expect(problem['detail']).toMatch(/^Of 4 records 0 were written, 3 were not, and of 1 it is not known/);
    expect(answer.headers.has('retry-after')).toBe(false);
  });
});

test('a fault of ours leads where nothing is known to be written, whichever failed first', async () => {
  const fault = () => new Error('at /srv/secret.ts');
  for (const failures of [
    { 0: unknown, 1: fault, 2: overloaded },
    { 0: overloaded, 1: unknown, 2: fault },
  ]) {
    const world = await failing(failures);
    await withTopic(world, 3);
    expectProblem(await produce(world, three), 500, 'internal');
  }
});

describe('a request over many partitions', () => {
  const many = Array.from({ length: 1000 }, (_, partition) => ({ partition, value: partition }));

  /** A world that counts the appends at one time. */
  const counted = async (): Promise<{ readonly world: World; readonly most: () => number }> => {
    let now = 0;
    let most = 0;
    const world = await newWorld(({ appender }: AppDeps) => ({
      appender: {
        append: async (at, records, options) => {
          now += 1;
          most = Math.max(most, now);
          try {
            return await appender.append(at, records, options);
          } finally {
            now -= 1;
          }
        },
        close: (at) => appender.close(at),
      },
    }));
    await withTopic(world, 1024);
    return { world, most: () => most };
  };

  test('appends to some of them at a time, and answers in the order of the request', async () => {
    const { world, most } = await counted();
    const answer = await produce(world, many);
    expect(answer.status).toBe(200);
    expect(answer.json['results']).toMatchObject(many.map(({ partition }) => ({ partition, offset: 0 })));
    expect(most()).toBeLessThanOrEqual(32);
    expect(most()).toBeGreaterThan(1);
  });

  test('begins nothing more when the request has to end, and says what was not begun', async () => {
    const over = new AbortController();
    const world = await newWorld(({ appender }: AppDeps) => ({
      appender: {
        append: (at, records, options) => {
          if (at.partition === 99) over.abort();
          return appender.append(at, records, options);
        },
        close: (at) => appender.close(at),
      },
    }));
    await withTopic(world, 1024);
    const response = await world.apps.produce.request('/v1/topics/orders/records', {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ records: many }),
      signal: over.signal,
    });
    expect(response.status).toBe(422);
    const { results } = (await response.json()) as { results: { outcome: string; code?: string }[] };
    const written = results.filter(({ outcome }) => outcome === 'written');
    expect(results.slice(100)).toEqual(
      many.slice(100).map(({ partition }) => ({ outcome: 'not_written', partition, code: 'unavailable' })),
    );
    expect(written).toHaveLength(100);
  });
});

describe('when the only append fails', () => {
  test.each([
    [overloaded, 503, 'partition_overloaded', '7'],
    [() => new ThrottledError('no capacity'), 503, 'throttled', '1'],
    [unknown, 504, 'outcome_unknown', null],
  ] as const)('the answer is its problem (%#)', async (failure, status, code, retryAfter) => {
    const world = await failing({ 0: failure });
    await withTopic(world, 1);
    const answer = await produce(world, [{ value: 1 }]);
    expect(expectProblem(answer, status, code)).not.toHaveProperty('results');
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
  });
});

describe('when the topic is deleted in another process', () => {
  /** Deletes `orders` without telling this process, which goes on with what it remembers. */
  const deleteElsewhere = async (world: World): Promise<void> => {
    const topic = await world.stores.topics.get('orders');
    const { topicId = '', partitions = 0 } = topic ?? {};
    if (topic) await world.stores.topics.update(topic, { deletingSince: world.clock.now() });
    await world.stores.topics.delete('orders', topicId);
    for (let partition = 0; partition < partitions; partition += 1) {
      await world.deps.appender.close({ topicId, partition });
    }
  };

  const warm = async (): Promise<World> => {
    const world = await newWorld();
    await withTopic(world, 2);
    expect((await produce(world, [{ value: 1 }])).status).toBe(200);
    await deleteElsewhere(world);
    return world;
  };

  test('producing is answered 404 at once', async () => {
    const world = await warm();
    for (const partition of [0, 1]) {
      expectProblem(await produce(world, [{ value: 1, partition }]), 404, 'topic_not_found');
    }
  });

  test('the records go to the topic that has the name now, though it has other partitions', async () => {
    const world = await warm();
    const settings = { partitions: 1, retentionHours: null, archive: false };
    await world.stores.topics.create({ name: 'orders', topicId: 'another', createdAt: 0, ...settings });
    const records = Array.from({ length: 20 }, (_, value) => ({ value, key: `k${value}` }));
    const { json } = await produce(world, records);
    expect(json['results']).toEqual(
      records.map((_, offset) => expect.objectContaining({ partition: 0, offset })),
    );
    expect(await world.deps.reader.endOffset({ topicId: 'another', partition: 0 })).toBe(20);
  });

  test('producing does not go round for ever when every incarnation is closed', async () => {
    let appends = 0;
    const world = await failing({
      0: (at) => {
        appends += 1;
        return new PartitionClosedError(at);
      },
    });
    await withTopic(world, 1);
    expectProblem(await produce(world, [{ value: 1 }]), 503, 'unavailable');
    expect(appends).toBe(2);
  });
});

describe('what a process remembers of a topic', () => {
  test('makes a warm append read nothing', async () => {
    let reads = 0;
    const world = await newWorld();
    const get = world.stores.topics.get.bind(world.stores.topics);
    world.stores.topics.get = (name) => {
      reads += 1;
      return get(name);
    };
    const keyReads = world.stores.keys.get.bind(world.stores.keys);
    world.stores.keys.get = (id) => {
      reads += 1;
      return keyReads(id);
    };
    await withTopic(world, 1);
    await produce(world, [{ value: 1 }]);
    reads = 0;
    for (let n = 0; n < 10; n += 1) await produce(world, [{ value: n }]);
    expect(reads).toBe(0);
    world.clock.advance(5_000);
    await produce(world, [{ value: 1 }]);
    expect(reads).toBe(1);
    world.clock.advance(10_000);
    await produce(world, [{ value: 1 }]);
    expect(reads).toBe(3);
  });

  test('does not keep a partition from being written that another process has just added', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await produce(world, [{ value: 1 }]);
    const topic = await world.stores.topics.get('orders');
    if (topic) await world.stores.topics.update(topic, { partitions: 2 });
    expect((await produce(world, [{ value: 1, partition: 1 }])).status).toBe(200);
  });
});
