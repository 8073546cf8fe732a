import { describe, expect, test } from 'vitest';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';

const group = '/v1/topics/orders/groups/pickers';
const dead = 'orders.pickers.dead';

const ask = (world: World, what: string, json: object): Promise<Answer> =>
  call(world, `POST ${group}/${what}`, { json });

interface Shown {
  readonly partition: number;
  readonly offset: number;
  readonly value: unknown;
  readonly topic?: string;
  readonly deliveries: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const recordsIn = ({ json }: Answer): readonly Shown[] => json['records'] as readonly Shown[];
const poll = async (world: World): Promise<readonly Shown[]> =>
  recordsIn(await ask(world, 'poll', { consumerId: 'a' }));
const settle = (world: World, what: 'ack' | 'nack', records: readonly Shown[]): Promise<Answer> =>
  ask(world, what, {
    consumerId: 'a',
    records: records.map(({ partition, offset, topic }) => ({ partition, offset, ...(topic && { topic }) })),
  });
const redrive = (world: World, json: object = {}): Promise<Answer> => ask(world, 'redrive', json);
const status = async (world: World): Promise<Answer['json']> => (await call(world, `GET ${group}`)).json;

/** A group that gives a record up when it is given back once, and as many dead letters. */
const withLetters = async (count: number): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  const json = { mode: 'shared', start: 'earliest', maxDeliveries: 1 };
  expect((await call(world, `PUT ${group}`, { json })).status).toBe(201);
  await produce(
    world,
    Array.from({ length: count }, (_none, value) => ({ value, headers: { kind: 'test' } })),
  );
  const polled = await poll(world);
  expect(polled).toHaveLength(count);
  if (count > 0) expect((await settle(world, 'nack', polled)).status).toBe(204);
  return world;
};

const lettersOf = async (world: World): Promise<readonly Shown[]> =>
  recordsIn(await call(world, `GET /v1/topics/${dead}/partitions/0/records?offset=earliest`));

describe('a record that was given up', () => {
  test('is a record of the dead-letter topic, with headers that say why, when, how often and from where', async () => {
    const world = await withLetters(2);
    const letters = await lettersOf(world);
    expect(letters.map(({ value }) => value)).toEqual([0, 1]);
    expect(letters[1]?.headers).toEqual({
      kind: 'test',
      'millrace-dead-reason': 'nack',
      'millrace-dead-at': expect.stringMatching(/^2026-/),
      'millrace-dead-deliveries': '1',
      'millrace-dead-group': 'pickers',
      'millrace-dead-topic': 'orders',
      'millrace-dead-partition': '0',
      'millrace-dead-offset': '1',
      'millrace-dead-timestamp': expect.stringMatching(/^2026-/),
    });
    expect(await status(world)).toMatchObject({ lag: 0, deadLettered: 2 });
    expect(await poll(world)).toEqual([]);
  });
});

describe('a redrive', () => {
  test('hands all dead letters to the group again, once, and says how far it is', async () => {
    const world = await withLetters(3);
    const asked = await redrive(world);
    expect(asked.json).toEqual({ partitions: [{ partition: 0, from: 0, to: 3, records: 3 }], records: 3 });
    world.clock.advance(5000);
    const again = await poll(world);
    expect(again.map(({ topic, offset, deliveries }) => [topic, offset, deliveries])).toEqual([
      [dead, 0, 1],
      [dead, 1, 1],
      [dead, 2, 1],
    ]);
    const busy = await redrive(world);
    expectProblem(busy, 409, 'conflict');
    expect(busy.json['detail']).toContain('of 3 dead letters 3 are still');
    expect((await settle(world, 'ack', again.slice(0, 2))).status).toBe(204);
    expect((await status(world))['redrive']).toMatchObject({ records: 3, done: 2, left: 1 });
    await settle(world, 'ack', again.slice(2));
    expect((await status(world))['redrive']).toMatchObject({ records: 3, done: 3, left: 0 });
    expect(await poll(world)).toEqual([]);
    // Nothing is new: they were asked for.
    expect((await redrive(world)).json).toEqual({ partitions: [], records: 0 });
  });

  test('of a range, or of one, hands out that alone, as often as it is asked for', async () => {
    const world = await withLetters(3);
    expect((await redrive(world, { record: { partition: 0, offset: 1 } })).json['records']).toBe(1);
    world.clock.advance(5000);
    const one = await poll(world);
    expect(one.map(({ value }) => value)).toEqual([1]);
    await settle(world, 'ack', one);
    expect((await redrive(world, { ranges: { 0: { from: 1, to: 3 } } })).json['records']).toBe(2);
    world.clock.advance(5000);
    const two = await poll(world);
    expect(two.map(({ value }) => value)).toEqual([1, 2]);
    await settle(world, 'ack', two);
    // What was asked for by itself counts as new still.
    expect((await redrive(world)).json['records']).toBe(3);
  });

  test('has what fails again among the dead letters again, and counts it', async () => {
    const world = await withLetters(1);
    await redrive(world);
    world.clock.advance(5000);
    await settle(world, 'nack', await poll(world));
    const letters = await lettersOf(world);
    expect(letters).toHaveLength(2);
    expect(letters[1]?.headers).toMatchObject({ 'millrace-dead-topic': dead, 'millrace-dead-offset': '0' });
    expect((await status(world))['redrive']).toMatchObject({ left: 0, deadLettered: 1 });
    expect((await redrive(world)).json['records']).toBe(1);
  });

  test.each([
    [{ record: { partition: 0, offset: 3 } }, /from offset 0 on, and ends at 3/],
    [{ record: { partition: 1, offset: 0 } }, /No such partition/],
    [{ ranges: { 0: { from: 2, to: 2 } } }, /exclusive/],
    [{ ranges: { x: { from: 0, to: 1 } } }, /decimal digits/],
    [{ ranges: {}, record: { partition: 0, offset: 0 } }, /or neither/],
    [{ all: true }, /Unknown field/],
  ])('of what is not there is refused: %j', async (json, message) => {
    const world = await withLetters(3);
    const problem = expectProblem(await redrive(world, json), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({
      path: expect.any(String),
      message: expect.stringMatching(message),
    });
  });

  test('is refused to a group that has no dead letters, or whose topic of them was deleted', async () => {
    const world = await withLetters(0);
    const pulled = '/v1/topics/orders/groups/pulled';
    await call(world, `PUT ${pulled}`, { json: { mode: 'pull' } });
    expectProblem(await call(world, `POST ${pulled}/redrive`), 400, 'invalid_request');
    await call(world, `DELETE /v1/topics/${dead}`);
    const problem = expectProblem(await redrive(world), 404, 'topic_not_found');
    expect(problem['detail']).toContain(dead);
  });
});
