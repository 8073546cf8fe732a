import { CloudEvent, type CloudEventV1, HTTP, type Message } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { partitionForKey } from '../../../lib/domain/records/partitioning.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/records';

const oneTopic = async (partitions = 1): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, partitions);
  return world;
};

/** A message of the SDK, as its HTTP examples send one. */
const sendMessage = (world: World, { headers, body }: Message) => {
  const text = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const bytes = body instanceof Uint8Array ? Uint8Array.from(body) : body;
  return call(world, `POST ${path}`, {
    headers: text,
    ...(bytes !== undefined && { body: bytes as string }),
  });
};

const sendJson = (world: World, body: unknown, type = 'application/cloudevents+json') =>
  call(world, `POST ${path}`, {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': type },
  });

const batch = 'application/cloudevents-batch+json';
const heads = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/a', 'ce-type': 't' };

const stored = async (world: World) => {
  const { json } = await call(world, 'GET /v1/topics/orders/partitions/0/records?offset=0');
  return json['records'] as readonly Readonly<Record<string, unknown>>[];
};

const fetched = (world: World) =>
  call(world, 'GET /v1/topics/orders/partitions/0/records?offset=0', { headers: { accept: batch } });

/** What comes out, as the SDK reads it. */
const events = async (world: World): Promise<readonly CloudEventV1<unknown>[]> => {
  const { headers, text } = await fetched(world);
  const read = HTTP.toEvent<unknown>({
    headers: { 'content-type': headers.get('content-type') ?? '' },
    body: text,
  });
  return Array.isArray(read) ? read : [read];
};

const plain = (event: CloudEventV1<unknown>): unknown => JSON.parse(JSON.stringify(event));

