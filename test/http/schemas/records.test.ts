import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { produceApp } from '../../../lib/http/produce.ts';
import { TopicDirectory, topicMaxAgeMs } from '../../../lib/topics/directory.ts';
import { call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';

const order = {
  type: 'object',
  required: ['id', 'address'],
  properties: {
    id: { type: 'integer' },
    kind: { enum: ['new', 'paid'] },
    address: { type: 'object', properties: { zip: { type: 'string', pattern: '^\\d{5}$' } } },
  },
  additionalProperties: false,
};
const right = { id: 1, address: { zip: '12345' } };

const event = '"specversion":"1.0","id":"1","source":"/x","type":"t"';

const setSchema = async (world: World, schema: unknown, compatibility = 'none'): Promise<void> => {
  const json = { schema, compatibility };
  const { status, text } = await call(world, 'PUT /v1/topics/orders/schema', { json });
  expect([200, 201], text).toContain(status);
};

const makeWorld = async (schema: unknown = order): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  await setSchema(world, schema);
  return world;
};

const stored = async (world: World): Promise<number> => {
  const { json } = await call(world, 'GET /v1/topics/orders/partitions/0/records?offset=earliest');
  return (json['records'] as unknown[]).length;
};

describe('records of a topic that has a schema', () => {
  test('are taken where they fit, as the text that they are', async () => {
    const world = await makeWorld();
    const body = '{"records":[{"value":{ "id": 12345678901234567890, "address":{"zip":"00000"} }}]}';
    const headers = { 'content-type': 'application/json' };
    const answer = await call(world, 'POST /v1/topics/orders/records', { body, headers });
    expect(answer.status).toBe(200);
    const { text } = await call(world, 'GET /v1/topics/orders/partitions/0/records?offset=0');
    expect(text).toContain('"value":{ "id": 12345678901234567890, "address":{"zip":"00000"} }');
  });

  test('are refused with where each fault is, and none of the request is written', async () => {
    const world = await makeWorld();
    const wrong = { id: '1', kind: 'old', address: { zip: '1' }, more: 1 };
    const answer = await produce(world, [
      { value: right },
      { value: wrong },
      { value: { id: 1 } },
      { value: 5 },
    ]);
    const problem = expectProblem(answer, 422, 'schema_mismatch');
    expect(problem['schemaVersion']).toBe(1);
    expect(problem['detail']).toContain('Nothing was written');
    expect(problem['errors']).toEqual([
      { path: 'records[1].value', message: 'Has "more", which the schema does not allow.' },
      { path: 'records[1].value/id', message: 'Must be of type integer.' },
      { path: 'records[1].value/kind', message: 'Must be one of "new", "paid".' },
      { path: 'records[1].value/address/zip', message: 'Must match the pattern "^\\\\d{5}$".' },
      { path: 'records[2].value', message: 'Lacks "address".' },
      { path: 'records[3].value', message: 'Must be of type object.' },
    ]);
    expect(await stored(world)).toBe(0);
  });

  test('are refused with twenty faults at most', async () => {
    const world = await makeWorld();
    const answer = await produce(
      world,
      Array.from({ length: 50 }, () => ({ value: 5 })),
    );
    expect(answer.json['errors']).toHaveLength(20);
  });

  test('in lines are named by their lines', async () => {
    const world = await makeWorld();
    const answer = await call(world, 'POST /v1/topics/orders/records', {
      body: `{"value":${JSON.stringify(right)}}\n\n{"value":{"id":1,"address":{"zip":5}}}\n`,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(expectProblem(answer, 422, 'schema_mismatch')['errors']).toEqual([
      { path: 'line 3.value/address/zip', message: 'Must be of type string.' },
    ]);
  });

  test.each([
    ['application/cloudevents+json', `{${event},"data":{"id":"1","address":{}}}`, 'event.data/id'],
    ['application/cloudevents-batch+json', `[{${event},"data":{"id":"1","address":{}}}]`, '[0].data/id'],
    ['text/plain', 'hello', ''],
  ])('of type %s are named as they stand in the request', async (type, body, path) => {
    const world = await makeWorld();
    const headers = { 'content-type': type };
    const answer = await call(world, 'POST /v1/topics/orders/records', { body, headers });
    const problem = expectProblem(answer, 422, 'schema_mismatch');
    expect((problem['errors'] as { path: string }[]).map((error) => error.path)).toEqual([path]);
  });

  test('have values that are JSON', async () => {
    const world = await makeWorld({});
    const problem = expectProblem(await produce(world, [{ valueBase64: 'e30=' }]), 422, 'schema_mismatch');
    expect(problem['errors']).toEqual([
      { path: 'records[0].valueBase64', message: 'The topic has a schema: give a value that is JSON.' },
    ]);
  });

  test('are tombstones where the topic is compacted, and there alone', async () => {
    const world = await makeWorld();
    const tombstones = [
      { key: 'k', value: null },
      { key: 'k', valueBase64: '' },
    ];
    for (const record of tombstones) expectProblem(await produce(world, [record]), 422, 'schema_mismatch');
    await call(world, 'PATCH /v1/topics/orders', { json: { cleanup: 'compact' } });
    for (const record of tombstones) expect((await produce(world, [record])).status).toBe(200);
    // Without a key it says of nothing that it is gone.
    expectProblem(await produce(world, [{ value: null }]), 422, 'schema_mismatch');
  });

  test('are checked by the version in force, in other processes once they read the topic again', async () => {
    const world = await newWorld();
    const elsewhere = new TopicDirectory({ topics: world.deps.topics, clock: world.clock });
    await withTopic(world, 1);
    const others = {
      ...world,
      apps: { ...world.apps, produce: produceApp({ ...world.deps, directory: elsewhere }) },
    };
    const outcomes = async (value: unknown) =>
      Promise.all([world, others].map(async (one) => (await produce(one, [{ value }])).status));
    expect(await outcomes('any')).toEqual([200, 200]);
    await setSchema(world, { type: 'integer' });
    expect(await outcomes('any')).toEqual([422, 200]);
    world.clock.advance(topicMaxAgeMs);
    expect(await outcomes('any')).toEqual([422, 422]);
    await setSchema(world, { type: 'string' });
    expect(await outcomes('any')).toEqual([200, 422]);
    await call(world, 'DELETE /v1/topics/orders/schema');
    world.clock.advance(topicMaxAgeMs);
    expect(await outcomes(1)).toEqual([200, 200]);
  });

  test('that a key has begun to append are not held against a schema that came since, others with that key are', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    const send = (records: readonly object[]) =>
      call(world, 'POST /v1/topics/orders/records', {
        json: { records },
        headers: { 'idempotency-key': 'order-7' },
      });
    const one = { value: 'old', partition: 0 };
    expect((await send([one])).status).toBe(200);
    await setSchema(world, { type: 'integer' });
    const again = await send([one]);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expectProblem(await send([{ ...one, value: 'other' }]), 422, 'idempotency_mismatch');
    const problem = expectProblem(await send([one, { value: 'more', partition: 1 }]), 422, 'schema_mismatch');
    expect(problem['errors']).toEqual([{ path: 'records[1].value', message: 'Must be of type integer.' }]);
    expect(await stored(world)).toBe(1);
  });

  test('cost a read for each version in each process, and no other', async () => {
    let reads = 0;
    const world = await newWorld(({ schemas }) => ({
      schemas: {
        put: (topicId, version) => schemas.put(topicId, version),
        list: (topicId) => schemas.list(topicId),
        get: (topicId, ref) => {
          reads += 1;
          return schemas.get(topicId, ref);
        },
      },
    }));
    await withTopic(world, 1);
    await produce(world, [{ value: 1 }]);
    expect(reads).toBe(0);
    await setSchema(world, { type: 'integer' });
    for (let round = 0; round < 3; round += 1) await produce(world, [{ value: round }]);
    expect(reads).toBe(1);
    world.clock.advance(3_600_000);
    await produce(world, [{ value: 1 }]);
    expect(reads).toBe(1);
  });

  test.each([
    ['a pattern that takes ever longer', { type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
    [
      'a schema within itself that is looked at twice at each step',
      {
        anyOf: [
          { properties: { n: { $ref: '#' } }, required: ['n', 'x'] },
          { properties: { n: { $ref: '#' } }, required: ['n', 'y'] },
        ],
      },
      Array.from({ length: 60 }).reduce<unknown>((inner) => ({ n: inner }), { n: 1 }),
    ],
  ])('end a check in time, whatever is in them: %s', async (_name, schema, value) => {
    const world = await makeWorld(schema);
    const before = performance.now();
    const problem = expectProblem(await produce(world, [{ value }]), 400, 'limit_exceeded');
    expect(problem).toMatchObject({ limit: 'schemaCheckMs', maximum: limits.schemaCheckMs });
    expect(performance.now() - before).toBeLessThan(limits.schemaCheckMs + 5000);
    expect(await stored(world)).toBe(0);
    expect((await produce(world, [{ value: typeof value === 'string' ? 'aa' : 1 }])).status).toBe(200);
  });

  test.each([
    ['{"valueOf":1}', { uniqueItems: true }, '[{"valueOf":1},{"valueOf":1}]', 422],
    ['a field that JavaScript has of itself', { type: 'object', required: ['constructor'] }, '{}', 422],
    ['a field of that name', { properties: { toString: { type: 'integer' } } }, '{}', 200],
    ['a number beyond all bounds', { type: 'number' }, '1e999', 422],
    [
      'a name that is given twice: the last counts',
      { properties: { a: { type: 'integer' } } },
      '{"a":"x","a":1}',
      200,
    ],
  ])('are what they are as JSON: %s', async (_name, schema, value, status) => {
    const world = await makeWorld(schema);
    const answer = await call(world, 'POST /v1/topics/orders/records', {
      body: `{"records":[{"value":${value}}]}`,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(status);
    if (status !== 200) expectProblem(answer, status, 'schema_mismatch');
  });
});
