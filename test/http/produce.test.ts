import { describe, expect, test } from 'vitest';
import { partitionForKey } from '../../lib/domain/records/partitioning.ts';
import { call, newWorld, produce, type World, withTopic } from './world.ts';

interface Result {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: string;
}

const results = async (world: World, records: readonly object[]): Promise<readonly Result[]> => {
  const answer = await produce(world, records);
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  return answer.json['results'] as Result[];
};

const stored = async (world: World, partition = 0): Promise<readonly Record<string, unknown>[]> => {
  const { json } = await call(world, `GET /v1/topics/orders/partitions/${partition}/records?offset=0`);
  return json['records'] as Record<string, unknown>[];
};

describe('records are answered', () => {
  test('in request order, whatever partitions they went to', async () => {
    const world = await newWorld();
    await withTopic(world, 4);
    const partitions = [3, 0, 3, 2, 0, 3];
    const answered = await results(
      world,
      partitions.map((partition, value) => ({ partition, value })),
    );
    expect(answered.map(({ partition, offset }) => [partition, offset])).toEqual([
      [3, 0],
      [0, 0],
      [3, 1],
      [2, 0],
      [0, 1],
      [3, 2],
    ]);
    expect((await stored(world, 3)).map(({ value }) => value)).toEqual([0, 2, 5]);
  });

  test('with the time of the append, or their own in UTC', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const answered = await results(world, [
      { value: 1 },
      { value: 2, timestamp: '2024-05-01T12:00:00.5+02:00' },
    ]);
    expect(answered.map(({ timestamp }) => timestamp)).toEqual([
      '2026-03-01T12:00:00.000Z',
      '2024-05-01T10:00:00.500Z',
    ]);
  });
});

describe('a record goes', () => {
  test('with its key to where Kafka would put it', async () => {
    const world = await newWorld();
    await withTopic(world, 7);
    const keys = ['', 'a', 'octokit/webhooks', 'schlüssel', '🔑', 'x'.repeat(1024)];
    const answered = await results(
      world,
      keys.map((key) => ({ key, value: key })),
    );
    expect(answered.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionForKey(key, 7)));
  });

  test('without a key to one partition for all of the request', async () => {
    const world = await newWorld();
    await withTopic(world, 16);
    const answered = await results(
      world,
      Array.from({ length: 50 }, (_, value) => ({ value })),
    );
    expect(new Set(answered.map(({ partition }) => partition)).size).toBe(1);
  });

  test('without a key to further partitions when one append cannot hold them all', async () => {
    const world = await newWorld();
    await withTopic(world, 4);
    const noise = Array.from({ length: 10 }, (_, n) =>
      Buffer.from(world.deps.random.bytes(75_000 + n)).toString('base64'),
    );
    const answered = await results(
      world,
      noise.map((valueBase64) => ({ valueBase64 })),
    );
    const used = new Map<number, number>();
    for (const { partition } of answered) used.set(partition, (used.get(partition) ?? 0) + 1);
    expect([...used.values()]).toEqual([3, 3, 3, 1]);
  });

  test('to the partition that it names, though it has a key', async () => {
    const world = await newWorld();
    await withTopic(world, 4);
    const other = (partitionForKey('a', 4) + 1) % 4;
    expect(await results(world, [{ key: 'a', value: 1, partition: other }])).toMatchObject([
      { partition: other },
    ]);
  });
});

