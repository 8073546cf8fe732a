import { describe, expect, test } from 'vitest';
import { limits } from '../../lib/domain/limits.ts';
import { call, expectProblem, newWorld, produce, withTopic } from './world.ts';

const path = 'POST /v1/topics/orders/records';
const json = { 'content-type': 'application/json' };

const oneTopic = async () => {
  const world = await newWorld();
  await withTopic(world, 2);
  return world;
};

/** Compresses to nothing, so that only the limit on records can refuse it. */
const text = (bytes: number): string => 'x'.repeat(bytes);

describe('a request is refused, and says where it is wrong, when', () => {
  test.each([
    ['it is no object', [1], 'records', /at least one record/],
    ['it has no records', {}, 'records', /at least one record/],
    ['its records are no list', { records: {} }, 'records', /at least one record/],
    ['its records are none', { records: [] }, 'records', /at least one record/],
    ['it has an unknown field', { records: [{ value: 1 }], acks: 'all' }, 'acks', /Unknown field/],
    ['a record is no object', { records: [{ value: 1 }, 7] }, 'records[1]', /object/],
    ['a record is a list', { records: [[]] }, 'records[0]', /object/],
    [
      'a record has an unknown field',
      { records: [{ value: 1, Key: 'a' }] },
      'records[0].Key',
      /Known are key/,
    ],
    [
      'a record claims an offset',
      { records: [{ value: 1, offset: 3 }] },
      'records[0].offset',
      /Unknown field/,
    ],
    ['a record has no value', { records: [{ key: 'a' }] }, 'records[0]', /either value .* or valueBase64/],
    ['a record has two values', { records: [{ value: 1, valueBase64: 'AA==' }] }, 'records[0]', /either/],
    ['a key is a number', { records: [{ key: 1, value: 1 }] }, 'records[0].key', /string/],
    ['a key is half a character', { records: [{ key: '\ud800', value: 1 }] }, 'records[0].key', /Unicode/],
    ['headers are a list', { records: [{ value: 1, headers: ['a'] }] }, 'records[0].headers', /object/],
    [
      'a header is a number',
      { records: [{ value: 1, headers: { a: 1 } }] },
      'records[0].headers.a',
      /string/,
    ],
    [
      'a header breaks the line',
      { records: [{ value: 1, headers: { a: 'b\r\nc' } }] },
      'records[0].headers.a',
      /control/,
    ],
    [
      'the name of a header has a control character',
      { records: [{ value: 1, headers: { 'a\t': 'b' } }] },
      'records[0].headers.a\t',
      /control/,
    ],
    [
      'the name of a header is empty',
      { records: [{ value: 1, headers: { '': 'b' } }] },
      'records[0].headers.',
      /not empty/,
    ],
    ['base64 has no padding', { records: [{ valueBase64: 'AA' }] }, 'records[0].valueBase64', /padding/],
    [
      'base64 is of the URL alphabet',
      { records: [{ valueBase64: '-_-_' }] },
      'records[0].valueBase64',
      /standard/,
    ],
    [
      'base64 has stray bits',
      { records: [{ valueBase64: 'AB==' }] },
      'records[0].valueBase64',
      /bits that belong to no byte/,
    ],
    [
      'base64 has stray bits in its last but one',
      { records: [{ valueBase64: 'AAEC/x==' }] },
      'records[0].valueBase64',
      /bits that belong to no byte/,
    ],
    [
      'base64 has a line break',
      { records: [{ valueBase64: 'AAEC\nAAE' }] },
      'records[0].valueBase64',
      /base64/,
    ],
    ['base64 is no string', { records: [{ valueBase64: 1 }] }, 'records[0].valueBase64', /base64/],
    ['its only value is base64 of null', { records: [{ valueBase64: null }] }, 'records[0]', /either value/],
    ['its records are null', { records: null }, 'records', /at least one record/],
    ['a record is null', { records: [null] }, 'records[0]', /object/],
    ['a header is null', { records: [{ value: 1, headers: { a: null } }] }, 'records[0].headers.a', /string/],
    [
      'a timestamp has no offset',
      { records: [{ value: 1, timestamp: '2024-05-01T12:00:00' }] },
      'records[0].timestamp',
      /ISO 8601/,
    ],
    [
      'a timestamp is a number',
      { records: [{ value: 1, timestamp: 1714564800000 }] },
      'records[0].timestamp',
      /ISO 8601/,
    ],
    [
      'a timestamp is no day',
      { records: [{ value: 1, timestamp: '2023-02-29T12:00:00Z' }] },
      'records[0].timestamp',
      /ISO 8601/,
    ],
    [
      'a partition is negative',
      { records: [{ value: 1, partition: -1 }] },
      'records[0].partition',
      /whole number/,
    ],
    [
      'a partition is text',
      { records: [{ value: 1, partition: '1' }] },
      'records[0].partition',
      /whole number/,
    ],
    [
      'a partition is not there',
      { records: [{ value: 1 }, { value: 1, partition: 2 }] },
      'records[1].partition',
      /2 partitions, from 0 to 1/,
    ],
  ])('%s', async (_what, body, at, message) => {
    const world = await oneTopic();
    const problem = expectProblem(await call(world, path, { json: body }), 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path: at, message: expect.stringMatching(message) }]);
    expect((await call(world, 'GET /v1/topics/orders/partitions/0/records')).json['endOffset']).toBe(0);
  });

  test.each([
    ['headers', '{"value":1,"headers":12345678901234567890}', 'records[0].headers', /object/],
    ['a header', '{"value":1,"headers":{"a":12345678901234567890}}', 'records[0].headers.a', /string/],
    ['a record', '12345678901234567890', 'records[0]', /object/],
    ['a partition', '{"value":1,"partition":12345678901234567890}', 'records[0].partition', /whole number/],
  ])('a number of many digits for %s', async (_what, record, at, message) => {
    const body = `{"records":[${record}]}`;
    const answer = await call(await oneTopic(), path, { body, headers: json });
    const problem = expectProblem(answer, 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path: at, message: expect.stringMatching(message) }]);
  });

  test.each([
    ['records', '{"records":[{"value":1}],"records":[{"value":1}]}', 'records'],
    ['expectedOffset', '{"expectedOffset":0,"records":[{"value":1}],"expectedOffset":0}', 'expectedOffset'],
    ['key', '{"records":[{"key":"a","value":1,"key":"a"}]}', 'records[0].key'],
    ['value', '{"records":[{"value":null,"value":null}]}', 'records[0].value'],
    ['valueBase64', '{"records":[{"valueBase64":"","valueBase64":""}]}', 'records[0].valueBase64'],
    ['headers', '{"records":[{"headers":null,"value":1,"headers":{"a":"b"}}]}', 'records[0].headers'],
    ['partition', '{"records":[{"partition":1,"value":1,"partition":null}]}', 'records[0].partition'],
    ['timestamp', '{"records":[{"timestamp":null,"value":1,"timestamp":null}]}', 'records[0].timestamp'],
    ['value by an escape', '{"records":[{"value":1,"\\u0076alue":2}]}', 'records[0].value'],
    [
      'a header',
      '{"records":[{"value":1,"headers":{"a":"b","c":"d","\\u0061":"b"}}]}',
      'records[0].headers.a',
    ],
  ])('a field is there twice: %s', async (_what, body, at) => {
    const problem = expectProblem(
      await call(await oneTopic(), path, { body, headers: json }),
      400,
      'invalid_request',
    );
    expect(problem['errors']).toEqual([{ path: at, message: expect.stringMatching(/twice/) }]);
  });

  test.each([
    ['a key', '"key":"\\ud800"', 'records[0].key'],
    ['the name of a header', '"headers":{"a":"b","\\udc00":"b"}', 'records[0].headers'],
    ['a header', '"headers":{"a":"b","c":"x\\ud800x"}', 'records[0].headers.c'],
    ['a value', '"value":"\\ud83d"', 'records[0].value'],
    ['a string in a value', '"value":[{"a":"\\ude00\\ud83d"}]', 'records[0].value'],
    ['a name in a value', '"value":{"\\ud800":1}', 'records[0].value'],
    ['a timestamp', '"timestamp":"\\ud800"', 'records[0].timestamp'],
    ['an unknown field', '"\\ud800":1', 'records[0]'],
  ])('half of a surrogate pair is in %s', async (_what, field, at) => {
    const body = `{"records":[{${field}}]}`;
    const problem = expectProblem(
      await call(await oneTopic(), path, { body, headers: json }),
      400,
      'invalid_request',
    );
    expect(problem['errors']).toEqual([
      { path: at, message: expect.stringMatching(/Half of a surrogate pair.* at byte/) },
    ]);
  });

  test.each([
    ['{"records":[{"value":1}]', '', 'The text ends where "," or "}" is expected, at byte 24.'],
    ['{"records":[{"value":1} {"value":2}]}', 'records', 'Expected "," or "]" at byte 24.'],
    ['{"records":[{"value":1},{"value":2 "key":"k"}]}', 'records[1]', 'Expected "," or "}" at byte 35.'],
    ['{"records":[{"value":{"a":01}}]}', 'records[0].value', 'Expected "," or "}" at byte 27.'],
    ['{"records":[{"value":1,"key":"a}]}', 'records[0].key', /closing quote is expected, at byte 34/],
    ['{"records":[{"value":1}],"x":nul}', 'x', 'Expected a value at byte 29.'],
    ['{"records":[{"value":1}]}]', '', 'Expected the end of the text at byte 25.'],
  ])('it is no JSON, and says where and what was expected: %s', async (body, at, message) => {
    const problem = expectProblem(
      await call(await oneTopic(), path, { body, headers: json }),
      400,
      'invalid_request',
    );
    const expected = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(problem['errors']).toContainEqual({ path: at, message: expected });
    expect(problem['detail']).toBe('The body is not JSON. Nothing was written.');
  });

  test('several things are wrong: all of them are told, up to twenty', async () => {
    const world = await oneTopic();
    const two = expectProblem(
      await produce(world, [{ key: 1 }, { value: 1 }, { valueBase64: '!' }]),
      400,
      'invalid_request',
    );
    expect((two['errors'] as { path: string }[]).map((error) => error.path)).toEqual([
      'records[0].key',
      'records[0]',
      'records[2].valueBase64',
    ]);
    const many = await produce(
      world,
      Array.from({ length: 500 }, () => ({})),
    );
    expect(expectProblem(many, 400, 'invalid_request')['errors']).toHaveLength(20);
  });

  test.each([
    '',
    '{',
    '{"records":[{"value":1}]',
    'null',
    '"x"',
    '{"records":[{"value":01}]}',
    '{records:[]}',
  ])('its body is %j', async (body) => {
    expectProblem(await call(await oneTopic(), path, { body, headers: json }), 400, 'invalid_request');
  });

  test('its body is not UTF-8', async () => {
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    const problem = expectProblem(
      await call(await oneTopic(), path, { body, headers: json }),
      400,
      'invalid_request',
    );
    expect(problem['detail']).toContain('UTF-8');
  });

  test('it has a query', async () => {
    const answer = await call(await oneTopic(), `${path}?key=a`, { json: { records: [{ value: 1 }] } });
    expect(expectProblem(answer, 400, 'invalid_request')['errors']).toMatchObject([{ path: 'key' }]);
  });

  test('there is no such topic', async () => {
    expectProblem(await produce(await newWorld(), [{ value: 1 }]), 404, 'topic_not_found');
  });
});