const order = {
  id: 'A-1',
  source: '/orders',
  type: 'com.example.order.paid',
  time: '2024-05-01T12:00:00.000Z',
  subject: 'order 7',
  partitionkey: 'customer-7',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

describe("an event of CloudEvents' own SDK", () => {
  const json = new CloudEvent({ ...order, data: { total: 42, lines: ['ä', null] } });
  const xml = new CloudEvent({ ...order, datacontenttype: 'application/xml', data: '<much wow="xml"/>' });
  const bytes = new CloudEvent({
    ...order,
    datacontenttype: 'application/octet-stream',
    data: new Uint8Array([0, 1, 254, 255]),
  });
  const bare = new CloudEvent({ id: '1', source: '/orders', type: 'ping' });

  test.each<[string, CloudEvent<unknown>, object]>([
    ['JSON', json, { value: { total: 42, lines: ['ä', null] } }],
    ['text that is no JSON', xml, { value: '<much wow="xml"/>' }],
    ['no data', bare, { valueBase64: '' }],
  ])('in structured mode, with %s, comes out as it went in', async (_what, event, value) => {
    const world = await oneTopic();
    expect(await sendMessage(world, HTTP.structured(event))).toMatchObject({ status: 200 });
    expect(await stored(world)).toMatchObject([value]);
    expect((await events(world)).map(plain)).toEqual([plain(event)]);
  });

  test('in structured mode, with bytes, comes out as it went in', async () => {
    const world = await oneTopic();
    await sendMessage(world, HTTP.structured(bytes));
    expect(await stored(world)).toMatchObject([{ valueBase64: 'AAH+/w==' }]);
    const [event] = await events(world);
    expect(event?.data_base64).toBe('AAH+/w==');
    expect(event).toMatchObject({ ...order, datacontenttype: 'application/octet-stream' });
  });

  test('in binary mode comes out as it went in, with the type that the SDK gave its data', async () => {
    const world = await oneTopic();
    await sendMessage(world, HTTP.binary(json));
    expect(await stored(world)).toMatchObject([
      { key: 'customer-7', value: { total: 42, lines: ['ä', null] } },
    ]);
    const expected = json.cloneWith({ datacontenttype: 'application/json; charset=utf-8' });
    expect((await events(world)).map(plain)).toEqual([plain(expected)]);
  });

  test('in binary mode, with what is no JSON, keeps the bytes of its data', async () => {
    const world = await oneTopic();
    await sendMessage(world, HTTP.binary(xml));
    await sendMessage(world, HTTP.binary(bytes));
    const [first, second] = await events(world);
    expect(Buffer.from(first?.data_base64 ?? '', 'base64').toString()).toBe('<much wow="xml"/>');
    expect(first).toMatchObject({ ...order, datacontenttype: 'application/xml' });
    expect(second?.data_base64).toBe('AAH+/w==');
  });

  test('in batched mode comes out as it went in, with the others and in their order', async () => {
    const world = await oneTopic();
    const all = [json, bare, xml].map((event, index) =>
      event.cloneWith({ id: `${index}`, partitionkey: 'k' }),
    );
    const answer = await sendJson(world, JSON.stringify(all), batch);
    expect(answer.json['results']).toMatchObject([{ offset: 0 }, { offset: 1 }, { offset: 2 }]);
    expect((await events(world)).map(plain)).toEqual(all.map(plain));
  });

  test('keeps extensions that are numbers and truth values', async () => {
    const world = await oneTopic();
    const event = new CloudEvent({ ...order, sequence: -5, replayed: true, region: 'true', data: 1 });
    await sendMessage(world, HTTP.structured(event));
    expect((await events(world)).map(plain)).toEqual([plain(event)]);
    expect(await stored(world)).toMatchObject([{ headers: { ce_sequence: '-5', ce_replayed: 'true' } }]);
  });
});

describe('an event', () => {
  test('is a record whose key is the partitionkey, whose headers are the attributes and whose value is the data', async () => {
    const world = await oneTopic(8);
    const event = { specversion: '1.0', ...order, datacontenttype: 'text/plain', data: 'hello' };
    const answer = await sendJson(world, event);
    const partition = partitionForKey('customer-7', 8);
    expect(answer.json['results']).toMatchObject([{ partition, offset: 0 }]);
    const { json } = await call(world, `GET /v1/topics/orders/partitions/${partition}/records?offset=0`);
    expect(json['records']).toMatchObject([
      {
        key: 'customer-7',
        value: 'hello',
        timestamp: '2026-03-01T12:00:00.000Z',
        headers: {
          ce_specversion: '1.0',
          ce_id: 'A-1',
          ce_source: '/orders',
          ce_type: 'com.example.order.paid',
          ce_time: '2024-05-01T12:00:00.000Z',
          ce_subject: 'order 7',
          ce_partitionkey: 'customer-7',
          ce_traceparent: order.traceparent,
          'content-type': 'text/plain',
        },
      },
    ]);
  });

  test('with data that is null is told from one without data', async () => {
    const world = await oneTopic();
    const event = { specversion: '1.0', id: '1', source: '/a', type: 't' };
    await sendJson(
      world,
      [event, { ...event, data: null }, { ...event, data_base64: null, subject: null }],
      batch,
    );
    expect(JSON.parse((await fetched(world)).text)).toEqual([event, { ...event, data: null }, event]);
  });

  test('in binary mode may come without a Content-Type', async () => {
    const world = await oneTopic();
    const answer = await call(world, `POST ${path}`, { body: Uint8Array.of(1, 2), headers: heads });
    expect(answer.status).toBe(200);
    expect(await stored(world)).toMatchObject([{ valueBase64: 'AQI=' }]);
  });

  test('of a batch that is empty is none, and that is no error', async () => {
    const world = await oneTopic();
    expect(await sendJson(world, '[]', batch)).toMatchObject({ status: 200, json: { results: [] } });
  });

  test.each([
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['%e2%82%ac', '€'],
    ['100% sure', '100% sure'],
    ['%2541', '%41'],
    ['"quoted \\"text\\" %41"', 'quoted "text" A'],
    ['Gr\u00c3\u00bc\u00c3\u009fe', 'Grüße'],
  ])('has %j in a header for %j', async (value, text) => {
    const world = await oneTopic();
    const headers = { ...heads, 'ce-subject': value, 'content-type': 'application/json' };
    expect(await call(world, `POST ${path}`, { body: '1', headers })).toMatchObject({ status: 200 });
    expect((await events(world)).map(({ subject }) => subject)).toEqual([text]);
  });
});

describe('an event is refused', () => {
  const event = { specversion: '1.0', id: '1', source: '/a', type: 't' };
  const without = (name: string) =>
    Object.fromEntries(Object.entries(event).filter(([attribute]) => attribute !== name));

  test.each([
    [without('specversion'), 'specversion', /^This is missing\. Every CloudEvent has one\.$/],
    [without('id'), 'id', /^This is missing/],
    [without('source'), 'source', /^This is missing/],
    [without('type'), 'type', /^This is missing/],
    [{ ...event, id: '' }, 'id', /^This is empty/],
    [{ ...event, partitionkey: '' }, 'partitionkey', /^This is empty/],
    [{ ...event, specversion: '0.3' }, 'specversion', /"1\.0" are taken/],
    [{ ...event, time: 'yesterday' }, 'time', /RFC 3339/],
    [{ ...event, datacontenttype: 'json' }, 'datacontenttype', /media type/],
    [{ ...event, 'my-extension': 'x' }, 'my-extension', /nothing but a-z and 0-9/],
    [{ ...event, Extension: 'x' }, 'Extension', /nothing but a-z and 0-9/],
    [{ ...event, amount: 1.5 }, 'amount', /a string, a whole number, true or false/],
    [{ ...event, extension: { a: 1 } }, 'extension', /a string, a whole number, true or false/],
    [{ ...event, subject: 'a\nb' }, 'subject', /control character/],
    [{ ...event, data: 1, data_base64: 'AA==' }, 'data_base64', /either data or data_base64/],
    [{ ...event, data_base64: 'A' }, 'data_base64', /padding/],
    [{ ...event, data_base64: 7 }, 'data_base64', /base64, as a string/],
    [[event], '', /^An event is an object\.$/],
  ])('as JSON: %j', async (given, at, message) => {
    const world = await oneTopic();
    const problem = expectProblem(await sendJson(world, given), 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path: at, message: expect.stringMatching(message) }]);
    const inBatch = expectProblem(await sendJson(world, [event, given], batch), 400, 'invalid_request');
    const path = at === '' ? '[1]' : `[1].${at}`;
    expect(inBatch['errors']).toEqual([{ path, message: expect.stringMatching(message) }]);
    expect(inBatch['detail']).toContain(path);
    expect(await stored(world)).toEqual([]);
  });

  test.each([
    [{ 'ce-id': '1', 'ce-source': '/a', 'ce-type': 't' }, 'ce-specversion', /^This is missing/],
    [{ 'ce-specversion': '1.0', 'ce-source': '/a', 'ce-type': 't' }, 'ce-id', /^This is missing/],
    [{ ...heads, 'ce-my-extension': 'x' }, 'ce-my-extension', /nothing but a-z and 0-9/],
    [{ ...heads, 'ce-subject': '%C0%A0' }, 'ce-subject', /not UTF-8/],
    [{ ...heads, 'ce-subject': '\u00fc' }, 'ce-subject', /not UTF-8/],
    [{ ...heads, 'ce-subject': 'a%0D%0Ax-evil:1' }, 'ce-subject', /control character/],
    [{ ...heads, 'ce-datacontenttype': 'a/b' }, 'ce-datacontenttype', /Content-Type says this/],
  ])('as headers: %j', async (given, at, message) => {
    const world = await oneTopic();
    const headers = { ...given, 'content-type': 'application/json' };
    const problem = expectProblem(
      await call(world, `POST ${path}`, { body: '1', headers }),
      400,
      'invalid_request',
    );
    expect(problem['errors']).toEqual([{ path: at, message: expect.stringMatching(message) }]);
    expect(await stored(world)).toEqual([]);
  });

  test('with data that is not the JSON that it is said to be', async () => {
    const headers = { ...heads, 'content-type': 'application/vnd.order+json' };
    const answer = await call(await oneTopic(), `POST ${path}`, { body: '{"a":', headers });
    expect(expectProblem(answer, 400, 'invalid_request')['errors']).toMatchObject([{ path: 'body' }]);
  });

  test('in a format that is not JSON, or another charset', async () => {
    const world = await oneTopic();
    for (const type of [
      'application/cloudevents+xml',
      'application/cloudevents',
      'application/cloudevents+json; charset=utf-16',
    ])
      expectProblem(await sendJson(world, event, type), 415, 'unsupported_media_type');
  });

  test.each([
    [{ ...event, partitionkey: 'k'.repeat(1025) }, 413, 'too_large', 'recordKeyBytes'],
    [{ ...event, subject: 's'.repeat(limits.recordHeadersBytes) }, 413, 'too_large', 'recordHeadersBytes'],
    [{ ...event, data: 'x'.repeat(limits.recordBytes) }, 413, 'too_large', 'recordBytes'],
    [
      { ...event, ...Object.fromEntries(Array.from({ length: 97 }, (_, index) => [`x${index}`, 'y'])) },
      400,
      'limit_exceeded',
      'recordHeaders',
    ],
  ])('over a limit', async (given, status, code, limit) => {
    expect(expectProblem(await sendJson(await oneTopic(), given), status, code)).toMatchObject({ limit });
  });

  test('with more than a thousand others', async () => {
    const body = Array.from({ length: 1001 }, () => event);
    const problem = expectProblem(await sendJson(await oneTopic(), body, batch), 400, 'limit_exceeded');
    expect(problem).toMatchObject({ limit: 'requestRecords' });
  });
});