describe('a record comes back', () => {
  test('with all that it was given', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const record = { key: 'k', value: { a: [1, null, 'ü'] }, headers: { event: 'push', Empty: '' } };
    await results(world, [record]);
    const place = { partition: 0, offset: 0, timestamp: '2026-03-01T12:00:00.000Z' };
    expect(await stored(world)).toEqual([{ ...place, ...record }]);
  });

  test.each([null, false, 0, '', [], {}])('with the value %j', async (value) => {
    const world = await newWorld();
    await withTopic(world, 1);
    await results(world, [{ value }]);
    expect(await stored(world)).toMatchObject([{ value }]);
  });

  test.each(['', 'AA==', 'AAE=', 'AAEC', '+/+/'])('with the bytes %j', async (valueBase64) => {
    const world = await newWorld();
    await withTopic(world, 1);
    await results(world, [{ valueBase64 }]);
    expect(await stored(world)).toEqual([expect.objectContaining({ valueBase64 })]);
  });

  test('without what was null, which is as if it had been left out', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const absent = { key: null, valueBase64: null, headers: null, timestamp: null, partition: null };
    await results(world, [
      { value: null, ...absent },
      { ...absent, valueBase64: 'AA==' },
    ]);
    const place = { partition: 0, timestamp: '2026-03-01T12:00:00.000Z' };
    expect(await stored(world)).toEqual([
      { ...place, offset: 0, value: null },
      { ...place, offset: 1, valueBase64: 'AA==' },
    ]);
  });

  test('with when it was appended, where it brings a time of its own', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const now = '2026-03-01T12:00:00.000Z';
    await results(world, [
      { value: 1, timestamp: '2030-01-01T00:00:00Z' },
      { value: 2, timestamp: now },
    ]);
    expect(await stored(world)).toEqual([
      { partition: 0, offset: 0, timestamp: '2030-01-01T00:00:00.000Z', appendedAt: now, value: 1 },
      { partition: 0, offset: 1, timestamp: now, value: 2 },
    ]);
  });

  test.each([
    ['integer-like names', '{"b":1,"10":3,"a":2,"1":{"2":0,"1":0}}'],
    ['escapes', '"\\u0041\\/\\u00e9\\n\\ud83d\\ude00\\u0000"'],
    ['small and large numbers', '[0.0000001,1e-7,1E+2,-0.0,100000000000000000000000,1.0e0]'],
    ['names that come again', '{"a":1,"a":2,"\\u0061":3}'],
    ['white space', '[ 1,\n\t{ "a" : "b" } ]'],
  ])('with the very bytes of its value and headers: %s', async (_what, value) => {
    const world = await newWorld();
    await withTopic(world, 1);
    const given = '{"b": "1","10":"\\u0041é","a":"\\/"}';
    const body = `{"records" : [ { "headers" :${given} , "value" : ${value} } ] }`;
    const answer = await call(world, 'POST /v1/topics/orders/records', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
    const fetched = await call(world, 'GET /v1/topics/orders/partitions/0/records');
    expect(fetched.headers.get('content-type')).toBe('application/json');
    expect(fetched.text).toBe(
      `{"records":[{"partition":0,"offset":0,"timestamp":"2026-03-01T12:00:00.000Z","value":${value},"headers":${given}}],"nextOffset":1,"startOffset":0,"endOffset":1}`,
    );
  });

  test('with every digit of its numbers', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const numbers = '[12345678901234567890,12345678901234.567,0.10,1.0,1e400,-0,{"id":9007199254740993}]';
    const headers = { 'content-type': 'application/json' };
    const body = `{"records":[{"value":${numbers}}]}`;
    expect((await call(world, 'POST /v1/topics/orders/records', { body, headers })).status).toBe(200);
    const { text } = await call(world, 'GET /v1/topics/orders/partitions/0/records');
    expect(text).toContain(`"value":${numbers}`);
  });

  test('with the name __proto__ in its value and headers', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const record = '"value":{"__proto__":{"a":1}},"headers":{"__proto__":"b"}';
    const headers = { 'content-type': 'application/json; charset=UTF-8', 'content-encoding': 'Identity' };
    await call(world, 'POST /v1/topics/orders/records', { body: `{"records":[{${record}}]}`, headers });
    const { text } = await call(world, 'GET /v1/topics/orders/partitions/0/records');
    expect(text).toContain(record);
  });
});

test('partition and expectedOffset are taken however the whole number is written', async () => {
  const world = await newWorld();
  await withTopic(world, 8);
  const body = '{"records":[{"value":"1","partition":5.00}],"expectedOffset":0e1}';
  const headers = { 'content-type': 'application/json' };
  const answer = await call(world, 'POST /v1/topics/orders/records', { body, headers });
  expect(answer.json['results']).toEqual([expect.objectContaining({ partition: 5, offset: 0 })]);
});

describe('expectedOffset', () => {
  const at = (world: World, expectedOffset: unknown, records: readonly object[]) =>
    call(world, 'POST /v1/topics/orders/records', { json: { records, expectedOffset } });

  test('lets the append happen there', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    expect(
      (
        await at(world, 0, [
          { partition: 1, value: 1 },
          { partition: 1, value: 2 },
        ])
      ).status,
    ).toBe(200);
    expect((await at(world, 2, [{ partition: 1, value: 3 }])).json['results']).toMatchObject([{ offset: 2 }]);
  });

  test('is answered 412 with the real end offset when the partition ends elsewhere', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await produce(world, [{ value: 1 }, { value: 2 }]);
    const answer = await at(world, 1, [{ value: 3 }]);
    expect(answer.status).toBe(412);
    expect(answer.json).toMatchObject({ code: 'offset_mismatch', partition: 0, endOffset: 2 });
    expect(await stored(world)).toHaveLength(2);
  });

  test.each([
    [
      'records of several partitions',
      [
        { partition: 0, value: 1 },
        { partition: 1, value: 1 },
      ],
    ],
    ['a record with only a key', [{ key: 'a', value: 1 }]],
    ['a record of no partition among others', [{ partition: 0, value: 1 }, { value: 1 }]],
  ])('is refused for %s', async (_what, records) => {
    const world = await newWorld();
    await withTopic(world, 2);
    const answer = await at(world, 0, records);
    expect(answer.status).toBe(400);
    expect(answer.json['errors']).toEqual([
      { path: 'expectedOffset', message: expect.stringContaining('same partition') },
    ]);
  });

  test.each([-1, 1.5, '0', null, 2 ** 53])('is refused as %j', async (expectedOffset) => {
    const world = await newWorld();
    await withTopic(world, 1);
    const answer = await at(world, expectedOffset, [{ value: 1 }]);
    expect(answer.json).toMatchObject({ status: 400, errors: [{ path: 'expectedOffset' }] });
  });
});
