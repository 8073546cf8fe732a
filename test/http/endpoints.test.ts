import { describe, expect, test } from 'vitest';
import { disabling, type Endpoint, enabledEndpoint } from '../../lib/domain/groups/groups.ts';
import { limits } from '../../lib/domain/limits.ts';
import { receiversKnownAfterMs } from '../../lib/groups/receivers.ts';
import { OpenedEndpoints } from '../../lib/secrets/endpoint-secrets.ts';
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

/** The group's newest endpoint, as it is stored. */
const stored = async (world: World): Promise<Endpoint | undefined> => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  const { endpoints = [] } = (await world.stores.groups.get({ topicId, group: 'billing' })) ?? {};
  return endpoints.toSorted((a, b) => a.createdAt - b.createdAt).at(-1);
};

/** The same, opened as delivery opens it. */
const opened = async (world: World): Promise<Endpoint | undefined> => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  const endpoint = await stored(world);
  if (endpoint === undefined) return undefined;
  const plain = await new OpenedEndpoints().of(world.deps.secrets, { topicId, name: 'billing' }, endpoint);
  return { ...endpoint, secrets: plain.secrets, ...(endpoint.headers && { headers: plain.headers }) };
};

/** As delivery does it, to the endpoint that is enabled. */
const disable = async (world: World, reason: string): Promise<void> => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  const ref = { topicId, group: 'billing' };
  const enabled = enabledEndpoint((await world.stores.groups.get(ref)) ?? { endpoints: [] });
  if (enabled === undefined) throw new Error('No endpoint is enabled.');
  await world.stores.groups.updateEndpoint(ref, enabled, disabling(reason, world.clock.now()));
};

const register = (world: World, json: unknown = { url }): Promise<Answer> =>
  call(world, `POST ${path}`, { json });

const other = 'https://example.org/hook';

describe('one endpoint of a group has a URL', () => {
  const patch = (world: World, id: unknown, json: unknown): Promise<Answer> =>
    call(world, `PATCH ${path}/${id}`, { json });

  test.each([url, 'HTTPS://Example.COM:443/hook?x=%C3%BC', 'https://example.com./hook?x=ü'])(
    'whether it is enabled or not, and however it is written: %s',
    async (same) => {
      const world = await withGroup(await newWorld());
      const { json } = await register(world, { url: 'https://example.com/hook?x=ü' });
      await patch(world, json['id'], { url, status: 'disabled' });
      await patch(world, json['id'], { url: 'https://example.com/hook?x=ü' });
      if (same === url) await patch(world, json['id'], { url });
      const problem = expectProblem(await register(world, { url: same }), 409, 'endpoint_exists');
      expect(problem['endpoint']).toBe(json['id']);
      expect(problem['detail']).toContain('of this URL');
    },
  );

  test('and no other is moved there', async () => {
    const world = await withGroup(await newWorld());
    const first = await register(world);
    await patch(world, first.json['id'], { status: 'disabled' });
    const second = await register(world, { url: other });
    const problem = expectProblem(await patch(world, second.json['id'], { url }), 409, 'endpoint_exists');
    expect(problem['endpoint']).toBe(first.json['id']);
    expect((await patch(world, second.json['id'], { url: other })).status).toBe(200);
    await patch(world, first.json['id'], { url: 'https://example.net/' });
    expect((await patch(world, second.json['id'], { url })).json['url']).toBe(url);
    expectProblem(await patch(world, first.json['id'], { url }), 409, 'endpoint_exists');
    expect((await patch(world, first.json['id'], { url: other })).status).toBe(200);
  });
});

