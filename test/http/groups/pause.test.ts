import { describe, expect, test } from 'vitest';
import { announceChanges } from '../../../lib/groups/announced-changes.ts';
import { receiversKnownAfterMs } from '../../../lib/groups/receivers.ts';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing';
const hook = { url: 'https://billing.example.com/hook' };

const withGroup = async (settings: object = { mode: 'push' }): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 2);
  expect((await call(world, `PUT ${path}`, { json: { start: 'earliest', ...settings } })).status).toBe(201);
  await produce(world, [{ value: 1, partition: 1 }]);
  return world;
};

const pause = (world: World): Promise<Answer> => call(world, `POST ${path}/pause`);
const resume = (world: World): Promise<Answer> => call(world, `POST ${path}/resume`);
const register = (world: World): Promise<Answer> => call(world, `POST ${path}/endpoints`, { json: hook });

/** Kind and partition of the wakes that are to be seen by then, taken off the queue. */
const wakesWithin = (world: World, ms: number): string[] => {
  const from = world.clock.now();
  world.clock.advance(ms);
  const wakes = world.stores.wakes.receive().map(({ wake, receipt }) => {
    world.stores.wakes.acknowledge(receipt);
    return `${wake.kind} ${wake.partition}`;
  });
  world.clock.advance(from - world.clock.now());
  return wakes.toSorted();
};

describe('pausing and resuming a group', () => {
  test.each([['push'], ['pull'], ['shared']])('of mode %s shows that, and since when', async (mode) => {
    const world = await withGroup({ mode });
    const before = (await call(world, `GET ${path}`)).json;
    const since = new Date(world.clock.now()).toISOString();
    const paused = await pause(world);
    expect(paused.status).toBe(200);
    expect(paused.json).toMatchObject({
      name: 'billing',
      mode,
      status: 'paused',
      pausedBy: { kind: 'request', since },
    });
    world.clock.advance(5000);
    expect((await pause(world)).json).toEqual(paused.json);
    expect((await call(world, `GET ${path}`)).json).toMatchObject(paused.json);
    expect((await call(world, 'GET /v1/topics/orders/groups')).json['groups']).toMatchObject([paused.json]);
    for (let times = 0; times < 2; times += 1) {
      const resumed = await resume(world);
      expect(resumed.status).toBe(200);
      expect(resumed.json).toMatchObject({ status: 'active' });
      expect(resumed.json).not.toHaveProperty('pausedBy');
      expect(before).toMatchObject(resumed.json);
    }
  });

  test('is for a group that is there', async () => {
    const world = await newWorld();
    expectProblem(await pause(world), 404, 'topic_not_found');
    await withTopic(world, 1);
    expectProblem(await pause(world), 404, 'group_not_found');
    expectProblem(await resume(world), 404, 'group_not_found');
    expectProblem(await call(world, `POST ${path}/pause?for=1h`), 400, 'invalid_request');
  });

  test('says of a group whose endpoint is disabled too what is to be ended first', async () => {
    const world = await withGroup();
    const { json } = await register(world);
    const endpoint = `${path}/endpoints/${String(json['id'])}`;
    await call(world, `PATCH ${endpoint}`, { json: { status: 'disabled' } });
    expect((await pause(world)).json['pausedBy']).toMatchObject({ kind: 'request' });
    expect((await resume(world)).json).toMatchObject({
      status: 'paused',
      pausedBy: { kind: 'endpoint', endpoint: json['id'] },
    });
    expect((await call(world, `PATCH ${endpoint}`, { json: { status: 'enabled' } })).status).toBe(200);
    expect((await call(world, `GET ${path}`)).json['status']).toBe('active');
  });

  test('wakes the group as one that is called from now on, each time that it is resumed', async () => {
    const world = await withGroup();
    await register(world);
    wakesWithin(world, receiversKnownAfterMs);
    await pause(world);
    for (let times = 0; times < 2; times += 1) {
      await resume(world);
      expect(wakesWithin(world, 0)).toEqual(['resume 1']);
      expect(wakesWithin(world, receiversKnownAfterMs - 1)).toEqual([]);
      expect(wakesWithin(world, receiversKnownAfterMs)).toEqual(['append 0', 'append 1']);
    }
  });

  test.each([[{ mode: 'push' }], [{ mode: 'pull' }]])(
    'wakes nothing of a group that nobody is called for: %j',
    async (settings) => {
      const world = await withGroup(settings);
      await pause(world);
      await resume(world);
      expect(wakesWithin(world, 60_000)).toEqual([]);
    },
  );

  test('leaves a group asleep whose endpoint is registered or enabled meanwhile, until it is resumed', async () => {
    const world = await withGroup();
    await pause(world);
    const { json } = await register(world);
    const endpoint = `PATCH ${path}/endpoints/${String(json['id'])}`;
    await call(world, endpoint, { json: { status: 'disabled' } });
    await call(world, endpoint, { json: { status: 'enabled' } });
    expect(wakesWithin(world, 60_000)).toEqual([]);
    await resume(world);
    expect(wakesWithin(world, 0)).toEqual(['resume 1']);
  });

  test('wakes a group that is resumed while its endpoint is being registered', async () => {
    let world: World | undefined;
    const resumed = await newWorld(({ groups }) => ({
      groups: {
        ...announceChanges(groups, () => undefined),
        // The request has read a paused group by then, and its endpoint is not there to be seen.
        putEndpoint: async (ref, endpoint) => {
          if (world !== undefined) await resume(world);
          return groups.putEndpoint(ref, endpoint);
        },
      },
    }));
    await withTopic(resumed, 2);
    await call(resumed, `PUT ${path}`, { json: { mode: 'push', start: 'earliest' } });
    await produce(resumed, [{ value: 1, partition: 1 }]);
    await pause(resumed);
    world = resumed;
    await register(resumed);
    expect(wakesWithin(resumed, 0)).toEqual(['resume 1']);
  });

  test('of a group that is pulled from hands out nothing meanwhile, and takes acknowledgements', async () => {
    const world = await withGroup({ mode: 'pull' });
    const poll = (more: object = {}) =>
      call(world, `POST ${path}/poll`, { json: { consumerId: 'a', ...more } });
    expect((await poll()).json['records']).toHaveLength(1);
    await pause(world);
    world.clock.advance(5000);
    await produce(world, [{ value: 2, partition: 0 }]);
    const { status, json } = await poll({ ack: { offsets: { 1: 1 } } });
    expect(status).toBe(200);
    expect(json['records']).toEqual([]);
    expect((await call(world, `GET ${path}`)).json).toMatchObject({
      lag: 1,
      members: [{ consumerId: 'a' }],
    });
    await resume(world);
    world.clock.advance(5000);
    expect((await poll()).json['records']).toMatchObject([{ partition: 0, offset: 0 }]);
  });
});
