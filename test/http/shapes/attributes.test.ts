import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, newWorld, type World, withTopic } from '../world.ts';

/** What a string of an event may hold: any characters but controls, and no halves of pairs. */
const text = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((said) => said.replaceAll(/[\p{Cc}\p{Cs}]/gu, ''))
  .filter((said) => said !== '');

const extensions = fc.dictionary(
  fc
    .stringMatching(/^[a-z0-9]{1,12}$/)
    .filter((name) => !/^(?:id|source|type|time|data|subject)$/.test(name)),
  fc.oneof(text, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.boolean()),
  { maxKeys: 5, noNullPrototype: true },
);

const event = fc.record({ id: text, type: text, subject: text, partitionkey: text, extensions }).map(
  ({ extensions: further, ...own }) =>
    new CloudEvent<unknown>({
      ...further,
      ...own,
      source: '/orders',
      time: '2024-05-01T12:00:00.000Z',
      data: [1],
    }),
);

/** As CloudEvents' binding to HTTP has it (3.1.3.2); the SDK encodes nothing. */
const percentEncoded = (said: string): string =>
  [...said]
    .map((character) => (/[!#$&-~]/.test(character) ? character : encodeURIComponent(character)))
    .join('');

const lastEvent = async (world: World): Promise<unknown> => {
  const path = '/v1/topics/orders/partitions/0/records';
  const { json } = await call(world, `GET ${path}?offset=latest`);
  const headers = { accept: 'application/cloudevents-batch+json' };
  const { text: events } = await call(world, `GET ${path}?offset=${Number(json['endOffset']) - 1}`, {
    headers,
  });
  return (JSON.parse(events) as readonly unknown[])[0];
};

const send = (world: World, body: string, headers: Readonly<Record<string, string>>) =>
  call(world, 'POST /v1/topics/orders/records', { body, headers });

test('whatever attributes an event has as JSON come back as they were', async () => {
  const world = await newWorld();
  await withTopic(world, 1);
  const run = async (given: CloudEvent<unknown>): Promise<void> => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    expect(await send(world, String(HTTP.structured(given).body), headers)).toMatchObject({ status: 200 });
    expect(await lastEvent(world)).toEqual(given.toJSON());
  };
  await fc.assert(fc.asyncProperty(event, run), { numRuns: 100 });
});

test('whatever attributes an event has as headers come back as the text that they were', async () => {
  const world = await newWorld();
  await withTopic(world, 1);
  const run = async (given: CloudEvent<unknown>): Promise<void> => {
    const { data, ...attributes } = given.toJSON();
    const texts = Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]): [string, string] => [name, String(value)]);
    const named = texts.map(([name, value]): [string, string] => [`ce-${name}`, percentEncoded(value)]);
    const headers = { ...Object.fromEntries(named), 'content-type': 'application/json' };
    expect(await send(world, JSON.stringify(data), headers)).toMatchObject({ status: 200 });
    const expected = { ...Object.fromEntries(texts), datacontenttype: 'application/json', data };
    expect(await lastEvent(world)).toEqual(expected);
  };
  await fc.assert(fc.asyncProperty(event, run), { numRuns: 100 });
});
