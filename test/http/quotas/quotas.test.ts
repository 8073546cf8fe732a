import { describe, expect, test } from 'vitest';
import { call, expectProblem, newWorld, withTopic } from '../world.ts';

const path = 'POST /v1/topics/orders/records';
const records = (count: number) => ({ records: Array.from({ length: count }, () => ({ value: 1 })) });

const setUp = async (quota = { recordsPerSecond: 10, burstSeconds: 1 }) => {
  const world = await newWorld();
  await withTopic(world, 1);
  const key = await world.key({ scopes: ['admin'], quota });
  const send = (count: number) => call(world, path, { json: records(count), key });
  return { world, key, send };
};

describe('a request with a key that has a quota', () => {
  test('is told what may be used, and what is left', async () => {
    const { send } = await setUp();
    const answer = await send(4);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('ratelimit-policy')).toBe('"records";q=10;qu="records";w=1');
    expect(answer.headers.get('ratelimit')).toBe('"records";r=6;t=1');
  });

  test('is refused when that is used up, and passes when it was waited for as long as it is told', async () => {
    const { world, send } = await setUp();
    await send(35);
    const refused = await send(1);
    const problem = expectProblem(refused, 429, 'quota_exceeded');
    expect(problem['violated-policies']).toEqual(['records']);
    expect(refused.headers.get('retry-after')).toBe('3');
    expect(refused.headers.get('ratelimit-policy')).toBe('"records";q=10;qu="records";w=1');
    expect(refused.headers.get('ratelimit')).toBe('"records";r=0;t=3');
    expect(refused.headers.get('x-request-id')).toBe(problem['requestId']);
    world.clock.advance(3_000);
    expect((await send(1)).status).toBe(200);
  });

  test('is refused before its body is looked at', async () => {
    const { world, key, send } = await setUp();
    await send(100);
    const body = new ReadableStream({
      pull: () => {
        throw new Error('Nobody should have read this.');
      },
    });
    const headers = { 'content-type': 'application/json' };
    expectProblem(await call(world, path, { body, headers, key }), 429, 'quota_exceeded');
  });

  test('that is refused for another reason has used nothing, and is told what is left', async () => {
    const { world, key, send } = await setUp();
    const answer = await call(world, path, { json: { records: 1 }, key });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.headers.get('ratelimit')).toBe('"records";r=10;t=1');
    expect((await send(10)).headers.get('ratelimit')).toBe('"records";r=0;t=1');
  });

  test('that does not produce is not counted', async () => {
    const { world, key, send } = await setUp();
    await send(100);
    const fetched = await call(world, 'GET /v1/topics/orders/partitions/0/records?offset=0', { key });
    expect(fetched.status).toBe(200);
    expect(fetched.headers.has('ratelimit')).toBe(false);
  });

  test('goes by the quota that the key has now', async () => {
    const { world, send } = await setUp();
    await send(35);
    const [{ id }] = (await call(world, 'GET /v1/keys')).json['keys'] as [{ id: string }];
    const keys = (await call(world, 'GET /v1/keys')).json['keys'] as { id: string; quota?: object }[];
    const mine = keys.find(({ quota }) => quota !== undefined)?.id ?? id;
    await call(world, `PATCH /v1/keys/${mine}`, { json: { quota: null } });
    const answer = await send(1);
    expect(answer.status).toBe(200);
    expect(answer.headers.has('ratelimit')).toBe(false);
  });
});

test('a key without a quota has none', async () => {
  const world = await newWorld();
  await withTopic(world, 1);
  const answer = await call(world, path, { json: records(1000) });
  expect(answer.status).toBe(200);
  expect(answer.headers.has('ratelimit-policy')).toBe(false);
});
