import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatOf } from '../../../lib/delivery/formats/formats.ts';
import type { Message } from '../../../lib/delivery/message.ts';
import { composeMessage } from '../../../lib/delivery/message.ts';
import type { Pending } from '../../../lib/delivery/pending.ts';
import type { DeliveryFormat } from '../../../lib/domain/delivery/formats.ts';
import { decodeRecords } from '../../../lib/domain/records/encoding.ts';
import { controlCharacter } from '../../../lib/http/schemas/record-fields.ts';
import { call, newWorld, type World, withTopic } from '../world.ts';

const records = '/v1/topics/orders/records';
const eventBatch = 'application/cloudevents-batch+json';
type Event = Readonly<Record<string, unknown>>;

const newTopic = async (): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  return world;
};

/** What is delivered of the topic's only partition in one message, or in one for each record. */
const messagesOf = async (world: World, format: DeliveryFormat): Promise<readonly Message[]> => {
  const topic = await world.stores.topics.get('orders');
  const at = { topicId: topic?.topicId ?? '', partition: 0 };
  const group = { groupId: 'g1', name: 'billing', topic: 'orders', delivery: { format } };
  const { textOf } = formatOf({ format });
  const all = world.batches.table
    .batches(at)
    .flatMap((batch) => decodeRecords(batch, 0))
    .map((record): Pending => ({ ...record, json: textOf?.(record, 'orders') ?? '', record }));
  const each = textOf === undefined ? all.map((one) => [one]) : [all];
  return each.map(([first, ...others]) => composeMessage(group, 0, [first as Pending, ...others]));
};

const produceAgain = async (messages: readonly Message[]): Promise<World> => {
  const world = await newTopic();
  for (const { headers, body } of messages) {
    const bytes = typeof body === 'string' ? body : Uint8Array.from(body);
    const own = Object.entries(headers).filter(([name]) => !name.startsWith('millrace-'));
    const answer = await call(world, `POST ${records}`, { body: bytes, headers: Object.fromEntries(own) });
    expect(answer.status, answer.text).toBe(200);
  }
  return world;
};

const eventsOf = async (world: World): Promise<readonly Event[]> => {
  const line = 'GET /v1/topics/orders/partitions/0/records?offset=0';
  return JSON.parse((await call(world, line, { headers: { accept: eventBatch } })).text) as readonly Event[];
};

/** As headers can say it: attributes are text, and data that is JSON says so. */
const inHeaders = ({ data, data_base64, ...attributes }: Event): Event => ({
  ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)])),
  ...(data !== undefined && { datacontenttype: attributes['datacontenttype'] ?? 'application/json', data }),
  ...(data_base64 !== undefined && { data_base64 }),
});

/** What a header of a record may have. */
const text = (minLength = 0) =>
  fc.string({ unit: 'binary', minLength, maxLength: 10 }).filter((each) => !controlCharacter.test(each));
const event = fc.record(
  {
    specversion: fc.constant('1.0'),
    id: text(1),
    source: text(1),
    type: text(1),
    time: fc.constant('2024-05-01T12:00:00.5+02:00'),
    subject: text(1),
    partitionkey: text(1),
    note: text(),
    sequence: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    replayed: fc.boolean(),
    data: fc.oneof(fc.jsonValue(), text()),
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type'] },
);

const ofBytes = (id: string, type: string): Event => ({
  ...{ specversion: '1.0', id, source: '/a', type: 't', datacontenttype: type },
  data_base64: Buffer.from([0, 255, 1]).toString('base64'),
});

/** Records that came as no events, in the order of their offsets. */
const others = [
  { value: { a: 1 }, key: 'käse', headers: { trace: 'x y', 'X-Other': 'z' } },
  { valueBase64: 'AAH+', headers: { 'Content-Type': 'image/png' } },
  { valueBase64: 'AAH+' },
  { value: null, key: 'k' },
  { value: 'text', timestamp: '2024-05-01T12:00:00.000Z' },
];

describe('what is delivered can be produced, and is the same event again', () => {
  test.each([
    ['cloudevents-batch', (each: Event) => each],
    ['cloudevents-structured', (each: Event) => each],
    ['cloudevents-binary', inHeaders],
  ] as const)('as %s', async (format, expected) => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 5 }), async (events) => {
        const world = await newTopic();
        const body = JSON.stringify([
          ...events,
          ofBytes('b', 'image/png'),
          ofBytes('o', 'application/octet-stream'),
        ]);
        expect(
          (await call(world, `POST ${records}`, { body, headers: { 'content-type': eventBatch } })).status,
        ).toBe(200);
        expect((await call(world, `POST ${records}`, { json: { records: others } })).status).toBe(200);
        const before = await eventsOf(world);
        expect(before).toHaveLength(events.length + 2 + others.length);
        const after = await eventsOf(await produceAgain(await messagesOf(world, format)));
        expect(after).toEqual(before.map(expected));
      }),
      { numRuns: 60 },
    );
  });
});