describe('a body that is not JSON is refused with what is accepted:', () => {
  test.each([[{ 'content-type': 'application/json; charset=utf-16' }]])('%j', async (headers) => {
    const body = new TextEncoder().encode('{"records":[{"value":1}]}');
    const problem = expectProblem(
      await call(await oneTopic(), path, { body, headers }),
      415,
      'unsupported_media_type',
    );
    expect(problem['accepted']).toEqual(['application/json']);
  });
});

describe('the limit', () => {
  test.each([
    ['recordKeyBytes', 413, 'too_large', { key: 'ü'.repeat(513), value: 1 }, 'records[0].key'],
    [
      'recordHeadersBytes',
      413,
      'too_large',
      { value: 1, headers: { a: text(8 * 1024) } },
      'records[0].headers',
    ],
    ['recordBytes', 413, 'too_large', { value: text(256 * 1024) }, 'records[0]'],
    ['recordBytes', 413, 'too_large', { valueBase64: 'A'.repeat(256 * 1024) }, 'records[0]'],
  ] as const)('%s is enforced and named', async (limit, status, code, record, at) => {
    const problem = expectProblem(await produce(await oneTopic(), [record]), status, code);
    expect(problem).toMatchObject({ limit, maximum: limits[limit], errors: [{ path: at }] });
    expect(problem['detail']).toContain(limit);
  });

  test('of every part of a record is just reached', async () => {
    const world = await oneTopic();
    const key = 'k'.repeat(1024);
    expect((await produce(world, [{ key, value: 1, headers: { ab: text(8 * 1024 - 2) } }])).status).toBe(200);
    expect((await produce(world, [{ value: text(256 * 1024 - '{"v":""}'.length) }])).status).toBe(200);
    expectProblem(
      await produce(world, [{ value: text(256 * 1024 - '{"v":""}'.length + 1) }]),
      413,
      'too_large',
    );
  });

  test('recordHeadersBytes counts what headers say, however they are written', async () => {
    const world = await oneTopic();
    const withHeader = (written: string) =>
      call(world, path, {
        body: `{"records":[{"value":1,"headers":{"\\u0061":"${written}"}}]}`,
        headers: json,
      });
    for (const [unit, most] of [
      ['x', 8191],
      ['\\u0041', 8191],
      ['\\u00fc', 4095],
      ['ü', 4095],
      ['\\\\', 8191],
    ] as const) {
      expect((await withHeader(unit.repeat(most))).status).toBe(200);
      expectProblem(await withHeader(unit.repeat(most + 1)), 413, 'too_large');
    }
    expect((await withHeader('C:\\\\new\\u00e9')).status).toBe(200);
    for (const control of ['\\n', '\\u0000', '\\u001F', '\\u007f', '\u007f', '\\\\\\t'])
      expectProblem(await withHeader(control), 400, 'invalid_request');
  });

  test('ends the reading where it is exceeded, whatever follows', async () => {
    const world = await oneTopic();
    const afterwards = async (records: string, limit: string) => {
      const { json: problem } = await call(world, path, {
        body: `{"records":[${records} and no JSON`,
        headers: json,
      });
      expect(problem).toMatchObject({ limit });
    };
    await afterwards('{"value":1},'.repeat(1001), 'requestRecords');
    await afterwards(`{"value":"${text(256 * 1024)}"},`, 'recordBytes');
    await afterwards(`{"key":"${text(1025)}"`, 'recordKeyBytes');
    await afterwards(`{"headers":{"${text(8193)}":""}`, 'recordHeadersBytes');
    const headers = Array.from({ length: 101 }, (_, index) => `"h${index}":""`).join(',');
    await afterwards(`{"headers":{${headers}`, 'recordHeaders');
    await afterwards(`{"value":${'['.repeat(101)}`, 'jsonDepth');
    const unknown = Array.from({ length: 20 }, (_, index) => `"x${index}":1`).join(',');
    const many = await call(world, path, { body: `{"records":[{${unknown} and no JSON`, headers: json });
    expect(many.json['errors']).toHaveLength(20);
  });

  test('recordHeaders is enforced and named', async () => {
    const world = await oneTopic();
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, '']));
    expect((await produce(world, [{ value: 1, headers: many(100) }])).status).toBe(200);
    const problem = expectProblem(
      await produce(world, [{ value: 1, headers: many(101) }]),
      400,
      'limit_exceeded',
    );
    expect(problem).toMatchObject({
      limit: 'recordHeaders',
      maximum: 100,
      errors: [{ path: 'records[0].headers' }],
    });
  });

  test('requestRecords is enforced and named', async () => {
    const world = await oneTopic();
    const records = Array.from({ length: 1001 }, (_, value) => ({ value }));
    const problem = expectProblem(await produce(world, records), 400, 'limit_exceeded');
    expect(problem).toMatchObject({ limit: 'requestRecords', maximum: 1000 });
    expect((await produce(world, records.slice(1))).status).toBe(200);
  });

  test('jsonDepth is enforced and named, however deep', async () => {
    const world = await oneTopic();
    const nested = (depth: number, leaf: string) => {
      const body = `{"records":[{"value":${'['.repeat(depth)}${leaf}${']'.repeat(depth)}}]}`;
      return call(world, path, { body, headers: json });
    };
    for (const leaf of ['1', '12345678901234567890']) expect((await nested(100, leaf)).status).toBe(200);
    for (const [depth, leaf] of [
      [101, '1'],
      [5000, '12345678901234567890'],
      [100_000, '12345678901234567890'],
      [2_000_000, '1'],
      [2_490_000, ''],
    ] as const) {
      const problem = expectProblem(await nested(depth, leaf), 400, 'limit_exceeded');
      expect(problem).toMatchObject({ limit: 'jsonDepth', maximum: 100 });
    }
  });

  test('batchBytes on the records of one partition is enforced and named', async () => {
    const world = await oneTopic();
    const noise = () => Buffer.from(world.deps.random.bytes(130_000)).toString('base64');
    const records = [1, 2, 3].map(() => ({ valueBase64: noise(), partition: 0 }));
    for (const others of [[], [{ value: 1, partition: 1 }]]) {
      const problem = expectProblem(await produce(world, [...records, ...others]), 413, 'too_large');
      expect(problem).toMatchObject({
        limit: 'batchBytes',
        detail: expect.stringContaining('Nothing was written'),
      });
      expect(problem).not.toHaveProperty('results');
    }
    const { json: read } = await call(world, 'GET /v1/topics/orders/partitions');
    expect(read['partitions']).toMatchObject([{ endOffset: 0 }, { endOffset: 0 }]);
  });

  test('batchBytes is for what the records take when they are compressed', async () => {
    const world = await oneTopic();
    const records = [0, 0, 1, 1].map((partition) => ({ value: text(200_000), partition }));
    expect((await produce(world, records)).status).toBe(200);
  });

  test('requestBytes is enforced while the body comes in, whatever it says of its length', async () => {
    const world = await oneTopic();
    let sent = 0;
    const tooLong = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          sent += 65_536;
          controller.enqueue(new Uint8Array(65_536).fill(0x20));
          if (sent > 2 * limits.requestBytes) controller.close();
        },
      });
    for (const headers of [json, { ...json, 'content-length': '10' }]) {
      sent = 0;
      const problem = expectProblem(await call(world, path, { body: tooLong(), headers }), 413, 'too_large');
      expect(problem).toMatchObject({ limit: 'requestBytes', maximum: 5_000_000 });
      expect(sent).toBeLessThan(limits.requestBytes + 5 * 65_536);
    }
  });

  test('requestBytes refuses what says that it is too long without reading it', async () => {
    const headers = { ...json, 'content-length': String(limits.requestBytes + 1) };
    expectProblem(await call(await oneTopic(), path, { body: '{}', headers }), 413, 'too_large');
  });

  test('requestBytes is just reached', async () => {
    const body = '{"records":[{"value":1}]}'.padEnd(limits.requestBytes);
    expect((await call(await oneTopic(), path, { body, headers: json })).status).toBe(200);
  });

  test.each([
    ['quotes', (count: number) => JSON.stringify('"'.repeat(Math.floor(count / 3)))],
    ['backslashes', (count: number) => JSON.stringify('\\'.repeat(Math.floor(count / 4)))],
    ['line breaks', (count: number) => `[${'\n'.repeat(count / 2)}0]`],
  ])('eventBodyBytes is just reached, and not exceeded, by %s', async (_what, valueOfSize) => {
    const bodyOf = (escaped: number): string => {
      const records = Array.from({ length: 20 }, (_, partition) => {
        const value = valueOfSize(200_000);
        return `{"partition":${partition},"value":${value}}`;
      });
      const body = `{"records":[${records.join()}]}`;
      const size = JSON.stringify(body).length - 2;
      // Blanks take one byte, pairs of quotes in a value as many as its record has room for.
      return body.padEnd(body.length + Math.max(0, escaped - size));
    };
    const world = await newWorld();
    await withTopic(world, 20);
    const fits = bodyOf(limits.eventBodyBytes);
    expect(JSON.stringify(fits).length - 2).toBe(limits.eventBodyBytes);
    expect(Buffer.byteLength(fits)).toBeLessThanOrEqual(limits.requestBytes);
    expect((await call(world, path, { body: fits, headers: json })).status).toBe(200);
    const answer = await call(world, path, { body: `${fits} `, headers: json });
    const problem = expectProblem(answer, 413, 'too_large');
    expect(problem).toMatchObject({ limit: 'eventBodyBytes', maximum: limits.eventBodyBytes });
    expect(problem['detail']).toContain('Send it in two requests');
  });
});
