import { describe, expect, test } from 'vitest';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from './world.ts';

const path = '/v1/topics/orders/groups/billing/endpoints';
const url = 'https://example.com/hook';

/** A group that begins at the earliest of two partitions: one with two records, one without. */
const withGroup = async (world: World): Promise<World> => {
  await withTopic(world, 2);
  await produce(world, [
    { value: 1, partition: 1 },
    { value: 2, partition: 1 },
  ]);
  const json = { mode: 'push', start: 'earliest' };
  expect((await call(world, 'PUT /v1/topics/orders/groups/billing', { json })).status).toBe(201);
  return world;
};

const register = (world: World, json: unknown = { url }): Promise<Answer> =>
  call(world, `POST ${path}`, { json });

describe('registering an endpoint', () => {
  test('gives its secret, once', async () => {
    const world = await withGroup(await newWorld());
    const answer = await register(world, {
      url,
      description: 'bills',
      headers: { Authorization: 'Bearer abc' },
    });
    expect(answer.status).toBe(201);
    const { id, secret, ...shown } = answer.json;
    expect(shown).toEqual({
      url,
      status: 'enabled',
      description: 'bills',
      headerNames: ['Authorization'],
      createdAt: '2026-03-01T12:00:00.000Z',
    });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    const list = await call(world, `GET ${path}`);
    expect(list.json).toEqual({ endpoints: [{ id, ...shown }] });
    expect((await call(world, `GET ${path}/${id}`)).json).toEqual({ id, ...shown });
    expect(list.text).not.toMatch(/whsec_|abc/);
  });

  test('keeps what delivery needs', async () => {
    const world = await withGroup(await newWorld());
    const { json } = await register(world, { url, headers: { 'X-Tenant': 'a b' } });
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const stored = await world.stores.groups.get({ topicId, group: 'billing' });
    expect(stored?.endpoints).toMatchObject([
      { url, headers: { 'X-Tenant': 'a b' }, secrets: [json['secret']] },
    ]);
  });

  test('wakes the partitions that have lag, and no others', async () => {
    const world = await withGroup(await newWorld());
    const { headers } = await register(world);
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const wakes = world.stores.wakes.receive().map(({ wake }) => wake);
    expect(wakes).toEqual([
      {
        kind: 'resume',
        topicId,
        groupId: (await world.stores.groups.get({ topicId, group: 'billing' }))?.group.groupId,
        group: 'billing',
        partition: 1,
        requestId: headers.get('x-request-id'),
      },
    ]);
  });

  test('still shows the secret when the wakes could not be sent, which sweep makes up for', async () => {
    const queue = { send: () => Promise.reject(new Error('no answer')) };
    const world = await withGroup(await newWorld(() => ({ queue })));
    const answer = await register(world);
    expect(answer.status).toBe(201);
    expect(answer.json['secret']).toMatch(/^whsec_/);
    expect(world.events).toMatchObject([{ kind: 'fault' }]);
  });

  test('is shown by its group, which is paused while the endpoint is disabled and no longer', async () => {
    const world = await withGroup(await newWorld());
    const status = async () => (await call(world, 'GET /v1/topics/orders/groups/billing')).json['status'];
    expect(await status()).toBe('active');
    const { json } = await register(world);
    expect(await status()).toBe('active');
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    await world.stores.groups.disableEndpoint({ topicId, group: 'billing' }, String(json['id']), 'gone');
    expect(await status()).toBe('paused');
    await call(world, `DELETE /v1/topics/orders/groups/billing/endpoints/${String(json['id'])}`);
    expect(await status()).toBe('active');
    await register(world);
    expect(await status()).toBe('active');
  });

  test('is refused while the group has one, whatever its state', async () => {
    const world = await withGroup(await newWorld());
    const first = await register(world);
    expectProblem(await register(world), 409, 'endpoint_exists');
    expect((await call(world, `DELETE ${path}/${first.json['id']}`)).status).toBe(204);
    expect((await register(world)).status).toBe(201);
  });

  test.each([
    [{}, 'url'],
    [{ url: 1 }, 'url'],
    [{ url, secret: 'mine' }, 'secret'],
    [{ url, description: 'x'.repeat(1001) }, 'description'],
    [{ url: '/hook' }, 'url'],
    [{ url: 'http://example.com/' }, 'url'],
    [{ url: 'ftp://example.com/' }, 'url'],
    [{ url: 'javascript:alert(1)' }, 'url'],
    [{ url: 'https://user:word@example.com/' }, 'url'],
    [{ url: 'https://user@example.com/' }, 'url'],
    [{ url: 'https://example.com/#a' }, 'url'],
    [{ url: `https://example.com/${'a'.repeat(2048)}` }, 'url'],
    [{ url: 'https://127.0.0.1/' }, 'url'],
    [{ url: 'https://2130706433/' }, 'url'],
    [{ url: 'https://localhost/' }, 'url'],
    [{ url: 'https://10.1.2.3/' }, 'url'],
    [{ url: 'https://169.254.169.254/latest/meta-data' }, 'url'],
    [{ url: 'https://[::1]/' }, 'url'],
    [{ url: 'https://[::ffff:10.0.0.1]/' }, 'url'],
    [{ url: 'https://[fd00:ec2::254]/' }, 'url'],
    [{ url, headers: JSON.parse('{"__proto__":"a"}') }, 'headers'],
    [{ url, headers: { Host: 'a' } }, 'headers.Host'],
    [{ url, headers: { 'Content-Length': '1' } }, 'headers.Content-Length'],
    [{ url, headers: { 'content-type': 'text/plain' } }, 'headers.content-type'],
    [{ url, headers: { 'Transfer-Encoding': 'chunked' } }, 'headers.Transfer-Encoding'],
    [{ url, headers: { connection: 'close' } }, 'headers.connection'],
    [{ url, headers: { 'Webhook-Signature': 'v1,x' } }, 'headers.Webhook-Signature'],
    [{ url, headers: { 'proxy-authorization': 'x' } }, 'headers.proxy-authorization'],
    [{ url, headers: { 'a b': 'x' } }, 'headers.a b'],
    [{ url, headers: { a: 'x\r\nhost: y' } }, 'headers.a'],
    [{ url, headers: { a: 'ü' } }, 'headers.a'],
    [{ url, headers: { a: ' x' } }, 'headers.a'],
    [{ url, headers: { a: 1 } }, 'headers.a'],
    [{ url, headers: { a: '1', A: '2' } }, 'headers'],
    [{ url, headers: { a: 'x'.repeat(4096) } }, 'headers'],
    [{ url, headers: [] }, 'headers'],
  ])('refuses %j and says where it is wrong', async (json, at) => {
    const world = await withGroup(await newWorld());
    const problem = expectProblem(await register(world, json), 400, 'invalid_request');
    expect(problem['errors']).toMatchObject([{ path: at }]);
    expect((await call(world, `GET ${path}`)).json).toEqual({ endpoints: [] });
  });

  test.each(['http://127.0.0.1:9000/hook', 'http://localhost:9000/', 'https://[::1]:9000/'])(
    'on this machine is for the local runtime alone: %s',
    async (local) => {
      expectProblem(
        await register(await withGroup(await newWorld()), { url: local }),
        400,
        'invalid_request',
      );
      const world = await withGroup(await newWorld(() => ({ allowLoopback: true })));
      expect((await register(world, { url: local })).status).toBe(201);
    },
  );

  test('needs a topic and a group', async () => {
    const world = await newWorld();
    expectProblem(await register(world), 404, 'topic_not_found');
    await withTopic(world, 1);
    expectProblem(await register(world), 404, 'group_not_found');
  });
});

describe('an endpoint that is not there', () => {
  test.each(['GET', 'DELETE'])('is 404 for %s', async (method) => {
    const world = await withGroup(await newWorld());
    for (const id of ['abc', '..', '%00', '%E0%A4%A']) {
      const answer = await call(world, `${method} ${path}/${id === '..' ? '%2e%2e%2f' : id}`);
      expectProblem(answer, 404, 'endpoint_not_found');
    }
  });
});

describe('an endpoint that delivery has disabled', () => {
  test('is shown with the reason', async () => {
    const world = await withGroup(await newWorld());
    const { json } = await register(world);
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const id = String(json['id']);
    await world.stores.groups.disableEndpoint({ topicId, group: 'billing' }, id, 'It answered 410.');
    expect((await call(world, `GET ${path}/${id}`)).json).toMatchObject({
      status: 'disabled',
      disabledReason: 'It answered 410.',
    });
  });
});
