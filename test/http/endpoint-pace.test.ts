import { describe, expect, test } from 'vitest';
import { limits } from '../../lib/domain/limits.ts';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

const path = '/v1/topics/orders/groups/billing/endpoints';
const url = 'https://example.com/hook';
const paced = { maxConcurrentRequests: 3, requestsPerSecond: 0.5 };

const withGroup = async (): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  await produce(world, [{ value: 1 }]);
  await call(world, 'PUT /v1/topics/orders/groups/billing', { json: { mode: 'push', start: 'earliest' } });
  return world;
};
const register = (world: World, settings: object): Promise<Answer> =>
  call(world, `POST ${path}`, { json: { url, ...settings } });

describe('the pace of an endpoint', () => {
  test('is given when it is registered, and shown with it', async () => {
    const world = await withGroup();
    const { status, json } = await register(world, paced);
    expect(status).toBe(201);
    expect(json).toMatchObject(paced);
    expect((await call(world, `GET ${path}/${json['id']}`)).json).toMatchObject(paced);
    expect((await call(world, `GET ${path}`)).json['endpoints']).toMatchObject([paced]);
  });

  test('is changed, each setting by itself, and taken away by null', async () => {
    const world = await withGroup();
    const { json } = await register(world, {});
    for (const setting of Object.keys(paced)) expect(json).not.toHaveProperty(setting);
    const patch = async (change: object): Promise<Answer['json']> => {
      const answer = await call(world, `PATCH ${path}/${json['id']}`, { json: change });
      expect(answer.status).toBe(200);
      return answer.json;
    };
    expect(await patch({ maxConcurrentRequests: 3 })).toMatchObject({ maxConcurrentRequests: 3 });
    expect(await patch({ requestsPerSecond: 0.5 })).toMatchObject(paced);
    const bare = await patch({ maxConcurrentRequests: null });
    expect(bare).toMatchObject({ requestsPerSecond: 0.5 });
    expect(bare).not.toHaveProperty('maxConcurrentRequests');
    expect(await patch({ requestsPerSecond: null })).not.toHaveProperty('requestsPerSecond');
  });

  test('wakes its group when it changes: what was put off need not wait', async () => {
    const world = await withGroup();
    const { json } = await register(world, paced);
    world.clock.advance(10_000);
    for (const { receipt } of world.stores.wakes.receive()) world.stores.wakes.acknowledge(receipt);
    await call(world, `PATCH ${path}/${json['id']}`, { json: { requestsPerSecond: 5 } });
    expect(world.stores.wakes.receive()).toMatchObject([{ wake: { kind: 'resume', partition: 0 } }]);
  });

  test.each([
    ['maxConcurrentRequests', [1, limits.maxConcurrentRequests], [0, 1.5, -1, 1001, '3', true]],
    [
      'requestsPerSecond',
      [limits.requestsPerSecondLeast, 0.25, 1, limits.requestsPerSecond],
      [0, 0.09, 10_000.1, '1', []],
    ],
  ])('%s is within its limits', async (name, good, bad) => {
    const world = await withGroup();
    const { json } = await register(world, {});
    const patch = (value: unknown) => call(world, `PATCH ${path}/${json['id']}`, { json: { [name]: value } });
    for (const value of good) expect((await patch(value)).json[name]).toBe(value);
    for (const value of bad) {
      const problem = expectProblem(await patch(value), 400, 'invalid_request');
      expect(problem['errors']).toEqual([{ path: name, message: expect.stringContaining(`limit ${name}`) }]);
    }
    expectProblem(
      await register(world, { url: 'https://example.org/', [name]: null }),
      400,
      'invalid_request',
    );
  });
});
