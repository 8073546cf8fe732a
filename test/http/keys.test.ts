import { describe, expect, test } from 'vitest';
import { Authenticator } from '../../lib/auth/authenticator.ts';
import { hashKey, keyIdOf, storedKey } from '../../lib/auth/keys.ts';
import { adminKey, call, expectProblem, keyNamed, newWorld, type World, withTopic } from './world.ts';

const create = (world: World, json: unknown) => call(world, 'POST /v1/keys', { json });

describe('a new key', () => {
  test('is shown once and works', async () => {
    const world = await newWorld();
    await withTopic(world, 1);
    const answer = await create(world, { name: 'shop', scopes: ['produce'] });
    expect(answer.status).toBe(201);
    const { key, ...shown } = answer.json;
    expect(key).toMatch(/^mr_[A-Za-z0-9_-]{43}$/);
    expect(shown).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{20}$/),
      name: 'shop',
      scopes: ['produce'],
      createdAt: '2026-03-01T12:00:00.000Z',
    });
    const records = { json: { records: [{ value: 1 }] }, key: String(key) };
    expect((await call(world, 'POST /v1/topics/orders/records', records)).status).toBe(200);
    const list = await call(world, 'GET /v1/keys');
    expect(list.json['keys']).toContainEqual(shown);
    expect(list.text).not.toContain(String(key));
  });

  test('is stored as its hash alone', async () => {
    const world = await newWorld();
    const { json } = await create(world, {
      name: 'shop',
      scopes: ['consume'],
      topics: ['orders', 'billing-*'],
    });
    const stored = await world.stores.keys.get(String(json['id']));
    expect(stored).toMatchObject({ topics: ['orders', 'billing-*'], hash: hashKey(String(json['key'])) });
    expect(JSON.stringify(stored)).not.toContain(String(json['key']));
  });

  test('works at once though it was presented in vain before', async () => {
    const world = await newWorld();
    const presented = keyNamed('chosen-elsewhere');
    expectProblem(await call(world, 'GET /v1/topics', { key: presented }), 401, 'unauthorized');
    const hash = hashKey(presented);
    await world.stores.keys.put({ keyId: keyIdOf(hash), hash, name: 'n', scopes: ['admin'], createdAt: 0 });
    world.clock.advance(5_000);
    expect((await call(world, 'GET /v1/topics', { key: presented })).status).toBe(200);
  });

  test('ends at its expiry, even while it is remembered', async () => {
    const world = await newWorld();
    const expiresAt = '2026-03-01T12:00:10.000Z';
    const { json } = await create(world, { name: 'short', scopes: ['admin'], expiresAt });
    expect(json['expiresAt']).toBe(expiresAt);
    const key = String(json['key']);
    world.clock.advance(9_999);
    expect((await call(world, 'GET /v1/topics', { key })).status).toBe(200);
    world.clock.advance(1);
    expectProblem(await call(world, 'GET /v1/topics', { key }), 401, 'unauthorized');
  });

  test.each([
    [{}, 'name'],
    [{ name: '', scopes: ['admin'] }, 'name'],
    [{ name: 'a b', scopes: ['admin'] }, 'name'],
    [{ name: 'a' }, 'scopes'],
    [{ name: 'a', scopes: [] }, 'scopes'],
    [{ name: 'a', scopes: 'admin' }, 'scopes'],
    [{ name: 'a', scopes: ['root'] }, 'scopes[0]'],
    [{ name: 'a', scopes: ['produce', 'produce'] }, 'scopes'],
    [{ name: 'a', scopes: ['admin'], topics: [] }, 'topics'],
    [{ name: 'a', scopes: ['admin'], topics: ['o*s'] }, 'topics[0]'],
    [{ name: 'a', scopes: ['admin'], topics: ['orders', ''] }, 'topics[1]'],
    [{ name: 'a', scopes: ['admin'], topics: Array.from({ length: 101 }, (_, n) => `t${n}`) }, 'topics'],
    [{ name: 'a', scopes: ['admin'], expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ name: 'a', scopes: ['admin'], expiresAt: 1900000000000 }, 'expiresAt'],
    [{ name: 'a', scopes: ['admin'], expiresAt: '2026-03-01T12:00:00Z' }, 'expiresAt'],
    [{ name: 'a', scopes: ['admin'], key: 'mine' }, 'key'],
    [{ name: 'a', scopes: ['produce'], quota: {} }, 'quota'],
    [{ name: 'a', scopes: ['produce'], quota: null }, 'quota'],
    [{ name: 'a', scopes: ['produce'], quota: { recordsPerSecond: 1_000_001 } }, 'quota.recordsPerSecond'],
  ])('is refused as %j', async (json, at) => {
    const world = await newWorld();
    const problem = expectProblem(await create(world, json), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(/./) });
    expect(await world.stores.keys.list()).toHaveLength(1);
  });
});

