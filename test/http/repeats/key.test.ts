import { describe, expect, test } from 'vitest';
import { OutcomeUnknownError } from '../../../lib/domain/errors.ts';
import { Appender } from '../../../lib/log/append/appender.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import { type Answer, type AppDeps, call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = 'POST /v1/topics/orders/records';

const send = (world: World, key: string, records: readonly unknown[]): Promise<Answer> =>
  call(world, path, { json: { records }, headers: { 'idempotency-key': key } });

const replayed = ({ headers }: Answer): string | null => headers.get('idempotency-replayed');

const ends = async (world: World): Promise<unknown> => {
  const { json } = await call(world, 'GET /v1/topics/orders/partitions');
  return (json['partitions'] as readonly { endOffset: number }[]).map(({ endOffset }) => endOffset);
};

const three = [
  { key: 'a', value: 1 },
  { key: 'b', value: 2 },
  { value: 3, timestamp: '2026-01-02T03:04:05.678Z' },
];

describe('a request with an Idempotency-Key', () => {
  test('is written once, and answered the same each time', async () => {
    const world = await newWorld();
    await withTopic(world, 8);
    const first = await send(world, 'k1', three);
    expect(first.status).toBe(200);
    expect(replayed(first)).toBeNull();
    const written = await ends(world);
    world.clock.advance(5_000);
    const second = await send(world, 'k1', three);
    expect(second.json).toEqual(first.json);
    expect(replayed(second)).toBe('true');
    expect(await ends(world)).toEqual(written);
  });

  test('is answered with its own offsets where several went together', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const keys = ['k1', 'k2', 'k3', 'k4'];
    const first = await Promise.all(keys.map((key) => send(world, key, [{ value: key }, { value: 'more' }])));
    for (const [index, key] of keys.entries())
      expect((await send(world, key, [{ value: key }, { value: 'more' }])).json).toEqual(first[index]?.json);
    expect(await ends(world)).toEqual([8]);
  });

  test('that is sent twice at once is written once', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const twins = await Promise.all([send(world, 'k', three), send(world, 'k', three)]);
    expect(twins[0]?.json).toEqual(twins[1]?.json);
    expect(twins.map(replayed).sort()).toEqual([null, 'true'].sort());
    expect(await ends(world)).toEqual([3]);
  });

  test('is refused with other records than before, whatever differs', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await send(world, 'k', three);
    for (const records of [[{ value: 1 }], [...three].reverse(), [...three.slice(0, 2), { value: 3 }]]) {
      const answer = await send(world, 'k', records);
      expect(expectProblem(answer, 422, 'idempotency_mismatch')['partition']).toBe(0);
    }
    expect(await ends(world)).toEqual([3]);
  });

  test('means nothing to another topic, nor to one that has the name of a deleted one', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await send(world, 'k', three);
    await call(world, 'PUT /v1/topics/other', { json: { partitions: 1 } });
    const answer = await call(world, 'POST /v1/topics/other/records', {
      json: { records: three },
      headers: { 'idempotency-key': 'k' },
    });
    expect(replayed(answer)).toBeNull();
  });

  test('is written anew a day later', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await send(world, 'k', three);
    world.clock.advance(24 * 3_600_000 - 1000);
    expect(replayed(await send(world, 'k', three))).toBe('true');
    world.clock.advance(1001);
    expect(replayed(await send(world, 'k', three))).toBeNull();
    expect(await ends(world)).toEqual([6]);
  });

  test('goes where it went before, though the topic has got more partitions', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    const many = Array.from({ length: 20 }, (_, index) => ({ key: `key-${index}`, value: index }));
    const first = await send(world, 'k', [...many, { value: 'no key' }]);
    await call(world, 'PATCH /v1/topics/orders', { json: { partitions: 9 } });
    const second = await send(world, 'k', [...many, { value: 'no key' }]);
    expect(second.json).toEqual(first.json);
    expect(replayed(second)).toBe('true');
    await call(world, 'PATCH /v1/topics/orders', { json: { partitions: 12 } });
    expect((await send(world, 'k', [...many, { value: 'no key' }])).json).toEqual(first.json);
    // And what is new goes by how many there are now.
    const third = await send(world, 'new', many);
    const used = (third.json['results'] as readonly { partition: number }[]).map(
      ({ partition }) => partition,
    );
    expect(Math.max(...used)).toBeGreaterThan(1);
  });

  test('whose append to one partition failed is sent again as it is, and each record is there once', async () => {
    let fails = 1;
    const world = await newWorld((deps: AppDeps) => ({
      appender: {
        append: (at, records, call) => {
          if (at.partition === 1 && fails > 0) {
            fails -= 1;
            return Promise.reject(new OutcomeUnknownError('no answer'));
          }
          return deps.appender.append(at, records, call);
        },
        close: (at) => deps.appender.close(at),
      },
    }));
    await withTopic(world, 3);
    const records = [0, 1, 2].map((partition) => ({ partition, value: partition }));
    const problem = expectProblem(await send(world, 'k', records), 422, 'partly_written');
    expect(problem['detail']).toContain('send all of it again');
    const second = await send(world, 'k', records);
    expect(second.status).toBe(200);
    expect(replayed(second)).toBeNull();
    expect(replayed(await send(world, 'k', records))).toBe('true');
    expect(await ends(world)).toEqual([1, 1, 1]);
  });

  test('whose answer was lost is answered as written', async () => {
    let loses = true;
    const world = await newWorld(({ clock, random }: AppDeps) => {
      const stores = memoryStores({ clock });
      const batches: BatchStore = {
        putIfAbsent: async (at, batch, attempt) => {
          const outcome = await stores.batches.putIfAbsent(at, batch, attempt);
          if (loses) throw new OutcomeUnknownError('no answer');
          return outcome;
        },
        last: (at) => stores.batches.last(at),
        end: (at, query) => stores.batches.end(at, query),
        range: async (at, range) => {
          if (loses) throw new OutcomeUnknownError('no answer');
          return stores.batches.range(at, range);
        },
        floor: (at, offset, consistent) => stores.batches.floor(at, offset, consistent),
        present: (places) => stores.batches.present(places),
        delete: (at, bases) => stores.batches.delete(at, bases),
      };
      const options = { settleBudgetMs: 0, waitBudgetMs: 0 };
      return { appender: new Appender({ batches, idempotency: stores, clock, random, options }) };
    });
    await withTopic(world, 1);
    const answer = await world.clock.until(send(world, 'k', three));
    expect(expectProblem(answer, 504, 'outcome_unknown')['detail']).toContain('Send the same again');
    loses = false;
    const second = await send(world, 'k', three);
    expect(replayed(second)).toBe('true');
    expect(second.json['results']).toMatchObject([{ offset: 0 }, { offset: 1 }, { offset: 2 }]);
  });

  test.each([
    ['that is empty', ''],
    ['that is too long', 'k'.repeat(256)],
    ['with a tab', 'a\tb'],
    ['that is not ASCII', 'ä'],
  ])('%s is refused', async (_, key) => {
    const world = await newWorld();
    await withTopic(world, 1);
    const problem = expectProblem(await send(world, key, three), 400, 'invalid_request');
    expect(problem['errors']).toMatchObject([{ path: 'Idempotency-Key' }]);
  });

  test('and expectedOffset is refused: each alone does it', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const answer = await call(world, path, {
      json: { records: [{ value: 1 }], expectedOffset: 0 },
      headers: { 'idempotency-key': 'k' },
    });
    expect(expectProblem(answer, 400, 'invalid_request')['errors']).toMatchObject([
      { path: 'expectedOffset' },
    ]);
  });
});