describe('registering an endpoint', () => {
  test('takes headers with names that JavaScript knows, and refuses in words those that cannot be stored', async () => {
    const world = await withGroup(await newWorld());
    const headers = {
      prototype: 'a',
      toString: 'b',
      hasOwnProperty: 'c',
      valueOf: 'd',
      toJSON: 'e',
    };
    const { status, json } = await register(world, { url, headers });
    expect(status).toBe(201);
    expect(json['headerNames']).toEqual(Object.keys(headers));
    expect(Object.entries((await opened(world))?.headers ?? {})).toEqual(Object.entries(headers));
    const change = { json: { headers: { constructor: 'x' } } };
    const refused = expectProblem(
      await call(world, `PATCH ${path}/${json['id']}`, change),
      400,
      'invalid_request',
    );
    expect(refused['errors']).toEqual([
      { path: 'headers', message: 'The name "constructor" cannot be used.' },
    ]);
  });

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
    expect(await opened(world)).toMatchObject({
      url,
      headers: { 'X-Tenant': 'a b' },
      secrets: [json['secret']],
    });
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
    await disable(world, 'gone');
    expect(await status()).toBe('paused');
    await call(world, `DELETE /v1/topics/orders/groups/billing/endpoints/${String(json['id'])}`);
    expect(await status()).toBe('active');
    await register(world);
    expect(await status()).toBe('active');
  });

  test('is done beside others that are enabled, and frees the place of one that is deleted', async () => {
    const world = await withGroup(await newWorld());
    const first = await register(world);
    expect((await register(world, { url: other })).status).toBe(201);
    expectProblem(await register(world), 409, 'endpoint_exists');
    expect((await call(world, `DELETE ${path}/${first.json['id']}`)).status).toBe(204);
    expect((await register(world)).status).toBe(201);
    const { endpoints } = (await call(world, `GET ${path}`)).json;
    expect(endpoints).toMatchObject([{ status: 'enabled' }, { status: 'enabled' }]);
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
    [{ url, headers: { constructor: 'a' } }, 'headers'],
    [{ url, headers: { Constructor: 'a' } }, 'headers'],
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

  test.each([
    ['Webhook-Signature', /a part of the signature/],
    ['webhook-id', /a part of the signature/],
    ['Millrace-Offset', /which records these are/],
    ['Content-Type', /what the body is/],
    ['Traceparent', /follows the call/],
    ['Host', /of the URL/],
    ['Proxy-Authorization', /the connection/],
  ])('says which header Millrace sets itself, and why: %s', async (name, why) => {
    const world = await withGroup(await newWorld());
    const problem = expectProblem(
      await register(world, { url, headers: { 'X-Mine': 'a', [name]: 'b' } }),
      400,
      'invalid_request',
    );
    expect(problem['errors']).toEqual([{ path: `headers.${name}`, message: expect.stringMatching(why) }]);
    expect(problem['detail']).toContain('Millrace sets it itself');
  });

  test.each([
    ['https://exa\nmple.com/', /control characters/],
    ['https://example.com/a\tb', /control characters/],
    ['https://example.com/\u0000', /control characters/],
    ['https://example.com/\u007f', /control characters/],
    ['https://example.com/\u0085', /control characters/],
    [' https://example.com/', /white space/],
    ['https://example.com/ ', /white space/],
    ['\ufeffhttps://example.com/', /white space/],
  ])('takes no URL of which something would be removed: %j', async (odd, why) => {
    const world = await withGroup(await newWorld());
    const problem = expectProblem(await register(world, { url: odd }), 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path: 'url', message: expect.stringMatching(why) }]);
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
  test.each(['GET', 'PATCH', 'DELETE'])('is 404 for %s', async (method) => {
    const world = await withGroup(await newWorld());
    for (const id of ['abc', '..', '%00', '%E0%A4%A']) {
      const answer = await call(world, `${method} ${path}/${id === '..' ? '%2e%2e%2f' : id}`, {
        ...(method === 'PATCH' && { json: { status: 'enabled' } }),
      });
      expectProblem(answer, 404, 'endpoint_not_found');
    }
  });
});