describe('changing a key', () => {
  const change = (world: World, id: unknown, json: unknown, key = adminKey) =>
    call(world, `PATCH /v1/keys/${String(id)}`, { json, key });

  test('gives it another name, an end and a quota, and takes them away with null', async () => {
    const world = await newWorld();
    const { json: made } = await create(world, { name: 'shop', scopes: ['produce'] });
    const { key: _key, ...shown } = made;
    const quota = { recordsPerSecond: 5, burstSeconds: 1 };
    const expiresAt = '2026-03-02T00:00:00.000Z';
    const first = await change(world, made['id'], {
      name: 'web',
      expiresAt,
      quota: { recordsPerSecond: 5 },
    });
    expect([first.status, first.json]).toEqual([200, { ...shown, name: 'web', expiresAt, quota }]);
    expect((await change(world, made['id'], { quota: null })).json).toEqual({
      ...shown,
      name: 'web',
      expiresAt,
    });
    const last = await change(world, made['id'], { expiresAt: null });
    expect(last.json).toEqual({ ...shown, name: 'web' });
    expect((await call(world, 'GET /v1/keys')).json['keys']).toContainEqual(last.json);
  });

  test('is known at once in this process', async () => {
    const world = await newWorld();
    const { json } = await create(world, { name: 'ops', scopes: ['admin'] });
    const key = String(json['key']);
    expect((await call(world, 'GET /v1/topics', { key })).status).toBe(200);
    await change(world, json['id'], { expiresAt: '2026-03-01T12:00:01Z' });
    world.clock.advance(1_000);
    expectProblem(await call(world, 'GET /v1/topics', { key }), 401, 'unauthorized');
  });

  test.each([
    [{}, ''],
    [{ name: 'a b' }, 'name'],
    [{ scopes: ['admin'] }, 'scopes'],
    [{ expiresAt: '2026-03-01T12:00:00Z' }, 'expiresAt'],
    [{ quota: {} }, 'quota'],
    [{ quota: { burstSeconds: 5 } }, 'quota'],
    [{ quota: { recordsPerSecond: 0 } }, 'quota.recordsPerSecond'],
    [{ quota: { bytesPerSecond: 1.5 } }, 'quota.bytesPerSecond'],
    [{ quota: { recordsPerSecond: 1, burstSeconds: 0 } }, 'quota.burstSeconds'],
    [{ quota: { requestsPerSecond: 1 } }, 'quota.requestsPerSecond'],
  ])('is refused as %j', async (json, at) => {
    const world = await newWorld();
    const { json: made } = await create(world, { name: 'shop', scopes: ['produce'] });
    const problem = expectProblem(await change(world, made['id'], json), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(/./) });
  });

  test.each(['nothing', '0123456789abcdef0123'])('that is not there is 404: %s', async (id) => {
    expectProblem(await change(await newWorld(), id, { name: 'a' }), 404, 'key_not_found');
  });

  test('gives the last admin key no sooner end, and any later one', async () => {
    const world = await newWorld();
    const id = keyIdOf(hashKey(adminKey));
    const soon = { expiresAt: '2026-03-01T13:00:00Z' };
    expectProblem(await change(world, id, soon), 409, 'conflict');
    const other = await world.key({ scopes: ['admin'] });
    expect((await change(world, id, soon, other)).status).toBe(200);
    expectProblem(await change(world, keyIdOf(hashKey(other)), soon, other), 409, 'conflict');
    expect((await change(world, id, { expiresAt: '2026-03-01T14:00:00Z' }, other)).status).toBe(200);
  });
});

describe('deleting a key', () => {
  test('ends it at once in this process', async () => {
    const world = await newWorld();
    const { json } = await create(world, { name: 'shop', scopes: ['admin'] });
    const key = String(json['key']);
    expect((await call(world, 'GET /v1/topics', { key })).status).toBe(200);
    expect((await call(world, `DELETE /v1/keys/${json['id']}`)).status).toBe(204);
    expectProblem(await call(world, 'GET /v1/topics', { key }), 401, 'unauthorized');
    expectProblem(await call(world, `DELETE /v1/keys/${json['id']}`), 404, 'key_not_found');
  });

  test('elsewhere ends it here within fifteen seconds', async () => {
    const world = await newWorld();
    const key = await world.key({ scopes: ['admin'] });
    expect((await call(world, 'GET /v1/topics', { key })).status).toBe(200);
    await world.stores.keys.delete(keyIdOf(hashKey(key)));
    world.clock.advance(15_000);
    expectProblem(await call(world, 'GET /v1/topics', { key }), 401, 'unauthorized');
  });

  test.each(['nothing', '%00', 'ABCDEF0123456789ABCD'])('that is not there is 404: %s', async (id) => {
    expectProblem(await call(await newWorld(), `DELETE /v1/keys/${id}`), 404, 'key_not_found');
  });
});

