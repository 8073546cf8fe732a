import { describe, expect, test } from 'vitest';
import { eventsTopicName } from '../../lib/domain/events/topic.ts';
import { call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

const path = `/v1/topics/${eventsTopicName}`;
const group = '/v1/topics/orders/groups/billing';

interface Told {
  readonly key: string;
  readonly headers: object;
  readonly value: { readonly id: string } & Readonly<Record<string, unknown>>;
}

/** What was told, in the order of each partition. */
const told = async (world: World): Promise<readonly Told[]> => {
  const partitions = await call(world, `GET ${path}/partitions`);
  if (partitions.status === 404) return [];
  const all = partitions.json['partitions'] as readonly { partition: number }[];
  const fetched = await Promise.all(
    all.map(({ partition }) => call(world, `GET ${path}/partitions/${partition}/records?offset=earliest`)),
  );
  return fetched.flatMap(({ json }) => json['records'] as readonly Told[]);
};

const withGroup = async (mode: string): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  expect((await call(world, `PUT ${group}`, { json: { mode, start: 'earliest' } })).status).toBe(201);
  return world;
};

const registered = async (world: World): Promise<string> => {
  const json = { url: 'https://hooks.example.com/' };
  return String((await call(world, `POST ${group}/endpoints`, { json })).json['id']);
};

describe('the topic of system events', () => {
  test('is not there before there is something to tell', async () => {
    const world = await withGroup('push');
    await registered(world);
    await produce(world, [{ value: 1 }]);
    expectProblem(await call(world, `GET ${path}`), 404, 'topic_not_found');
    await call(world, `POST ${group}/pause`);
    expect((await call(world, `GET ${path}`)).status).toBe(200);
  });

  test('has a record of each pause and each end of one', async () => {
    const world = await withGroup('pull');
    for (const what of ['pause', 'pause', 'resume', 'resume'])
      expect((await call(world, `POST ${group}/${what}`)).status).toBe(200);
    const said = { topic: 'orders', group: 'billing', by: 'request', time: '2026-03-01T12:00:00.000Z' };
    expect(await told(world)).toMatchObject([
      {
        key: 'orders/billing',
        headers: { 'millrace-event': 'group.paused' },
        value: { type: 'group.paused', ...said },
      },
      {
        key: 'orders/billing',
        headers: { 'millrace-event': 'group.resumed' },
        value: { type: 'group.resumed', ...said },
      },
    ]);
  });

  test('has a record of each endpoint that is disabled or enabled, and of its group', async () => {
    const world = await withGroup('push');
    const endpoint = await registered(world);
    for (const status of ['disabled', 'disabled', 'enabled'])
      await call(world, `PATCH ${group}/endpoints/${endpoint}`, { json: { status } });
    const reason = 'It was disabled by a request.';
    expect((await told(world)).map(({ value }) => value)).toMatchObject([
      { type: 'endpoint.disabled', endpoint, by: 'request', reason },
      { type: 'group.paused', endpoint, by: 'endpoint', reason },
      { type: 'endpoint.enabled', endpoint },
      { type: 'group.resumed', endpoint, by: 'endpoint' },
    ]);
  });

  test('has a record of each dead letter, which says where that is', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const json = { mode: 'shared', start: 'earliest', maxDeliveries: 1 };
    await call(world, `PUT ${group}`, { json });
    await produce(world, [{ value: 'poison' }, { value: 'good' }]);
    await call(world, `POST ${group}/poll`, { json: { consumerId: 'a' } });
    const records = [
      { partition: 0, offset: 0, outcome: 'nack' },
      { partition: 0, offset: 1, outcome: 'ack' },
    ];
    await call(world, `POST ${group}/ack`, { json: { consumerId: 'a', records } });
    await call(world, `POST ${group}/poll`, { json: { consumerId: 'a' } });
    expect(await told(world)).toMatchObject([
      {
        key: 'orders/billing',
        value: {
          type: 'record.dead_lettered',
          partition: 0,
          offset: 0,
          deliveries: 1,
          reason: 'nack',
          deadTopic: 'orders.billing.dead',
          deadPartition: 0,
          deadOffset: 0,
        },
      },
    ]);
  });

  test('can be asked for before, and then again, with settings of its own', async () => {
    const world = await newWorld();
    const settings = { partitions: 2, retentionHours: 168, archive: false };
    const made = await call(world, `PUT ${path}`);
    expect(made).toMatchObject({ status: 201, json: settings });
    expect((await call(world, `PUT ${path}`)).status).toBe(200);
    expect((await call(world, `PUT ${path}`, { json: {} })).status).toBe(200);
    expectProblem(await call(world, `PUT ${path}`, { json: [] }), 400, 'invalid_request');
    expect(await call(world, `PATCH ${path}`, { json: { retentionHours: 720 } })).toMatchObject({
      status: 200,
      json: { ...settings, retentionHours: 720 },
    });
    expectProblem(await call(world, `PUT ${path}`), 409, 'topic_exists');
  });

  test('takes records of nobody, and cannot be deleted', async () => {
    const world = await newWorld();
    await call(world, `PUT ${path}`);
    expectProblem(await produce(world, [{ value: 1 }], eventsTopicName), 403, 'forbidden');
    expectProblem(await call(world, `DELETE ${path}`), 403, 'forbidden');
    expect(await told(world)).toEqual([]);
    expect((await call(world, `GET ${path}`)).status).toBe(200);
  });

  test('has groups as any topic', async () => {
    const world = await withGroup('pull');
    await call(world, `PUT ${path}`);
    const alerts = `${path}/groups/alerts`;
    expect((await call(world, `PUT ${alerts}`, { json: { mode: 'shared', start: 'earliest' } })).status).toBe(
      201,
    );
    await call(world, `POST ${group}/pause`);
    const polled = await call(world, `POST ${alerts}/poll`, { json: { consumerId: 'a' } });
    expect(polled.json['records']).toMatchObject([{ value: { type: 'group.paused', topic: 'orders' } }]);
  });
});

describe('names of topics that begin with "millrace."', () => {
  test('are refused to who creates a topic, and stay usable where one is there', async () => {
    const world = await newWorld();
    const problem = expectProblem(await call(world, 'PUT /v1/topics/millrace.audit'), 400, 'invalid_request');
    expect(problem['errors']).toMatchObject([{ path: 'topic' }]);
    const settings = { partitions: 1, retentionHours: 24, archive: false };
    await world.stores.topics.create({ name: 'millrace.audit', topicId: 't', createdAt: 0, ...settings });
    expect((await call(world, 'PUT /v1/topics/millrace.audit', { json: settings })).status).toBe(200);
    expect((await produce(world, [{ value: 1 }], 'millrace.audit')).status).toBe(200);
    expect((await call(world, 'DELETE /v1/topics/millrace.audit')).status).toBe(204);
  });
});
