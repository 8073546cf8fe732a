import { describe, expect, test } from 'vitest';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const oneTopic = async (partitions = 1): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, partitions);
  return world;
};

type Body = string | Uint8Array<ArrayBuffer>;

const send = (world: World, body: Body, type: string | undefined, query = '') =>
  call(world, `POST /v1/topics/orders/records${query}`, {
    body,
    headers: type === undefined ? {} : { 'content-type': type },
  });

const stored = async (world: World, partition = 0) => {
  const { json } = await call(world, `GET /v1/topics/orders/partitions/${partition}/records?offset=0`);
  return json['records'] as readonly Readonly<Record<string, unknown>>[];
};

describe('a body of any other content type', () => {
  test('is the value of one record, as bytes, whose content type is a header', async () => {
    const world = await oneTopic();
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const answer = await send(world, bytes, 'image/png');
    expect(answer.json['results']).toMatchObject([{ partition: 0, offset: 0 }]);
    expect(await stored(world)).toMatchObject([
      { valueBase64: Buffer.from(bytes).toString('base64'), headers: { 'content-type': 'image/png' } },
    ]);
    expect((await stored(world))[0]).not.toHaveProperty('key');
  });

  test.each([
    ['text/plain; charset=utf-8', 'hello'],
    ['text/plain', '{"recordsOf": 7}'],
    ['application/xml', '\ufeff<a/>\r\n'],
    ['application/x-www-form-urlencoded', 'a=1&b=%7B'],
    ['application/vnd.example+json', '{"records":[]}'],
    ['application/octet-stream', ''],
    ['multipart/form-data; boundary="a b"', '--a b--'],
  ])('%s is kept byte for byte', async (type, body) => {
    const world = await oneTopic();
    expect(await send(world, body, type)).toMatchObject({ status: 200 });
    const [record] = await stored(world);
    expect(record).toMatchObject({ headers: { 'content-type': type } });
    expect(Buffer.from(String(record?.['valueBase64']), 'base64').toString()).toBe(body);
  });

  test('has its key, its partition and its time from the query', async () => {
    const world = await oneTopic(4);
    const query = `?key=${encodeURIComponent('größe/7')}&partition=3&timestamp=2024-05-01T12:00:00Z`;
    const answer = await send(world, 'x', 'text/plain', query);
    const timestamp = '2024-05-01T12:00:00.000Z';
    expect(answer.json['results']).toEqual([{ partition: 3, offset: 0, timestamp }]);
    expect(await stored(world, 3)).toMatchObject([{ key: 'größe/7', timestamp, valueBase64: 'eA==' }]);
  });

  test.each([
    ['?partition=x', 'partition'],
    ['?partition=1', 'partition'],
    ['?timestamp=now', 'timestamp'],
    ['?colour=red', 'colour'],
    ['?key=a&key=b', 'key'],
  ])('with the query %s is refused', async (query, path) => {
    const world = await oneTopic();
    const problem = expectProblem(await send(world, 'x', 'text/plain', query), 400, 'invalid_request');
    expect(problem['errors']).toMatchObject([{ path }]);
    expect(await stored(world)).toEqual([]);
  });

  test.each([
    ['x'.repeat(200_000), '', 'recordBytes'],
    ['x', `?key=${'k'.repeat(1025)}`, 'recordKeyBytes'],
  ])('over a limit is refused with its name', async (body, query, limit) => {
    const problem = expectProblem(await send(await oneTopic(), body, 'text/plain', query), 413, 'too_large');
    expect(problem).toMatchObject({ limit });
  });
});

describe('a body whose type was forgotten is refused with what to do', () => {
  const form = 'application/x-www-form-urlencoded';

  test.each([
    [form, '{"records":[{"value":1}]}'],
    [form, ' \n{"value":1}\n{"value":2}'],
    [form, '[1]'],
    ['text/plain;charset=UTF-8', '{ "records": [{"value":1}] }'],
  ])('%s: %s', async (type, body) => {
    const world = await oneTopic();
    const problem = expectProblem(await send(world, body, type), 415, 'unsupported_media_type');
    expect(problem['detail']).toContain('"Content-Type: application/json"');
    expect(problem['accepted']).toContain('application/json');
    expect(await stored(world)).toEqual([]);
  });

  test.each([
    [undefined, /^Say what the body is, by a Content-Type: application\/json with/],
    ['', /^The Content-Type is none/],
    ['json', /^The Content-Type is none/],
  ])('%j', async (type, detail) => {
    const body = Uint8Array.from(Buffer.from('{"records":[{"value":1}]}'));
    const problem = expectProblem(await send(await oneTopic(), body, type), 415, 'unsupported_media_type');
    expect(problem['detail']).toMatch(detail);
  });
});