describe('a record that did not come as an event', () => {
  test('is one around its value, with its key, its time, and headers whose names are those of extensions', async () => {
    const world = await oneTopic();
    const records = [
      {
        key: 'k',
        value: { total: 42 },
        headers: { region: 'eu', 'X-Other': 'left out', type: 'not this', traceparent: 'tp' },
        timestamp: '2024-05-01T12:00:00.000Z',
      },
      { valueBase64: 'AAE=' },
      { value: '<a/>', headers: { 'Content-Type': 'application/xml' } },
    ];
    await call(world, `POST ${path}`, { json: { records } });
    expect((await events(world)).map(plain)).toEqual([
      {
        specversion: '1.0',
        id: 'orders/0/0',
        source: '/v1/topics/orders',
        type: 'millrace.record',
        time: '2024-05-01T12:00:00.000Z',
        partitionkey: 'k',
        region: 'eu',
        traceparent: 'tp',
        datacontenttype: 'application/json',
        data: { total: 42 },
      },
      expect.objectContaining({
        id: 'orders/0/1',
        datacontenttype: 'application/octet-stream',
        data_base64: 'AAE=',
      }),
      expect.objectContaining({ id: 'orders/0/2', datacontenttype: 'application/xml', data: '<a/>' }),
    ]);
  });
});
