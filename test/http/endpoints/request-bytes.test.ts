import { expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing/endpoints';
const url = 'https://example.com/hook';

const withGroup = async (): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  await call(world, 'PUT /v1/topics/orders/groups/billing', { json: { mode: 'push', start: 'earliest' } });
  return world;
};

test('the greatest request of an endpoint is given, changed, taken away and shown', async () => {
  const world = await withGroup();
  const { status, json } = await call(world, `POST ${path}`, { json: { url, maxRequestBytes: 100_000 } });
  expect([status, json['maxRequestBytes']]).toEqual([201, 100_000]);
  const one = `${path}/${String(json['id'])}`;
  const patched = await call(world, `PATCH ${one}`, { json: { maxRequestBytes: 5_000_000 } });
  expect(patched.json['maxRequestBytes']).toBe(5_000_000);
  expect((await call(world, `GET ${one}`)).json['maxRequestBytes']).toBe(5_000_000);
  const bare = await call(world, `PATCH ${one}`, { json: { maxRequestBytes: null } });
  expect(bare.json).not.toHaveProperty('maxRequestBytes');
});

test.each([0, 1023, 1024.5, limits.maxRequestBytes + 1, '5000', true])(
  'it cannot be %j',
  async (maxRequestBytes) => {
    const world = await withGroup();
    const problem = expectProblem(
      await call(world, `POST ${path}`, { json: { url, maxRequestBytes } }),
      400,
      'invalid_request',
    );
    expect(problem['errors']).toEqual([
      { path: 'maxRequestBytes', message: expect.stringMatching(/limit maxRequestBytes/) },
    ]);
  },
);