describe('lines with an Idempotency-Key', () => {
  test('in several appends are each written once', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    const body = Array.from({ length: 2_500 }, (_, index) => JSON.stringify({ value: index })).join('\n');
    const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': 'k' };
    const first = await call(world, path, { body, headers });
    expect(first.status).toBe(200);
    const second = await call(world, path, { body, headers });
    expect(second.json).toEqual(first.json);
    expect(replayed(second)).toBe('true');
    expect(((await ends(world)) as number[]).reduce((sum, end) => sum + end)).toBe(2_500);
  });
});

test('an empty batch of events with an Idempotency-Key is none that was there before', async () => {
  const world = await newWorld();
  await withTopic(world, 2);
  const headers = { 'content-type': 'application/cloudevents-batch+json', 'idempotency-key': 'k' };
  const answer = await call(world, path, { body: '[]', headers });
  expect(answer).toMatchObject({ status: 200, json: { results: [] } });
  expect(replayed(answer)).not.toBe('true');
});

test('an event with an Idempotency-Key is written once', async () => {
  const world = await newWorld();
  await withTopic(world, 2);
  const event = { specversion: '1.0', id: '1', source: '/a', type: 't', partitionkey: 'k', data: 1 };
  const headers = { 'content-type': 'application/cloudevents+json', 'idempotency-key': 'k' };
  const first = await call(world, path, { body: JSON.stringify(event), headers });
  const second = await call(world, path, { body: JSON.stringify(event), headers });
  expect(second.json).toEqual(first.json);
  expect(replayed(second)).toBe('true');
  const changed = await call(world, path, { body: JSON.stringify({ ...event, id: '2' }), headers });
  expectProblem(changed, 422, 'idempotency_mismatch');
});
