import { describe, expect, test } from 'vitest';
import { scopes as allScopes, type Scope } from '../../lib/domain/keys.ts';
import { methodsAt, paths } from '../../lib/http/paths.ts';
import { adminKey, call, expectProblem, keyNamed, newWorld, withTopic } from './world.ts';

const group = '/v1/topics/orders/groups/billing';

/** Every request of the interface, and the scope that it takes. */
const requests: readonly (readonly [line: string, ...scopes: (Scope | 'any')[]])[] = [
  ['GET /v1/topics', 'any'],
  ['GET /v1/topics/orders', 'any'],
  ['PUT /v1/topics/orders', 'admin'],
  ['PATCH /v1/topics/orders', 'admin'],
  ['DELETE /v1/topics/orders', 'admin'],
  ['POST /v1/topics/orders/records', 'produce'],
  ['DELETE /v1/topics/orders/records', 'admin'],
  ['GET /v1/topics/orders/erasures', 'admin'],
  ['GET /v1/topics/orders/erasures/abc', 'admin'],
  ['GET /v1/topics/orders/schema', 'any'],
  ['PUT /v1/topics/orders/schema', 'admin'],
  ['PATCH /v1/topics/orders/schema', 'admin'],
  ['DELETE /v1/topics/orders/schema', 'admin'],
  ['GET /v1/topics/orders/schema/versions', 'any'],
  ['GET /v1/topics/orders/schema/versions/1', 'any'],
  ['GET /v1/topics/orders/partitions', 'consume'],
  ['GET /v1/topics/orders/partitions/0/records', 'consume'],
  ['GET /v1/topics/orders/groups', 'consume', 'groups'],
  [`GET ${group}`, 'consume', 'groups'],
  [`PUT ${group}`, 'groups'],
  [`PATCH ${group}`, 'groups'],
  [`DELETE ${group}`, 'groups'],
  [`GET ${group}/attempts`, 'consume', 'groups'],
  [`POST ${group}/seek`, 'groups'],
  [`POST ${group}/redrive`, 'groups'],
  [`POST ${group}/pause`, 'groups'],
  [`POST ${group}/resume`, 'groups'],
  [`POST ${group}/poll`, 'consume'],
  [`POST ${group}/ack`, 'consume'],
  [`POST ${group}/nack`, 'consume'],
  [`POST ${group}/leave`, 'consume'],
  [`GET ${group}/endpoints`, 'groups'],
  [`POST ${group}/endpoints`, 'groups'],
  [`GET ${group}/endpoints/abc`, 'groups'],
  [`PATCH ${group}/endpoints/abc`, 'groups'],
  [`DELETE ${group}/endpoints/abc`, 'groups'],
  [`GET ${group}/endpoints/abc/resend`, 'groups'],
  [`POST ${group}/endpoints/abc/resend`, 'groups'],
  [`DELETE ${group}/endpoints/abc/resend`, 'groups'],
  [`POST ${group}/endpoints/abc/rotate-secret`, 'groups'],
  [`POST ${group}/endpoints/abc/test`, 'groups'],
  ['GET /v1/keys', 'admin'],
  ['POST /v1/keys', 'admin'],
  ['PATCH /v1/keys/abc', 'admin'],
  ['DELETE /v1/keys/abc', 'admin'],
];

test('these are all the requests of the interface, but for what is open', () => {
  const open = /^\/v1\/(?:health|openapi\.json|\.well-known\/webhook-keys|acks\/:token)$|^\/docs/;
  const closed = Object.entries(paths).filter(([path]) => !open.test(path));
  const lines = closed.flatMap(([, methods]) => Object.keys(methods));
  expect(requests).toHaveLength(lines.length);
  for (const [line] of requests) {
    const [method, path = ''] = line.split(' ');
    expect(methodsAt(path)).toContain(method);
  }
});

describe.each(requests)('%s', (line, ...scopes) => {
  test('takes a key', async () => {
    const answer = await call(await newWorld(), line, { key: null });
    expectProblem(answer, 401, 'unauthorized');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="millrace"');
  });

  test('takes a key that is known', async () => {
    const world = await newWorld();
    const expired = await world.key({ scopes: ['admin'], expiresAt: world.clock.now() });
    for (const key of ['mr_unknown', keyNamed('unknown'), expired, `${adminKey}x`, 'x'.repeat(100_000)]) {
      const answer = expectProblem(await call(world, line, { key }), 401, 'unauthorized');
      expect(JSON.stringify(answer)).not.toContain(key);
    }
  });

  test(`takes the scope ${scopes.join(' or ')}, which admin implies`, async () => {
    const world = await newWorld();
    for (const held of allScopes) {
      const answer = await call(world, line, { key: await world.key({ scopes: [held] }) });
      const isEnough = scopes.includes('any') || scopes.includes(held) || held === 'admin';
      if (isEnough) expect([401, 403]).not.toContain(answer.status);
      else expect(expectProblem(answer, 403, 'forbidden')).toMatchObject({ missingScope: scopes[0] });
    }
  });
});