describe('an endpoint that delivery has disabled', () => {
  test('is shown with the reason', async () => {
    const world = await withGroup(await newWorld());
    const { json } = await register(world);
    await disable(world, 'It answered 410.');
    expect((await call(world, `GET ${path}/${json['id']}`)).json).toMatchObject({
      status: 'disabled',
      disabledReason: 'It answered 410.',
      disabledAt: '2026-03-01T12:00:00.000Z',
    });
  });

  test('gives its group the reason why that is paused', async () => {
    const world = await withGroup(await newWorld());
    const first = await register(world);
    const shown = async () => (await call(world, 'GET /v1/topics/orders/groups/billing')).json;
    expect(await shown()).not.toHaveProperty('pausedBy');
    await disable(world, 'It answered 410.');
    const since = '2026-03-01T12:00:00.000Z';
    const pausedBy = { kind: 'endpoint', endpoint: first.json['id'], reason: 'It answered 410.', since };
    expect(await shown()).toMatchObject({ status: 'paused', pausedBy });
    const list = await call(world, 'GET /v1/topics/orders/groups');
    expect(list.json['groups']).toMatchObject([{ status: 'paused', pausedBy }]);
    world.clock.advance(1000);
    const second = await register(world, { url: other });
    expect(await shown()).not.toHaveProperty('pausedBy');
    await disable(world, 'It was out.');
    expect((await shown())['pausedBy']).toMatchObject({
      endpoint: second.json['id'],
      reason: 'It was out.',
    });
  });

  test('counts as one of the ten that a group may have', async () => {
    const world = await withGroup(await newWorld());
    for (let count = 0; count < limits.endpointsPerGroup; count += 1) {
      expect((await register(world, { url: `${url}?${count}` })).status).toBe(201);
      if (count % 2 === 0) await disable(world, 'It answered 410.');
    }
    expect(expectProblem(await register(world, { url: other }), 400, 'limit_exceeded')).toMatchObject({
      limit: 'endpointsPerGroup',
    });
    const list = (await call(world, `GET ${path}`)).json['endpoints'] as { id: string }[];
    expect((await call(world, `DELETE ${path}/${list[0]?.id}`)).status).toBe(204);
    expect((await register(world, { url: other })).status).toBe(201);
  });
});