describe('the last admin key', () => {
  const idOf = (key: string): string => keyIdOf(hashKey(key));
  const remove = (world: World, key: string, by = adminKey) =>
    call(world, `DELETE /v1/keys/${idOf(key)}`, { key: by });

  test('is not deleted, and the answer says what to do', async () => {
    const world = await newWorld();
    const problem = expectProblem(await remove(world, adminKey), 409, 'conflict');
    expect(problem['detail']).toContain('Create another first');
    expect((await call(world, 'GET /v1/keys')).status).toBe(200);
  });

  test('is not one that has expired, is for some topics, or does something else', async () => {
    const world = await newWorld();
    await world.key({ scopes: ['admin'], expiresAt: world.clock.now() + 1000 });
    await world.key({ scopes: ['admin'], topics: ['*'] });
    await world.key({ scopes: ['produce', 'consume', 'groups'] });
    world.clock.advance(1000);
    expectProblem(await remove(world, adminKey), 409, 'conflict');
  });

  test('is not replaced by one that expires before it', async () => {
    const world = await newWorld();
    const inAnHour = world.clock.now() + 3_600_000;
    const first = await world.key({ scopes: ['admin'], expiresAt: inAnHour });
    const second = await world.key({ scopes: ['admin'], expiresAt: inAnHour });
    const problem = expectProblem(await remove(world, adminKey), 409, 'conflict');
    expect(problem['detail']).toContain('No other admin key is for every topic and does not expire');
    const shorter = await world.key({ scopes: ['admin'], expiresAt: inAnHour - 1 });
    for (const key of [shorter, first]) expect((await remove(world, key)).status).toBe(204);
    await world.stores.keys.delete(idOf(adminKey));
    world.clock.advance(15_000);
    await world.key({ scopes: ['admin'], expiresAt: inAnHour - 1 });
    const last = expectProblem(await remove(world, second, second), 409, 'conflict');
    expect(last['detail']).toContain('expires no earlier than this one');
    await world.key({ scopes: ['admin'], expiresAt: inAnHour });
    expect((await remove(world, second, second)).status).toBe(204);
  });

  test('can be replaced by another, and any other be deleted', async () => {
    const world = await newWorld();
    const producer = await world.key({ scopes: ['produce'] });
    const restricted = await world.key({ scopes: ['admin'], topics: ['orders'] });
    const other = await world.key({ scopes: ['admin'] });
    for (const key of [producer, restricted, adminKey])
      expect((await remove(world, key, other)).status).toBe(204);
    expectProblem(await remove(world, other, other), 409, 'conflict');
  });

  test('may go where a root key stands outside the store, which itself cannot', async () => {
    const grant = { name: 'root', scopes: ['admin'] } as const;
    const root = storedKey('set-by-the-environment', grant, 0);
    const world = await newWorld(({ keys, clock }) => ({
      root,
      authenticator: new Authenticator({ keys, clock, root }),
    }));
    await world.stores.keys.establish(root);
    const by = 'set-by-the-environment';
    expect((await remove(world, adminKey, by)).status).toBe(204);
    expect(expectProblem(await remove(world, by, by), 409, 'conflict')['detail']).toContain('root key');
    const changed = await call(world, `PATCH /v1/keys/${root.keyId}`, { key: by, json: { name: 'other' } });
    expectProblem(changed, 409, 'conflict');
    expect((await call(world, 'GET /v1/keys', { key: by })).status).toBe(200);
  });
});

describe('managing keys', () => {
  const one = `/v1/keys/${keyIdOf(hashKey(adminKey))}`;
  test.each(['POST /v1/keys', 'GET /v1/keys', `PATCH ${one}`, `DELETE ${one}`])(
    'takes an admin key that is for every topic: %s',
    async (line) => {
      const world = await newWorld();
      const restricted = await world.key({ scopes: ['admin'], topics: ['*'] });
      const consumer = await world.key({ scopes: ['produce', 'consume'] });
      const json = line.startsWith('P') ? { name: 'a', scopes: ['admin'] } : undefined;
      const refused = expectProblem(await call(world, line, { key: restricted, json }), 403, 'forbidden');
      expect(refused['detail']).toContain('not restricted');
      const lacking = expectProblem(await call(world, line, { key: consumer, json }), 403, 'forbidden');
      expect(lacking['missingScope']).toBe('admin');
      expect(await world.stores.keys.list()).toHaveLength(3);
    },
  );
});
