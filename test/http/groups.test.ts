import { describe, expect, test } from 'vitest';
import { deliveryDefaults } from '../../lib/domain/groups/groups.ts';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

const path = '/v1/topics/orders/groups/billing';
const push = { mode: 'push' };

/** Two partitions: three records in the first, a second apart; none in the other. */
const threeRecords = async (): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 2);
  for (let value = 0; value < 3; value += 1) {
    await produce(world, [{ value, partition: 0 }]);
    world.clock.advance(1000);
  }
  return world;
};

const put = (world: World, json: unknown): Promise<Answer> => call(world, `PUT ${path}`, { json });

const committed = async (world: World): Promise<unknown[]> => {
  const { json } = await call(world, `GET ${path}`);
  return (json['partitions'] as { committed: unknown }[]).map((partition) => partition.committed);
};

describe('creating a group', () => {
  test('takes the defaults of delivery and begins at the end', async () => {
    const world = await threeRecords();
    const answer = await put(world, push);
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      name: 'billing',
      topic: 'orders',
      mode: 'push',
      status: 'active',
      start: 'latest',
      delivery: {
        format: 'webhook',
        batchSize: 100,
        timeoutSeconds: 15,
        backoff: { initialSeconds: 1, maxSeconds: 900 },
        maxAttempts: 10,
        deadLetterAfterSeconds: 300,
        ordering: 'partition',
        concurrency: 1,
        ack: 'response',
        ackTimeoutSeconds: 60,
        attemptLog: { successes: 0 },
      },
      endpoints: 0,
      createdAt: '2026-03-01T12:00:03.000Z',
    });
    expect(await committed(world)).toEqual([3, 0]);
  });

  test.each([
    ['earliest', [0, 0]],
    ['latest', [3, 0]],
    [{ timestamp: '2026-03-01T12:00:01Z' }, [1, 0]],
    [{ timestamp: '2030-01-01T00:00:00Z' }, [3, 0]],
    [{ offsets: { 0: 2 } }, [2, 0]],
    [{ offsets: { 0: 3, 1: 0 } }, [3, 0]],
    [{ offsets: {} }, [0, 0]],
  ])('begins where it is asked to: %j', async (start, offsets) => {
    const world = await threeRecords();
    expect((await put(world, { ...push, start })).json).toMatchObject({ start });
    expect(await committed(world)).toEqual(offsets);
  });

  test('begins by the time of each record, given or of its append', async () => {
    const world = await threeRecords();
    await produce(world, [
      { value: 'old', timestamp: '1999-12-31T23:59:59Z', partition: 0 },
      { value: 'to come', timestamp: '2030-01-01T00:00:00Z', partition: 0 },
    ]);
    await put(world, { ...push, start: { timestamp: '2029-01-01T00:00:00Z' } });
    expect(await committed(world)).toEqual([4, 0]);
  });

  test('begins at the oldest record that is left', async () => {
    const world = await threeRecords();
    const topic = await world.stores.topics.get('orders');
    await world.stores.partitions.advance({ topicId: topic?.topicId ?? '', partition: 0 }, 'startOffset', 2);
    const below = await put(world, { ...push, start: { offsets: { 0: 1 } } });
    expect(expectProblem(below, 400, 'invalid_request')['errors']).toMatchObject([
      { path: 'start.offsets.0' },
    ]);
    await put(world, { ...push, start: 'earliest' });
    expect(await committed(world)).toEqual([2, 0]);
  });

  test('is answered 200 when the same is asked for again, and keeps its place', async () => {
    const world = await threeRecords();
    const first = await put(world, push);
    await produce(world, [{ value: 3, partition: 0 }]);
    const again = await put(world, { ...push, start: 'latest', delivery: { batchSize: 100 } });
    expect(again.status).toBe(200);
    expect(again.json).toEqual(first.json);
    expect(await committed(world)).toEqual([3, 0]);
  });

  test.each([
    { start: 'earliest' },
    { delivery: { batchSize: 7 } },
    { delivery: { backoff: { maxSeconds: 60 } } },
  ])('is refused when the group exists with other settings: %j', async (other) => {
    const world = await threeRecords();
    await put(world, push);
    expectProblem(await put(world, { ...push, ...other }), 409, 'group_exists');
  });

  test.each([
    [{}, 'mode', /push/],
    [{ mode: 'kafka' }, 'mode', /"shared"/],
    [{ mode: 'pull', delivery: {} }, 'delivery', /"push" have/],
    [{ mode: 'pull', maxDeliveries: 3 }, 'maxDeliveries', /"shared" have/],
    [{ mode: 'pull', sessionTimeoutSeconds: 2 }, 'sessionTimeoutSeconds', /from 3 to 3600/],
    [{ mode: 'shared', ackTimeoutSeconds: 0 }, 'ackTimeoutSeconds', /from 1/],
    [{ mode: 'shared', maxDeliveries: 0 }, 'maxDeliveries', /or null/],
    [{ mode: 'PUSH' }, 'mode', /push/],
    [{ ...push, start: 'now' }, 'start', /earliest/],
    [{ ...push, start: 0 }, 'start', /earliest/],
    [{ ...push, start: { timestamp: 'now' } }, 'start.timestamp', /ISO 8601/],
    [{ ...push, start: { timestamp: '2024-01-01T00:00:00Z', offsets: {} } }, 'start', /earliest/],
    [{ ...push, start: { offsets: { 0: -1 } } }, 'start.offsets.0', /whole number/],
    [{ ...push, start: { offsets: { 0: '1' } } }, 'start.offsets.0', /whole number/],
    [{ ...push, start: { offsets: JSON.parse('{"__proto__":1}') } }, 'start.offsets', /__proto__/],
    [{ ...push, start: {} }, 'start.timestamp', /ISO 8601/],
    [{ ...push, start: { offset: {} } }, 'start', /earliest/],
    [{ ...push, start: { offsets: { 0: 4 } } }, 'start.offsets.0', /from 0, and ends at 3/],
    [{ ...push, start: { offsets: { 2: 0 } } }, 'start.offsets.2', /has 2, from 0 to 1/],
    [{ ...push, start: { offsets: { '01': 0 } } }, 'start.offsets.01', /No such partition/],
    [{ ...push, delivery: { batchSize: 0 } }, 'delivery.batchSize', /1000 \(limit deliveryRecords\)/],
    [{ ...push, delivery: { batchSize: 1001 } }, 'delivery.batchSize', /limit deliveryRecords/],
    [
      { ...push, delivery: { timeoutSeconds: 31 } },
      'delivery.timeoutSeconds',
      /30 \(limit deliveryTimeoutSeconds\)/,
    ],
    [{ ...push, delivery: { maxAttempts: 0 } }, 'delivery.maxAttempts', /limit maxAttempts.*or null/],
    [{ ...push, delivery: { attemptLog: { successes: 1.1 } } }, 'delivery.attemptLog.successes', /from 0/],
    [{ ...push, delivery: { attemptLog: { successes: -0.1 } } }, 'delivery.attemptLog.successes', /to 1/],
    [{ ...push, delivery: { attemptLog: {} } }, 'delivery.attemptLog.successes', /from 0/],
    [{ ...push, delivery: { attemptLog: { failures: 1 } } }, 'delivery.attemptLog.failures', /Unknown/],
    [{ ...push, delivery: { filter: 'value = ' } }, 'delivery.filter', /JSONata at character 8/],
    [{ ...push, delivery: { filter: '' } }, 'delivery.filter', /limit filterLength.*or null/],
    [{ ...push, delivery: { filter: { a: [1] } } }, 'delivery.filter', /expression of JSONata/],
    [{ ...push, delivery: { filter: `"${'a'.repeat(4095)}"` } }, 'delivery.filter', /limit filterLength/],
    [{ ...push, delivery: { transform: '$now()' } }, 'delivery.transform', /no \$now here: /],
    [{ ...push, delivery: { transform: '$uper(key)' } }, 'delivery.transform', /There is no \$uper/],
    [{ ...push, delivery: { ordering: 'keys' } }, 'delivery.ordering', /"partition", "key" or "none"/],
    [
      { ...push, delivery: { ordering: 'key', concurrency: 101 } },
      'delivery.concurrency',
      /limit deliveryConcurrency/,
    ],
    [{ ...push, delivery: { concurrency: 2 } }, 'delivery.concurrency', /give "ordering": "key" or "none"/],
    [{ ...push, delivery: { deadLetterAfterSeconds: -1 } }, 'delivery.deadLetterAfterSeconds', /from 0/],
    [
      { ...push, delivery: { backoff: { initialSeconds: 0 } } },
      'delivery.backoff.initialSeconds',
      /from 0.1/,
    ],
    [
      { ...push, delivery: { backoff: { initialSeconds: 10, maxSeconds: 5 } } },
      'delivery.backoff',
      /initialSeconds, 10, is more than maxSeconds, which is 5 here/,
    ],
    [
      { ...push, delivery: { backoff: { initialSeconds: 1000 } } },
      'delivery.backoff',
      /initialSeconds, 1000, is more than maxSeconds, which is 900 here: give a maxSeconds of 1000/,
    ],
    [{ ...push, delivery: { retries: 3 } }, 'delivery.retries', /Unknown/],
    [{ ...push, ackTimeoutSeconds: 60 }, 'ackTimeoutSeconds', /"pull" and "shared" have/],
  ])('refuses %j and says where it is wrong', async (json, at, message) => {
    const world = await threeRecords();
    const problem = expectProblem(await put(world, json), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(message) });
    expectProblem(await call(world, `GET ${path}`), 404, 'group_not_found');
  });

  test('refuses a name that is none, and a topic that is not there', async () => {
    const world = await threeRecords();
    const named = await call(world, 'PUT /v1/topics/orders/groups/.a', { json: push });
    expect(expectProblem(named, 400, 'invalid_request')['errors']).toMatchObject([{ path: 'group' }]);
    const none = await call(world, 'PUT /v1/topics/none/groups/a', { json: push });
    expectProblem(none, 404, 'topic_not_found');
  });

  test('stops at the limit of groups of a topic, which it names', async () => {
    const world = await threeRecords();
    for (let n = 0; n < 100; n += 1) {
      expect((await call(world, `PUT /v1/topics/orders/groups/g${n}`, { json: push })).status).toBe(201);
    }
    expect(expectProblem(await put(world, push), 400, 'limit_exceeded')).toMatchObject({
      limit: 'groupsPerTopic',
    });
    expect((await call(world, 'PUT /v1/topics/orders/groups/g7', { json: push })).status).toBe(200);
  });
});

