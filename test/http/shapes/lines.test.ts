import { describe, expect, test } from 'vitest';
import { Problem } from '../../../lib/domain/errors.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { partitionForKey } from '../../../lib/domain/records/partitioning.ts';
import {
  type Answer,
  type AppDeps,
  adminKey,
  call,
  expectProblem,
  newWorld,
  type World,
  withTopic,
} from '../world.ts';

const send = (world: World, body: string | Uint8Array<ArrayBuffer>, type = 'application/x-ndjson') =>
  call(world, 'POST /v1/topics/orders/records', { body, headers: { 'content-type': type } });

const stored = async (world: World, partition = 0, query = 'offset=0&limit=1000') => {
  const { json } = await call(world, `GET /v1/topics/orders/partitions/${partition}/records?${query}`);
  return json['records'] as readonly Readonly<Record<string, unknown>>[];
};

const oneTopic = async (partitions = 1): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, partitions);
  return world;
};

interface AppendTold {
  readonly outcome: string;
  readonly partition: number;
  readonly offset?: number;
  readonly code?: string;
  readonly records: number;
  readonly lines: string;
}

const appendsIn = (answer: Answer) => answer.json['appends'] as readonly AppendTold[];

/** The numbers that `1-3,7` stands for. */
const numbersIn = (lines: string): readonly number[] =>
  lines.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, step) => from + step);
  });

describe('lines of records', () => {
  test.each([
    'application/x-ndjson',
    'application/ndjson; charset=utf-8',
    'application/jsonl',
    'Application/X-JSONLines',
  ])('are taken as %s, a record a line, and answered in their order', async (type) => {
    const world = await oneTopic(4);
    const answer = await send(world, '{"partition":3,"value":"a"}\n{"key":"k","value":{"b":1}}\n', type);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json['results']).toMatchObject([
      { partition: 3, offset: 0 },
      { partition: partitionForKey('k', 4), offset: 0 },
    ]);
  });

  test.each([
    ['without a last line break', '{"value":1}\n{"value":2}'],
    ['with CR LF', '{"value":1}\r\n{"value":2}\r\n'],
    ['with blank lines between them', '\n\r\n{"value":1}\n \t\r\n\n{"value":2}\n\n'],
    ['behind a byte order mark', '\ufeff{"value":1}\n{"value":2}\n'],
    ['with white space around them', '  {"value":1} \n\t{ "value" : 2 }\r\n'],
  ])('may come %s', async (_how, body) => {
    const world = await oneTopic();
    expect((await send(world, body)).json['results']).toHaveLength(2);
    expect((await stored(world)).map(({ value }) => value)).toEqual([1, 2]);
  });

  test('keep every field', async () => {
    const world = await oneTopic();
    const record = { key: 'k', value: { text: 'Grüße 🌊' }, headers: { event: 'push' } };
    const bytes = { valueBase64: 'AAE=', timestamp: '2024-05-01T12:00:00.000Z' };
    await send(world, `${JSON.stringify(record)}\n${JSON.stringify(bytes)}`);
    expect(await stored(world)).toMatchObject([record, bytes]);
  });

  test('may be those of a fetch or an export: offset and appendedAt are passed over', async () => {
    const world = await oneTopic(2);
    const lines = [
      '{"partition":1,"offset":41,"timestamp":"2024-05-01T12:00:00.000Z","appendedAt":"2024-05-02T12:00:00.000Z","value":1}',
      '{"partition":1,"offset":7,"timestamp":"2024-05-01T12:00:00.000Z","key":"k","value":2}',
    ];
    expect((await send(world, lines.join('\n'))).json['results']).toMatchObject([
      { partition: 1, offset: 0, timestamp: '2024-05-01T12:00:00.000Z' },
      { partition: 1, offset: 1 },
    ]);
    const again = (await stored(world, 1)).map((record) => JSON.stringify(record)).join('\n');
    expect((await send(world, again)).json['results']).toMatchObject([{ offset: 2 }, { offset: 3 }]);
    expect((await stored(world, 1)).map(({ value }) => value)).toEqual([1, 2, 1, 2]);
  });
});

