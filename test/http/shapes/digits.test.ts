import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, newWorld, withTopic } from '../world.ts';

/** JSON whose numbers no double holds, whose names come in any order, whose blanks and escapes are as they are. */
const { value: jsonTexts } = fc.letrec<{ value: string }>((tie) => {
  const blank = fc.constantFrom('', '', ' ', '\t');
  const digits = fc.stringMatching(/^-?[1-9]\d{16,40}(\.\d{1,20})?([eE][+-]?\d{1,2})?$/);
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }).map((said) => JSON.stringify(said)),
    fc.constantFrom('"\\u00e4\\/"', '"\\uD83C\\uDF0A"', '"b"', '"a"', '"1"', '"__proto__"'),
  );
  const listed = (items: readonly string[], open: string, close: string, space: string): string =>
    `${open}${space}${items.join(`${space},`)}${space}${close}`;
  const nested = { depthSize: 'small' as const, withCrossShrink: true };
  return {
    value: fc.oneof(
      nested,
      digits,
      text,
      fc.constantFrom('true', 'false', '0', '-0', '1.0', '1e2'),
      fc
        .tuple(fc.array(tie('value'), { maxLength: 4 }), blank)
        .map(([items, space]) => listed(items, '[', ']', space)),
      fc
        .tuple(fc.array(fc.tuple(text, blank, tie('value')), { maxLength: 4 }), blank)
        .map(([fields, space]) =>
          listed(
            fields.map(([name, gap, value]) => `${name}${gap}:${gap}${value}`),
            '{',
            '}',
            space,
          ),
        ),
    ),
  };
});

const event = { specversion: '1.0', id: '1', source: '/a', type: 't' };
const heads = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/a', 'ce-type': 't' };
const members = JSON.stringify(event).slice(0, -1);

/** How a value is sent in each shape. */
const shapes: Readonly<Record<string, (value: string) => { type: string; body: string; headers?: object }>> =
  {
    JSON: (value) => ({ type: 'application/json', body: `{"records":[{"value":${value}}]}` }),
    'lines of JSON': (value) => ({ type: 'application/x-ndjson', body: `\r\n{"value":${value}}\r\n` }),
    'an event of headers': (value) => ({ type: 'application/json', body: value, headers: heads }),
    'an event as JSON': (value) => ({
      type: 'application/cloudevents+json',
      body: `${members},"data":${value}}`,
    }),
    'a batch of events': (value) => ({
      type: 'application/cloudevents-batch+json',
      body: `[{"data":${value},${members.slice(1)}}]`,
    }),
  };

test.each(Object.entries(shapes))(
  'every digit and the order of names stay in %s, in every shape out',
  async (_name, shape) => {
    const world = await newWorld();
    await withTopic(world, 1);
    const path = '/v1/topics/orders/partitions/0/records';
    const run = async (value: string): Promise<void> => {
      const { type, body, headers } = shape(value);
      const given = { 'content-type': type, ...headers };
      const produced = await call(world, 'POST /v1/topics/orders/records', { body, headers: given });
      expect({ status: produced.status, text: produced.text }).toMatchObject({ status: 200 });
      const [{ offset } = { offset: -1 }] = produced.json['results'] as readonly { offset: number }[];
      const fetched = async (accept: string): Promise<string> =>
        (await call(world, `GET ${path}?offset=${offset}&limit=1`, { headers: { accept } })).text;
      expect(await fetched('application/json')).toContain(`"value":${value}`);
      expect(await fetched('application/x-ndjson')).toContain(`"value":${value}`);
      const events = await fetched('application/cloudevents-batch+json');
      expect(events.endsWith(`"data":${value}}]`)).toBe(true);
      for (const read of JSON.parse(events) as readonly object[])
        expect(new CloudEvent(read).validate()).toBe(true);
    };
    await fc.assert(fc.asyncProperty(jsonTexts, run), { numRuns: 60 });
  },
);