describe('changing a group', () => {
  const patch = (world: World, json: unknown): Promise<Answer> => call(world, `PATCH ${path}`, { json });

  test('sets what is given of delivery, field by field, and nothing else', async () => {
    const world = await threeRecords();
    const { json: before } = await put(world, { ...push, start: 'earliest' });
    const first = await patch(world, { delivery: { batchSize: 7, backoff: { maxSeconds: 60 } } });
    expect(first.status).toBe(200);
    const backoff = { initialSeconds: 1, maxSeconds: 60 };
    expect(first.json).toEqual({ ...before, delivery: { ...deliveryDefaults, batchSize: 7, backoff } });
    await patch(world, { delivery: { timeoutSeconds: 1, backoff: { initialSeconds: 2 } } });
    const after = { batchSize: 7, timeoutSeconds: 1, backoff: { initialSeconds: 2, maxSeconds: 60 } };
    expect((await call(world, `GET ${path}`)).json).toMatchObject({ start: 'earliest', delivery: after });
    expect(await committed(world)).toEqual([0, 0]);
    expectProblem(await put(world, { ...push, start: 'earliest' }), 409, 'group_exists');
    expect((await put(world, { ...push, start: 'earliest', delivery: after })).status).toBe(200);
  });

  test('gives a group a filter and a transform, and takes them away again', async () => {
    const world = await threeRecords();
    await put(world, push);
    const [filter, transform] = ['value.amount > 100', '{"id": key}'];
    const given = await patch(world, { delivery: { filter, transform } });
    expect(given.json['delivery']).toEqual({ ...deliveryDefaults, filter, transform });
    expect((await put(world, { ...push, delivery: { filter, transform } })).status).toBe(200);
    expectProblem(await put(world, { ...push, delivery: { filter } }), 409, 'group_exists');
    const without = await patch(world, { delivery: { filter: null } });
    expect(without.json['delivery']).toEqual({ ...deliveryDefaults, transform });
    expect((await patch(world, { delivery: { batchSize: 7 } })).json['delivery']).toMatchObject({
      transform,
    });
    await patch(world, { delivery: { transform: null, batchSize: 100 } });
    expect((await call(world, `GET ${path}`)).json['delivery']).toEqual(deliveryDefaults);
  });

  test('keeps both of two changes that meet', async () => {
    const world = await threeRecords();
    await put(world, push);
    const changes = [{ batchSize: 7 }, { timeoutSeconds: 1 }, { backoff: { maxSeconds: 60 } }];
    const answers = await Promise.all(changes.map((delivery) => patch(world, { delivery })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await call(world, `GET ${path}`)).json['delivery']).toEqual({
      ...deliveryDefaults,
      batchSize: 7,
      timeoutSeconds: 1,
      backoff: { initialSeconds: 1, maxSeconds: 60 },
    });
  });

  test.each([
    [{}, '', /at least one/],
    [{ delivery: {} }, 'delivery', /at least one/],
    [{ delivery: { backoff: {} } }, 'delivery.backoff', /at least one/],
    [{ delivery: { batchSize: 1, backoff: {} } }, 'delivery.backoff', /at least one/],
    [{ delivery: null }, 'delivery', /\.$/],
    [{ delivery: { batchSize: 1 }, mode: 'push' }, 'mode', /mode of a group cannot be changed/],
    [{ delivery: { batchSize: 1 }, start: 'latest' }, 'start', /start of a group cannot be changed/],
    [{ delivery: { maxAttempts: 1001 } }, 'delivery.maxAttempts', /limit maxAttempts/],
    [{ delivery: { filter: '(' } }, 'delivery.filter', /expression of JSONata/],
    [{ delivery: { transform: 'value', filter: '$random() > 0.5' } }, 'delivery.filter', /\$random/],
    [{ delivery: { batchSize: 0 } }, 'delivery.batchSize', /limit deliveryRecords/],
    [{ delivery: { batchSize: null } }, 'delivery.batchSize', /limit deliveryRecords/],
    [
      { delivery: { backoff: { initialSeconds: 901 } } },
      'delivery.backoff',
      /initialSeconds, 901, is more than maxSeconds, which is 900 here/,
    ],
    [{ delivery: { retries: 3 } }, 'delivery.retries', /Unknown/],
    [{ status: 'paused' }, 'status', /Unknown/],
  ])('refuses %j, says where it is wrong and changes nothing', async (json, at, message) => {
    const world = await threeRecords();
    const { json: before } = await put(world, push);
    const problem = expectProblem(await patch(world, json), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(message) });
    expect((await call(world, `GET ${path}`)).json).toMatchObject(before);
  });

  test.each([
    [{ mode: 'push' }, 'mode'],
    [{ start: 'latest' }, 'start'],
    [{}, ''],
  ])('gives the real reason alone why it refuses %j', async (json, at) => {
    const world = await threeRecords();
    await put(world, push);
    const problem = expectProblem(await patch(world, json), 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path: at, message: expect.stringMatching(/\.$/) }]);
  });

  test('needs a topic and a group', async () => {
    const world = await newWorld();
    const json = { delivery: { batchSize: 1 } };
    expectProblem(await patch(world, json), 404, 'topic_not_found');
    await withTopic(world, 1);
    expectProblem(await patch(world, json), 404, 'group_not_found');
  });

  test('is told of a setting without effect that older versions stored no more, and is made again with it', async () => {
    const world = await threeRecords();
    await put(world, push);
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const found = await world.stores.groups.get({ topicId, group: 'billing' });
    if (found?.group.mode !== 'push') throw new Error('There is no such group.');
    const { maxAttempts: _new, attemptLog: _newer, ...former } = found.group.delivery;
    const old = { ...former, retries: 3 } as unknown as typeof found.group.delivery;
    await world.stores.groups.update(found.group, { delivery: old });
    expect((await put(world, push)).status).toBe(200);
    const shown = await call(world, `GET ${path}`);
    expect(shown.text).not.toContain('retries');
    expect(shown.json).toMatchObject({ delivery: { maxAttempts: 10, attemptLog: { successes: 0 } } });
    const changed = await patch(world, { delivery: { attemptLog: { successes: 0.5 } } });
    expect(changed.json).toMatchObject({ delivery: { maxAttempts: 10, attemptLog: { successes: 0.5 } } });
  });
});