describe('what is wrong in lines', () => {
  test.each([
    ['{"value":1}\n\n{"value":}\n', 'line 3.value', /at byte 9\.$/],
    ['{"value":1}\n{"value":2', 'line 2', /^The text ends where/],
    ['{"value":1} {"value":2}\n', 'line 1', /^Expected the end of the text/],
    ['{"value":1}\n[]\n', 'line 2', /^A record is an object\.$/],
    ['{"value":1}\n{"key":"k"}\n', 'line 2', /^Give either value/],
    ['{"value":1}\n{"value":1,"colour":"red"}\n', 'line 2.colour', /^Unknown field/],
    ['{"value":1,"records":[{"value":1}]}\n', 'line 1.records', /^Unknown field\. Known are key, value/],
    ['{"value":1}\n{"value":1,"partition":9}\n', 'line 2.partition', /has 1 partitions/],
    ['{"value":1}\n{"key":7,"value":1}\n', 'line 2.key', /^A key is a string\.$/],
    ['{"value":1}\n{"value":"\\ud800"}\n', 'line 2.value', /surrogate|character/],
    ['', '', /^Give at least one record/],
    [' \n\r\n', '', /^Give at least one record/],
  ])('%j is told with its line', async (body, path, message) => {
    const world = await oneTopic();
    const problem = expectProblem(await send(world, body), 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path, message: expect.stringMatching(message) }]);
    expect(problem['detail']).toContain(path === 'line 2.partition' ? 'partitions' : path);
    expect(problem['detail']).toMatch(/Nothing was written\.$/);
    expect(await stored(world)).toEqual([]);
  });

  test('is told of every line, the first twenty of them', async () => {
    const world = await oneTopic();
    const lines = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? '{"value":1}' : '{"value"'));
    const problem = expectProblem(await send(world, lines.join('\n')), 400, 'invalid_request');
    const errors = problem['errors'] as readonly { path: string }[];
    expect(errors.map(({ path }) => path)).toEqual(Array.from({ length: 20 }, (_, n) => `line ${2 * n + 2}`));
  });

  test.each([
    [`{"value":"${'x'.repeat(limits.recordBytes)}"}`, 413, 'too_large', 'recordBytes'],
    [`{"key":"${'k'.repeat(1025)}","value":1}`, 413, 'too_large', 'recordKeyBytes'],
    [`{"value":${'['.repeat(101)}${']'.repeat(101)}}`, 400, 'limit_exceeded', 'jsonDepth'],
  ])('%.20s… exceeds a limit, and its line is named', async (line, status, code, limit) => {
    const world = await oneTopic();
    const problem = expectProblem(await send(world, `{"value":1}\n${line}\n`), status, code);
    expect(problem).toMatchObject({ limit, errors: [{ path: expect.stringMatching(/^line 2/) }] });
    expect(await stored(world)).toEqual([]);
  });

  test('that is not UTF-8 is refused with its line', async () => {
    const world = await oneTopic();
    const body = Buffer.from([...Buffer.from('{"value":1}\n{"value":"'), 0xe4, ...Buffer.from('"}')]);
    const problem = expectProblem(await send(world, Uint8Array.from(body)), 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path: 'line 2', message: 'This is not UTF-8.' }]);
  });

  test('another charset is not taken', async () => {
    const world = await oneTopic();
    const type = 'application/x-ndjson; charset=utf-16';
    expectProblem(await send(world, '{"value":1}', type), 415, 'unsupported_media_type');
  });
});