describe('changing an endpoint', () => {
  const patch = (world: World, id: unknown, json: unknown): Promise<Answer> =>
    call(world, `PATCH ${path}/${id}`, { json });
  const given = { url, description: 'bills', headers: { Authorization: 'Bearer abc' } };

  test('sets what is given, takes away what is null, and shows no secret', async () => {
    const world = await withGroup(await newWorld());
    const { secret, ...before } = (await register(world, given)).json;
    const { id } = before;
    const moved = await patch(world, id, { url: 'https://example.org/hook' });
    expect(moved.status).toBe(200);
    expect(moved.json).toEqual({ ...before, url: 'https://example.org/hook' });
    const renamed = await patch(world, id, { headers: { 'X-Tenant': 'b' }, description: 'other' });
    expect(renamed.json).toMatchObject({ headerNames: ['X-Tenant'], description: 'other' });
    const bare = await patch(world, id, { headers: null, description: null });
    const { headerNames: _names, description: _none, ...rest } = moved.json;
    expect(bare.json).toEqual(rest);
    expect((await call(world, `GET ${path}/${id}`)).json).toEqual(rest);
    for (const { text } of [moved, renamed, bare]) expect(text).not.toMatch(/whsec_|abc/);
    expect(await opened(world)).toMatchObject({ secrets: [secret], url: 'https://example.org/hook' });
    expect(await stored(world)).not.toHaveProperty('headers');
  });

  test('disables and enables it, and says why its group is paused', async () => {
    const world = await withGroup(await newWorld());
    const { json } = await register(world);
    const off = await patch(world, json['id'], { status: 'disabled' });
    const disabledReason = 'It was disabled by a request.';
    expect(off.json).toMatchObject({ status: 'disabled', disabledReason });
    const group = await call(world, 'GET /v1/topics/orders/groups/billing');
    expect(group.json).toMatchObject({ status: 'paused', pausedBy: { reason: disabledReason } });
    world.clock.advance(5000);
    const same = await patch(world, json['id'], { status: 'disabled' });
    expect(same.json).toEqual(off.json);
    const on = await patch(world, json['id'], { status: 'enabled' });
    expect(on.json['status']).toBe('enabled');
    expect(on.text).not.toContain('disabled');
    expect((await stored(world))?.calledSince).toBe(world.clock.now());
  });

  test('that is enabled then wakes what has lag, whatever retry is due later', async () => {
    const world = await withGroup(await newWorld());
    const { json } = await register(world);
    const wakes = () =>
      world.stores.wakes.receive().map(({ wake: { kind, partition, requestId }, receipt }) => {
        world.stores.wakes.acknowledge(receipt);
        return { kind, partition, requestId };
      });
    wakes();
    await patch(world, json['id'], { status: 'disabled' });
    expect(wakes()).toEqual([]);
    for (const change of [{ status: 'enabled' }, { status: 'enabled' }, { description: 'mended' }]) {
      const { headers } = await patch(world, json['id'], change);
      expect(wakes()).toEqual([{ kind: 'resume', partition: 1, requestId: headers.get('x-request-id') }]);
    }
  });

  test('wakes every partition once more when all have heard of it, if none was enabled before', async () => {
    const world = await withGroup(await newWorld());
    const later = () => {
      world.clock.advance(receiversKnownAfterMs);
      return world.stores.wakes.receive(100).map(({ wake: { kind, partition }, receipt }) => {
        world.stores.wakes.acknowledge(receipt);
        return `${kind} ${partition}`;
      });
    };
    const first = await register(world);
    const { partitions = 0 } = (await world.stores.topics.get('orders')) ?? {};
    const appends = Array.from({ length: partitions }, (_, partition) => `append ${partition}`);
    expect(later().sort()).toEqual([...appends, 'resume 1']);
    await patch(world, first.json['id'], { status: 'enabled', description: 'as before' });
    expect(later()).toEqual(['resume 1']);
    await patch(world, first.json['id'], { status: 'disabled' });
    expect(later()).toEqual([]);
    await patch(world, first.json['id'], { status: 'enabled' });
    expect(later().sort()).toEqual([...appends, 'resume 1']);
  });

  test('enables one beside another, and wakes every partition for the first alone', async () => {
    const world = await withGroup(await newWorld());
    const first = await register(world);
    const second = await register(world, { url: other });
    const kinds = () => {
      world.clock.advance(receiversKnownAfterMs);
      const received = world.stores.wakes.receive(100);
      for (const { receipt } of received) world.stores.wakes.acknowledge(receipt);
      return new Set(received.map(({ wake }) => wake.kind));
    };
    kinds();
    await patch(world, first.json['id'], { status: 'disabled' });
    await patch(world, first.json['id'], { status: 'enabled' });
    expect(kinds()).toEqual(new Set(['resume']));
    for (const { json } of [first, second]) await patch(world, json['id'], { status: 'disabled' });
    await patch(world, second.json['id'], { status: 'enabled' });
    expect(kinds()).toEqual(new Set(['append', 'resume']));
  });

  test('keeps both of two changes that meet', async () => {
    const world = await withGroup(await newWorld());
    const { json } = await register(world);
    const changes = [{ description: 'a' }, { headers: { b: '1' } }, { url: 'https://example.net/' }];
    const answers = await Promise.all(changes.map((change) => patch(world, json['id'], change)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await opened(world)).toMatchObject({
      description: 'a',
      headers: { b: '1' },
      url: 'https://example.net/',
    });
  });

  test.each([
    [{}, '', /url, headers, description, status/],
    [{ url: null }, 'url', /https/],
    [{ url: 'http://example.com/' }, 'url', /https/],
    [{ url: 'https://127.0.0.1/' }, 'url', /public/],
    [{ headers: { Host: 'a' } }, 'headers.Host', /./],
    [{ status: 'paused' }, 'status', /"enabled" or "disabled"/],
    [{ status: null }, 'status', /"enabled" or "disabled"/],
    [{ secret: 'mine' }, 'secret', /Unknown/],
    [{ description: 'x'.repeat(1001) }, 'description', /1000/],
  ])('refuses %j, says where it is wrong and changes nothing', async (json, at, message) => {
    const world = await withGroup(await newWorld());
    const { json: made } = await register(world, given);
    const before = await stored(world);
    const problem = expectProblem(await patch(world, made['id'], json), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(message) });
    expect(await stored(world)).toEqual(before);
  });
});