describe('a group is shown', () => {
  test('with its lag, the lease on a partition and why it fails', async () => {
    const world = await threeRecords();
    await put(world, { ...push, start: 'earliest' });
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const found = await world.stores.groups.get({ topicId, group: 'billing' });
    const ref = { groupId: found?.group.groupId ?? '', partition: 0 };
    const now = world.clock.now();
    const lease = { owner: 'run-1', now, leaseUntil: now + 10_000, startOffset: 0, read: undefined };
    const { cursor } = await world.stores.cursors.acquire(ref, lease);
    const epoch = cursor?.epoch ?? 0;
    await world.stores.cursors.commit(ref, { epoch, committed: 1, leaseUntil: now + 10_000 });
    const shown = await call(world, `GET ${path}`);
    expect(shown.json).toMatchObject({
      status: 'active',
      lag: 2,
      partitions: [
        { partition: 0, committed: 1, end: 3, lag: 2, owner: 'run-1', waiting: { for: 'endpoint' } },
        { partition: 1, committed: 0, end: 0, lag: 0, owner: null },
      ],
    });
    const retry = { attempts: 2, retryAt: now + 4000, pendingEnd: 3, lastFailure: 'answered 500' };
    await world.stores.cursors.release(ref, { epoch, retry });
    await call(world, `POST ${path}/endpoints`, { json: { url: 'https://example.com/' } });
    const until = '2026-03-01T12:00:07.000Z';
    const waiting = { for: 'retry', until, reason: expect.stringContaining('answered 500') };
    const after = await call(world, `GET ${path}`);
    expect((after.json['partitions'] as object[])[1]).not.toHaveProperty('waiting');
    expect(after.json).toMatchObject({
      partitions: [{ waiting }, {}],
    });
    expect((await call(world, `GET ${path}`)).json).toMatchObject({
      partitions: [
        { owner: null, attempts: 2, retryAt: '2026-03-01T12:00:07.000Z', lastFailure: 'answered 500' },
        {},
      ],
    });
  });

  test('with what retention took from it, and no lag for that', async () => {
    const world = await threeRecords();
    await put(world, { ...push, start: 'earliest' });
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    await world.stores.partitions.advance({ topicId, partition: 0 }, 'startOffset', 2);
    // It has not come by yet, and yet they are gone.
    expect((await call(world, `GET ${path}`)).json).toMatchObject({
      lag: 1,
      lost: 2,
      partitions: [
        { partition: 0, committed: 0, end: 3, lag: 1, lost: 2 },
        { partition: 1, lag: 0, lost: 0 },
      ],
    });
    const found = await world.stores.groups.get({ topicId, group: 'billing' });
    const ref = { groupId: found?.group.groupId ?? '', partition: 0 };
    await world.stores.cursors.acquire(ref, {
      owner: 'run-1',
      leaseUntil: 1,
      startOffset: 0,
      read: undefined,
    });
    await world.stores.cursors.commit(ref, { epoch: 1, committed: 2, leaseUntil: 0, lost: 2 });
    expect((await call(world, `GET ${path}`)).json).toMatchObject({ lag: 1, lost: 2 });
  });

  test('with neither an owner nor a time that only a wrong clock can have written', async () => {
    const world = await threeRecords();
    await put(world, { ...push, start: 'earliest' });
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const found = await world.stores.groups.get({ topicId, group: 'billing' });
    const ref = { groupId: found?.group.groupId ?? '', partition: 0 };
    const now = world.clock.now();
    const ahead = now + 86_400_000;
    const lease = { owner: 'run-1', now, leaseUntil: ahead, startOffset: 0, read: undefined };
    const { cursor } = await world.stores.cursors.acquire(ref, lease);
    expect((await call(world, `GET ${path}`)).json).toMatchObject({ partitions: [{ owner: null }, {}] });
    const retry = { attempts: 2, retryAt: ahead, pendingEnd: 3, lastFailure: 'answered 500' };
    await world.stores.cursors.release(ref, { epoch: cursor?.epoch ?? 0, retry });
    expect((await call(world, `GET ${path}`)).json).toMatchObject({
      partitions: [{ attempts: 2, retryAt: new Date(world.clock.now()).toISOString() }, {}],
    });
  });

  test('with the partitions that were added since, from their beginning', async () => {
    const world = await threeRecords();
    await put(world, push);
    await call(world, 'PATCH /v1/topics/orders', { json: { partitions: 3 } });
    await produce(world, [{ value: 1, partition: 2 }]);
    const { json } = await call(world, `GET ${path}`);
    expect(json).toMatchObject({
      lag: 1,
      partitions: [{}, {}, { partition: 2, committed: 0, end: 1, lag: 1 }],
    });
  });

  test('in a list of the topic, by name', async () => {
    const world = await threeRecords();
    for (const name of ['b', 'a']) await call(world, `PUT /v1/topics/orders/groups/${name}`, { json: push });
    expect((await call(world, 'GET /v1/topics/orders/groups')).json).toMatchObject({
      groups: [{ name: 'a', status: 'active', endpoints: 0 }, { name: 'b' }],
    });
    expectProblem(await call(world, 'GET /v1/topics/none/groups'), 404, 'topic_not_found');
  });
});