describe('lines of more than one append', () => {
  const count = 40_000;
  /** Five megabytes, less a bit. */
  const many = (record: (index: number) => object): string =>
    Array.from({ length: count }, (_, index) => JSON.stringify(record(index))).join('\n');

  test('five megabytes to one partition are there in their order, and the answer says where each append is', async () => {
    const world = await oneTopic();
    const body = many((index) => ({ value: { number: index, text: 'x'.repeat(80) } }));
    expect(body.length).toBeGreaterThan(4_500_000);
    const answer = await send(world, body);
    expect(answer).toMatchObject({ status: 200, json: { records: count } });
    expect(answer.json).not.toHaveProperty('results');
    let next = 0;
    for (const { outcome, partition, offset, records, lines } of appendsIn(answer)) {
      expect({ outcome, partition, offset, lines }).toEqual({
        outcome: 'written',
        partition: 0,
        offset: next,
        lines: `${next + 1}-${next + records}`,
      });
      next += records;
    }
    expect(next).toBe(count);
    for (const offset of [0, 12_345, count - 1]) {
      const [record] = await stored(world, 0, `offset=${offset}&limit=1`);
      expect(record).toMatchObject({ offset, value: { number: offset } });
    }
  });

  test('each line of several partitions is where the answer says', async () => {
    const world = await oneTopic(3);
    const answer = await send(
      world,
      many((index) => ({ key: `k${index % 50}`, value: index })),
    );
    const places = appendsIn(answer).flatMap(({ partition, offset = 0, lines }) =>
      numbersIn(lines).map((line, position) => ({ partition, offset: offset + position, line })),
    );
    expect(places.map(({ line }) => line).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, index) => index + 1),
    );
    for (const { partition, offset, line } of places.filter((_, index) => index % 4_001 === 0)) {
      const [record] = await stored(world, partition, `offset=${offset}&limit=1`);
      expect(record).toMatchObject({ value: line - 1 });
    }
  });

  test('those without a key go round the partitions, an append each', async () => {
    const world = await oneTopic(4);
    const body = Array.from({ length: 6_500 }, (_, index) => `{"value":${index}}`).join('\n');
    const partitions = appendsIn(await send(world, body)).map(({ partition, records }) => [
      partition,
      records,
    ]);
    const counts = new Map<number, number>();
    for (const [partition = -1, records = 0] of partitions)
      counts.set(partition, (counts.get(partition) ?? 0) + records);
    expect([...counts.values()].toSorted((a, b) => a - b)).toEqual([1000, 1500, 2000, 2000]);
  });

  test('up to a thousand are answered one by one, and one more by appends', async () => {
    const world = await oneTopic();
    const lines = (length: number) => Array.from({ length }, () => '{"value":1}').join('\n');
    expect((await send(world, lines(1000))).json['results']).toHaveLength(1000);
    const answer = await send(world, lines(1001));
    expect(appendsIn(answer).map(({ lines: held }) => held)).toEqual(['1-1000', '1001']);
  });

  test('more than a request may have are refused, with the way to divide them', async () => {
    const world = await oneTopic();
    const body = '{"value":1}\n'.repeat(limits.requestLines + 1);
    const problem = expectProblem(await send(world, body), 400, 'limit_exceeded');
    expect(problem).toMatchObject({ limit: 'requestLines', maximum: limits.requestLines });
    expect(problem['detail']).toContain('split -l 100000');
    expect(await stored(world)).toEqual([]);
  });
});

describe('when an append of lines fails', () => {
  /** A world in which the append to a partition fails that would begin at an offset. */
  const failingAt = (partition: number, offset: number, failure: () => unknown): Promise<World> =>
    newWorld(({ appender }: AppDeps) => {
      let written = 0;
      return {
        appender: {
          append: async (at, records, options) => {
            if (at.partition === partition && written >= offset) throw failure();
            const appended = await appender.append(at, records, options);
            if (at.partition === partition) written = appended.base + records.length;
            return appended;
          },
          close: (at) => appender.close(at),
        },
      };
    });
  const overloaded = () => new Problem('partition_overloaded', 'Too much. Nothing was written.');
  const lines = (partitionOf: (index: number) => number, length: number): string =>
    Array.from({ length }, (_, value) => JSON.stringify({ partition: partitionOf(value), value })).join('\n');

  test('nothing of its partition is written behind it, and the answer names the lines of each fate', async () => {
    const world = await failingAt(1, 1000, overloaded);
    await withTopic(world, 2);
    const body = lines((index) => index % 2, 6000);
    const answer = await send(world, body);
    const problem = expectProblem(answer, 422, 'partly_written');
    expect(problem['detail']).toMatch(/^Of 6000 records 4000 were written, 2000 were not, and of 0/);
    expect(problem['detail']).toContain('"appends" says of each append which lines were in it');
    const failed = appendsIn(answer).filter(({ outcome }) => outcome === 'not_written');
    expect(failed.map(({ partition, records, code }) => ({ partition, records, code }))).toEqual([
      { partition: 1, records: 1000, code: 'partition_overloaded' },
      { partition: 1, records: 1000, code: 'unavailable' },
    ]);
    const again = failed.flatMap(({ lines: held }) => numbersIn(held));
    expect(again).toEqual(Array.from({ length: 2000 }, (_, index) => 2002 + 2 * index));
    const { json } = await call(world, 'GET /v1/topics/orders/partitions');
    expect(json['partitions']).toMatchObject([{ endOffset: 3000 }, { endOffset: 1000 }]);
  });

  test('of up to a thousand each is told by itself', async () => {
    const world = await failingAt(1, 0, overloaded);
    await withTopic(world, 2);
    const problem = expectProblem(
      await send(
        world,
        lines((index) => index % 2, 4),
      ),
      422,
      'partly_written',
    );
    expect(problem['results']).toMatchObject([
      { outcome: 'written', offset: 0 },
      { outcome: 'not_written' },
      { outcome: 'written', offset: 1 },
      { outcome: 'not_written' },
    ]);
  });

  test('where nothing was written the answer says that it may be sent again', async () => {
    const world = await failingAt(0, 0, overloaded);
    await withTopic(world, 1);
    const answer = await send(
      world,
      lines(() => 0, 2500),
    );
    expectProblem(answer, 503, 'partition_overloaded');
    expect(appendsIn(answer).map(({ outcome }) => outcome)).toEqual(Array(3).fill('not_written'));
  });
});