describe.each(requests.filter(([line]) => line.includes('/topics/orders')))('%s', (line) => {
  test('takes a key that is for the topic, be it there or not', async () => {
    const world = await newWorld();
    const key = await world.key({ scopes: ['admin'], topics: ['billing', 'order', 'ordersx*'] });
    const before = await call(world, line, { key });
    await withTopic(world, 1);
    const after = await call(world, line, { key });
    expect(expectProblem(before, 403, 'forbidden')['detail']).toBe(
      expectProblem(after, 403, 'forbidden')['detail'],
    );
    for (const topics of [['orders'], ['ord*'], ['*'], ['x', 'orders*']]) {
      const allowed = await call(world, line, { key: await world.key({ scopes: ['admin'], topics }) });
      expect(allowed.status).not.toBe(403);
    }
  });
});

describe('a key is presented', () => {
  test.each([
    [{ authorization: `Bearer ${adminKey}` }, 200],
    [{ authorization: `bearer   ${adminKey}` }, 200],
    [{ 'x-api-key': adminKey }, 200],
    [{ authorization: 'Basic abc', 'x-api-key': adminKey }, 200],
    [{ authorization: `Bearer ${adminKey}`, 'x-api-key': 'other' }, 200],
    [{ authorization: 'Bearer other', 'x-api-key': adminKey }, 401],
    [{ authorization: adminKey }, 401],
    [{ authorization: 'Bearer' }, 401],
    [{ authorization: `Bearer ${adminKey} ${adminKey}` }, 401],
    [{ 'x-api-key': '' }, 401],
    [{}, 401],
  ])('as %j', async (headers, status) => {
    expect((await call(await newWorld(), 'GET /v1/topics', { key: null, headers })).status).toBe(status);
  });
});

describe('a key of the scope groups', () => {
  test('makes, changes and deletes groups and endpoints of its topics, and reads no record', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    await withTopic(world, 1, 'secret');
    const key = await world.key({ scopes: ['groups'], topics: ['ord*'] });
    const send = (line: string, json?: object) => call(world, line, { key, json });
    const push = { mode: 'push' };
    expect((await send(`PUT ${group}`, push)).status).toBe(201);
    const made = await send(`POST ${group}/endpoints`, { url: 'https://example.com/' });
    expect(made.status).toBe(201);
    expect((await send(`GET ${group}/endpoints`)).status).toBe(200);
    expect((await send(`GET ${group}`)).status).toBe(200);
    expect((await send(`DELETE ${group}/endpoints/${made.json['id']}`)).status).toBe(204);
    expect((await send(`DELETE ${group}`)).status).toBe(204);
    expectProblem(await send('PUT /v1/topics/secret/groups/billing', push), 403, 'forbidden');
    expectProblem(await send('GET /v1/topics/orders/partitions/0/records'), 403, 'forbidden');
    expectProblem(await send('DELETE /v1/topics/orders'), 403, 'forbidden');
  });
});

describe('a key that is restricted to some topics', () => {
  test('sees no other in the list, nor in its cursor', async () => {
    const world = await newWorld();
    for (const name of ['a', 'billing-eu', 'billing-us', 'c', 'orders', 'secret'])
      await withTopic(world, 1, name);
    const key = await world.key({ scopes: ['consume'], topics: ['billing-*', 'orders'] });
    const names = ({ json }: { json: Readonly<Record<string, unknown>> }) =>
      (json['topics'] as { name: string }[]).map(({ name }) => name);
    const first = await call(world, 'GET /v1/topics?limit=2', { key });
    expect(names(first)).toEqual(['billing-eu', 'billing-us']);
    const cursor = String(first.json['nextCursor']);
    expect(Buffer.from(cursor, 'base64url').toString()).toBe('billing-us');
    const last = await call(world, `GET /v1/topics?limit=2&cursor=${cursor}`, { key });
    expect(names(last)).toEqual(['orders']);
    expect(last.json).not.toHaveProperty('nextCursor');
  });

  test('may create the topics that it is for, and no others', async () => {
    const world = await newWorld();
    const key = await world.key({ scopes: ['admin'], topics: ['billing-*'] });
    expect((await call(world, 'PUT /v1/topics/billing-eu', { key })).status).toBe(201);
    expectProblem(await call(world, 'PUT /v1/topics/orders', { key }), 403, 'forbidden');
    expectProblem(await call(world, 'PUT /v1/topics/%62illing', { key }), 403, 'forbidden');
  });
});
