import { describe, expect, test } from 'vitest';
import { negotiated } from '../../../lib/http/shapes/accept.ts';
import { call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/partitions/0/records';

const withRecords = async (records: readonly object[]): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  if (records.length > 0) expect((await produce(world, records)).status).toBe(200);
  return world;
};

const fetchAs = (world: World, accept: string | undefined, query = '?offset=0') =>
  call(world, `GET ${path}${query}`, { headers: accept === undefined ? {} : { accept } });

describe('a fetch answers', () => {
  const three = [{ key: 'k', value: { a: 1 } }, { valueBase64: 'AAE=' }, { value: 'ü', headers: { h: '1' } }];

  test('with lines that are the records of its JSON, and with its offsets as headers', async () => {
    const world = await withRecords(three);
    const { json } = await fetchAs(world, undefined, '?offset=1&limit=1');
    const answer = await fetchAs(world, 'application/x-ndjson', '?offset=1&limit=1');
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('millrace-next-offset')).toBe('2');
    expect(answer.headers.get('millrace-start-offset')).toBe('0');
    expect(answer.headers.get('millrace-end-offset')).toBe('3');
    expect(answer.text.endsWith('\n')).toBe(true);
    expect(
      answer.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(json['records']);
    const all = await fetchAs(world, 'application/x-ndjson');
    expect(all.text.match(/\n/g)).toHaveLength(3);
  });

  test('with nothing, where there are no records, and still says where to go on', async () => {
    const world = await withRecords([]);
    const lines = await fetchAs(world, 'application/x-ndjson');
    expect([lines.text, lines.headers.get('millrace-next-offset')]).toEqual(['', '0']);
    const events = await fetchAs(world, 'application/cloudevents-batch+json');
    expect([events.text, events.headers.get('millrace-next-offset')]).toEqual(['[]', '0']);
  });

  test('with one line a record, though a value has line breaks between its tokens', async () => {
    const world = await withRecords([]);
    const body = '{"records":[{"value":{\r\n "a" :\n[1,\n"\\n"]}}]}';
    const headers = { 'content-type': 'application/json' };
    await call(world, 'POST /v1/topics/orders/records', { body, headers });
    const { text } = await fetchAs(world, 'application/x-ndjson');
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text).toContain('"value":{   "a" : [1, "\\n"]}');
    expect(text).not.toContain('\r');
  });

  test('with what can be sent as it is', async () => {
    const world = await withRecords(three);
    const { text } = await fetchAs(world, 'application/x-ndjson');
    const headers = { 'content-type': 'application/x-ndjson' };
    await call(world, 'POST /v1/topics/orders/records', { body: text, headers });
    const { json } = await fetchAs(world, undefined);
    expect(json['records']).toMatchObject([...three, ...three]);
  });

  test.each([undefined, '*/*', 'application/json', 'text/html,application/xml;q=0.9,*/*;q=0.8'])(
    'with JSON for the Accept %j, and says that it depends on it',
    async (accept) => {
      const answer = await fetchAs(await withRecords(three), accept);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('vary')).toMatch(/\baccept\b(?!-)/);
      expect(answer.json['nextOffset']).toBe(3);
    },
  );

  test.each(['text/html', 'application/json;q=0', 'application/cloudevents+json'])(
    'with 406 for the Accept %s, and what there is',
    async (accept) => {
      const problem = expectProblem(await fetchAs(await withRecords(three), accept), 406, 'not_acceptable');
      expect(problem['available']).toEqual([
        'application/json',
        'application/x-ndjson',
        'application/ndjson',
        'application/jsonl',
        'application/x-jsonlines',
        'application/cloudevents-batch+json',
      ]);
    },
  );

  test('a problem as a problem, whatever was accepted', async () => {
    const world = await withRecords(three);
    expectProblem(await fetchAs(world, 'application/x-ndjson', '?offset=9'), 416, 'offset_out_of_range');
  });
});

describe('of what an Accept names', () => {
  const offered = ['application/json', 'application/x-ndjson', 'application/cloudevents-batch+json'];
  const [json, lines, events] = offered;

  test.each([
    ['', json],
    [';;;,', json],
    ['application/*', json],
    ['application/x-ndjson', lines],
    ['Application/X-NDJSON; charset=utf-8', lines],
    ['application/x-ndjson, application/json', lines],
    ['application/json, application/x-ndjson', json],
    ['application/json;q=0.5, application/x-ndjson;q=0.6', lines],
    ['application/json;q=0.5, application/x-ndjson;q=0.45', json],
    ['application/x-ndjson, */*', lines],
    ['*/*, application/x-ndjson', lines],
    ['*/*;q=1.0, application/x-ndjson;q=0.9', json],
    ['*/*, application/json;q=0', lines],
    ['application/*;q=0.2, application/cloudevents-batch+json;q=0.3', events],
    ['text/*, application/cloudevents-batch+json; q=0.001', events],
    ['text/*', undefined],
    ['*/*;q=0', undefined],
    ['application/x-ndjson;q=0', undefined],
  ])('%j gets %s', (accept, type) => {
    expect(negotiated(accept, offered)).toBe(type);
  });
});