describe('a large body of lines is taken as it comes in', () => {
  const encoder = new TextEncoder();

  /** A request of which so much has come when it is answered; its whole length is said beforehand. */
  const sendParts = async (
    world: World,
    length: number,
    parts: () => AsyncGenerator<Uint8Array>,
  ): Promise<{ readonly status: number; readonly json: Readonly<Record<string, unknown>> }> => {
    const headers = {
      authorization: `Bearer ${adminKey}`,
      'content-type': 'application/x-ndjson',
      'content-length': String(length),
    };
    const body = ReadableStream.from(parts());
    const init: RequestInit = { method: 'POST', headers, body, duplex: 'half' };
    // As whoever serves it says of a request whose length an HTTP parser keeps to.
    const response = await world.apps.produce.request('/v1/topics/orders/records', init, {
      lengthHolds: true,
    });
    return { status: response.status, json: (await response.json()) as Readonly<Record<string, unknown>> };
  };

  test('wherever it is cut', async () => {
    const world = await oneTopic();
    const lines = Array.from({ length: 2000 }, (_, index) => `{"value":"${'ü'.repeat(30)} ${index}"}\n`).join(
      '',
    );
    const bytes = encoder.encode(lines);
    const answer = await sendParts(world, bytes.length, async function* () {
      for (let from = 0; from < bytes.length; from += 997) yield bytes.subarray(from, from + 997);
    });
    expect(answer).toMatchObject({ status: 200, json: { records: 2000 } });
    const [last] = await stored(world, 0, 'offset=1999');
    expect(last).toMatchObject({ value: `${'ü'.repeat(30)} 1999` });
  });

  test('and refused before the rest of it has come', async () => {
    const world = await oneTopic();
    let isOver = false;
    const answer = await sendParts(world, 4_000_000, async function* () {
      for (let part = 0; part < 30; part += 1) yield encoder.encode('{"value"\n'.repeat(100));
      await new Promise(() => undefined);
      isOver = true;
    });
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect(answer.json['errors']).toHaveLength(20);
    expect(isOver).toBe(false);
  });

  test('and nothing of it is written where it breaks off', async () => {
    const world = await oneTopic();
    const answer = await sendParts(world, 200_000, async function* () {
      yield encoder.encode('{"value":1}\n'.repeat(1000));
      throw new Error('gone');
    });
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect(await stored(world)).toEqual([]);
  });

  test('and refused at once where it is longer than may come through the gateway of AWS', async () => {
    const world = await oneTopic();
    const answer = await sendParts(world, 4_900_000, async function* () {
      await new Promise(() => undefined);
      yield encoder.encode('');
    });
    expect(answer).toMatchObject({ status: 413, json: { code: 'too_large', limit: 'eventBodyBytes' } });
  });
});