describe('deleting a group', () => {
  test('removes it, and leaves its cursors to sweep', async () => {
    const world = await threeRecords();
    await put(world, push);
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const found = await world.stores.groups.get({ topicId, group: 'billing' });
    expect((await call(world, `DELETE ${path}`)).status).toBe(204);
    expectProblem(await call(world, `GET ${path}`), 404, 'group_not_found');
    expectProblem(await call(world, `DELETE ${path}`), 404, 'group_not_found');
    const [removal] = await world.stores.removals.list('group', { limit: 10 });
    expect(removal).toMatchObject({ kind: 'group', id: found?.group.groupId, name: 'billing', topicId });
  });

  test('lets a new one of that name begin where it is asked to', async () => {
    const world = await threeRecords();
    await put(world, push);
    await call(world, `DELETE ${path}`);
    expect((await put(world, { ...push, start: 'earliest' })).status).toBe(201);
    expect(await committed(world)).toEqual([0, 0]);
  });
});

describe('a group that pulls', () => {
  const send = (world: World, method: string, json: object, name = 'workers') =>
    call(world, `${method} /v1/topics/orders/groups/${name}`, { json });

  test('has the settings of its mode, by default or as they are given, and the same again is the same', async () => {
    const world = await newWorld();
    await withTopic(world, 2);
    const pulled = await send(world, 'PUT', { mode: 'pull' });
    expect(pulled.json).toMatchObject({ mode: 'pull', sessionTimeoutSeconds: 30, ackTimeoutSeconds: 60 });
    expect(pulled.json).not.toHaveProperty('maxDeliveries');
    expect(pulled.json).not.toHaveProperty('delivery');
    expect((await send(world, 'PUT', { mode: 'pull' })).status).toBe(200);
    expect((await send(world, 'PUT', { mode: 'pull', ackTimeoutSeconds: 5 })).json['detail']).toContain(
      '(ackTimeoutSeconds)',
    );
    expect((await send(world, 'PUT', { mode: 'shared' })).json['detail']).toContain('mode');
  });

  test('that is shared gets a topic for its dead letters, unless it has none', async () => {
    const world = await newWorld();
    await withTopic(world, 16);
    expect((await send(world, 'PUT', { mode: 'shared' })).json).toMatchObject({ maxDeliveries: 10 });
    const dead = await call(world, 'GET /v1/topics/orders.workers.dead');
    expect(dead.json).toMatchObject({ partitions: 8, retentionHours: null });
    await send(world, 'PUT', { mode: 'shared', maxDeliveries: null }, 'tireless');
    expect((await call(world, 'GET /v1/topics/orders.tireless.dead')).status).toBe(404);
    await send(world, 'PATCH', { maxDeliveries: 3 }, 'tireless');
    expect((await call(world, 'GET /v1/topics/orders.tireless.dead')).status).toBe(200);
    const long = await send(world, 'PUT', { mode: 'shared' }, 'x'.repeat(118));
    expectProblem(long, 400, 'invalid_request');
    expect(long.json['detail']).toContain('nameLength');
    expect((await send(world, 'PUT', { mode: 'shared', maxDeliveries: null }, 'x'.repeat(118))).status).toBe(
      201,
    );
  });

  test('changes in place, and has no endpoints', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await send(world, 'PUT', { mode: 'pull' });
    const changed = await send(world, 'PATCH', { ackTimeoutSeconds: 5 });
    expect(changed.json).toMatchObject({ ackTimeoutSeconds: 5, sessionTimeoutSeconds: 30 });
    expectProblem(await send(world, 'PATCH', { delivery: { batchSize: 1 } }), 400, 'invalid_request');
    expectProblem(await send(world, 'PATCH', { maxDeliveries: 1 }), 400, 'invalid_request');
    const endpoints = `POST /v1/topics/orders/groups/workers/endpoints`;
    const refused = await call(world, endpoints, { json: { url: 'https://example.com/' } });
    expectProblem(refused, 409, 'conflict');
  });
});
