import { describe, expect, test } from 'vitest';
import { createHttpHandler } from '../../functions/http-events.ts';
import { limits } from '../../lib/domain/limits.ts';
import { seededRandom } from '../simulation/scheduler.ts';
import { gatewayEvent } from './alike/gateway.ts';
import { request } from './alike/table.ts';
import { codings, expanded } from './bodies/codings.ts';
import { groupPath, newRoom } from './pull/room.ts';
import { call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

const path = '/v1/topics/orders/partitions/0/records';

/** What the function of `line` gives to the gateway. */
const asFunction = async ({ apps }: World, line: string, encoding = 'identity', body = '') => {
  const arrived = gatewayEvent(request(line, { headers: [['Accept-Encoding', encoding]], body }));
  if (arrived === undefined) throw new Error('The gateway would answer by itself.');
  const app = apps[arrived.part];
  const handle = createHttpHandler({ app, telemetry: { flush: () => undefined } });
  return handle(arrived.event, { getRemainingTimeInMillis: () => 60_000 });
};

const many = (count: number, record: object): readonly object[] =>
  Array.from({ length: count }, () => ({ partition: 0, timestamp: '2020-01-01T00:00:00.123Z', ...record }));

const quotes = { value: '"'.repeat(120_000) };
const plain = { value: 'a'.repeat(250_000) };
const small = {
  key: '"'.repeat(500),
  value: ['"'.repeat(1400)],
  headers: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`h${index}`, '"'])),
};

/** Of base64, whose bytes no coding makes much fewer. */
const random = seededRandom(1);
const noise = (): object => ({ valueBase64: Buffer.from(random.bytes(180_000)).toString('base64') });

describe('the answer of a fetch is one that a function may give', () => {
  test.each([
    ['values full of quotes', Array.from({ length: 5 }, () => many(9, quotes)), 0],
    ['many small records with much beside the value', Array.from({ length: 6 }, () => many(250, small)), 0],
    ['blanks and line breaks', [many(18, plain), many(18, plain)], 0],
    [
      'large records at the end of a batch of small ones',
      [[...many(980, { value: 0 }), ...many(16, plain)], many(16, plain)],
      980,
    ],
    ['noise', Array.from({ length: 20 }, () => many(1, noise())), 0],
  ])('with %s, compressed and as it is', async (_what, requests, first) => {
    const world = await newWorld();
    await withTopic(world, 1);
    let end = 0;
    for (const records of requests) {
      expect((await produce(world, records)).status).toBe(200);
      end += records.length;
    }
    let fetches = 0;
    for (let offset = first; offset < end; fetches += 1) {
      const line = `GET ${path}?offset=${offset}&limit=1000`;
      const result = await asFunction(world, line);
      expect(result.statusCode).toBe(200);
      expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(limits.functionAnswerBytes);
      const body = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8').toString();
      for (const coding of codings) {
        const compressed = await asFunction(world, line, coding);
        expect(compressed).toMatchObject({ statusCode: 200, isBase64Encoded: true });
        expect(compressed.headers['content-encoding']).toBe(coding);
        expect(compressed.body.length).toBeLessThan(Math.ceil(Buffer.byteLength(body) / 3) * 4);
        expect(Buffer.byteLength(JSON.stringify(compressed))).toBeLessThan(limits.functionAnswerBytes);
        expect(expanded[coding](Buffer.from(compressed.body, 'base64')).toString()).toBe(body);
      }
      const { nextOffset } = JSON.parse(body) as { nextOffset: number };
      expect(nextOffset).toBeGreaterThan(offset);
      offset = nextOffset;
    }
    expect(fetches).toBeGreaterThan(1);
  });
});

/** Of one poll, and the records that it had. */
const pollAsFunction = async (world: World, body: object) => {
  const line = `POST ${groupPath}/poll`;
  const result = await asFunction(world, line, 'identity', JSON.stringify({ consumerId: 'a', ...body }));
  const text = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8').toString();
  return { result, text, json: JSON.parse(text) as Readonly<Record<string, unknown>> };
};

test('the answer of a poll is one that a function may give, whatever the records are and wherever they come from', async () => {
  const { world } = await newRoom({ partitions: 64 });
  const some = (count: number, record: object) =>
    many(count, record).map((each, at) => ({ ...each, partition: at % 64 }));
  const requests = [
    ...Array.from({ length: 10 }, () => some(9, quotes)),
    ...Array.from({ length: 6 }, () => some(250, small)),
    some(18, plain),
    some(18, plain),
  ];
  let records = 0;
  for (const each of requests) {
    expect((await produce(world, each)).status).toBe(200);
    records += each.length;
  }
  let offsets: Record<string, number> = {};
  let polls = 0;
  for (; records > 0; polls += 1) {
    const { result, text, json } = await pollAsFunction(world, { maxRecords: 1000, ack: { offsets } });
    expect({ status: result.statusCode, text: text.slice(0, 300) }).toMatchObject({ status: 200 });
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(limits.functionAnswerBytes);
    const got = json['records'] as readonly { partition: number; offset: number }[];
    expect(got.length).toBeGreaterThan(0);
    records -= got.length;
    offsets = {};
    for (const { partition, offset } of got) offsets[partition] = offset + 1;
  }
  expect(polls).toBeGreaterThan(3);
});

test('an answer that a function may not give becomes one that says so', async () => {
  const world = await newWorld();
  const topics = Array.from({ length: 100 }, (_, index) => `${index}-${'t'.repeat(120)}`);
  for (let count = 0; count < 480; count += 1) await world.key({ scopes: ['consume'], topics });
  const result = await asFunction(world, 'GET /v1/keys');
  const headers = new Headers({ ...result.headers });
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(limits.functionAnswerBytes);
  const json = JSON.parse(result.body) as Readonly<Record<string, unknown>>;
  expectProblem({ status: result.statusCode, headers, text: result.body, json }, 413, 'too_large');
  expect((await call(world, 'GET /v1/keys')).status).toBe(200);
});
