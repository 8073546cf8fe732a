import { describe, expect, test } from 'vitest';
import { newDeliveryMemory } from '../../../lib/delivery/memory.ts';
import type { Message } from '../../../lib/delivery/message.ts';

import { attempt } from '../../../lib/delivery/requests/attempt.ts';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';

import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const group = '/v1/topics/orders/groups/billing';
const url = 'https://example.com/hook';
const basic = { type: 'basic', username: 'Aladdin', password: 'open sesame' };
const header = 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==';

const withEndpoint = async (more: object) => {
  const world = await newWorld();
  await withTopic(world, 1);
  await call(world, `PUT ${group}`, { json: { mode: 'push', start: 'earliest' } });
  const answer = await call(world, `POST ${group}/endpoints`, { json: { url, ...more } });
  return { world, answer, path: `${group}/endpoints/${answer.json['id']}` };
};

const stored = async (world: World) => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  const found = await world.stores.groups.get({ topicId, group: 'billing' });
  const [endpoint] = found?.endpoints ?? [];
  if (found?.group.mode !== 'push' || endpoint === undefined) throw new Error('There is no endpoint.');
  return { group: found.group, endpoint };
};

/** The `Authorization` that the endpoint is sent, and all that is told of the attempt. */
const sentNow = async (world: World): Promise<{ authorization: string | undefined; told: string }> => {
  const sent: WebhookRequest[] = [];
  const webhooks = {
    post: async (request: WebhookRequest) => {
      sent.push(request);
      return { kind: 'answered', status: 500 } as const;
    },
  };
  const wake = { kind: 'append', topicId: 't', groupId: 'g', group: 'billing', partition: 0 } as const;
  const message = { id: 'g-0-0-1', start: 0, end: 1, records: 1, appendedAt: 0, headers: {}, body: '{}' };
  const told: unknown[] = [];
  const attemptLog = { samples: () => true, note: (...noted: unknown[]) => void told.push(noted[1]) };
  const deps = { ...world.deps, webhooks, memory: newDeliveryMemory(world.deps) };
  await attempt(
    { ...deps, attemptLog: attemptLog as never },
    { ...(await stored(world)), wake, attempt: 1 },
    message as unknown as Message,
  );
  return { authorization: sent[0]?.headers['authorization'], told: JSON.stringify([told, world.events]) };
};

describe('basic authentication', () => {
  test('is sent as RFC 7617 shows it, and neither stored in plain nor shown nor told', async () => {
    const { world, answer, path } = await withEndpoint({ authentication: basic });
    expect(answer.json['authentication']).toEqual({ type: 'basic' });
    const { authorization, told } = await sentNow(world);
    expect(authorization).toBe(header);
    const shown = await call(world, `GET ${path}`);
    const texts = [answer.text, shown.text, told, JSON.stringify((await stored(world)).endpoint)];
    for (const text of texts)
      for (const hidden of ['Aladdin', 'sesame', 'QWxh']) expect(text).not.toContain(hidden);
  });

  test('is UTF-8 where it is not ASCII', async () => {
    const { world } = await withEndpoint({
      authentication: { ...basic, username: 'test', password: '123£' },
    });
    expect((await sentNow(world)).authorization).toBe('Basic dGVzdDoxMjPCow==');
  });

  test('takes the place of a header of that name', async () => {
    const headers = { Authorization: 'Bearer other' };
    const { world, path } = await withEndpoint({ authentication: basic, headers });
    expect((await sentNow(world)).authorization).toBe(header);
    await call(world, `PATCH ${path}`, { json: { authentication: null } });
    expect((await sentNow(world)).authorization).toBe('Bearer other');
  });

  test('is changed, sealed as before, and taken away', async () => {
    const { world, path } = await withEndpoint({});
    expect((await sentNow(world)).authorization).toBeUndefined();
    const { status, json } = await call(world, `PATCH ${path}`, { json: { authentication: basic } });
    expect([status, json['authentication']]).toEqual([200, { type: 'basic' }]);
    expect(JSON.stringify((await stored(world)).endpoint)).not.toMatch(/Aladdin|sesame/);
    expect((await sentNow(world)).authorization).toBe(header);
    await call(world, `PATCH ${path}`, { json: { description: 'x' } });
    expect((await sentNow(world)).authorization).toBe(header);
    const without = await call(world, `PATCH ${path}`, { json: { authentication: null } });
    expect(without.json).not.toHaveProperty('authentication');
    expect((await sentNow(world)).authorization).toBeUndefined();
  });

  test.each([
    { ...basic, username: 'a:b' },
    { ...basic, username: '' },
    { ...basic, password: 'hush\n' },
    { ...basic, password: 'h'.repeat(1025) },
    { ...basic, type: 'digest' },
    { ...basic, realm: 'x' },
    { type: 'basic' },
    'Basic hush',
  ])('is refused where it is %j', async (authentication) => {
    const { answer } = await withEndpoint({ authentication });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.text).not.toMatch(/hush|hhh/);
  });
});

describe('authentication by a token', () => {
  const oauth2 = {
    type: 'oauth2',
    tokenUrl: 'https://login.example.com/token?tenant=hushhush',
    clientId: 'hush-id',
    clientSecret: 'hush-secret',
    scope: 'hush-scope',
  };

  test('is stored sealed, every text of it, shown by its type alone, and changed as a whole', async () => {
    const { world, answer, path } = await withEndpoint({ authentication: oauth2 });
    expect(answer.json['authentication']).toEqual({ type: 'oauth2' });
    const texts = [
      answer.text,
      (await call(world, `GET ${path}`)).text,
      JSON.stringify((await stored(world)).endpoint),
    ];
    for (const text of texts) expect(text).not.toMatch(/hush|login\.example/);
    const { endpoint, group: owner } = await stored(world);
    const opened = await newDeliveryMemory(world.deps).opened.of(world.deps.secrets, owner, endpoint);
    expect(opened.authentication).toEqual(oauth2);
    const changed = await call(world, `PATCH ${path}`, { json: { authentication: basic } });
    expect(changed.json['authentication']).toEqual({ type: 'basic' });
    expect((await sentNow(world)).authorization).toBe(header);
  });

  test.each([
    { ...oauth2, tokenUrl: 'https://10.0.0.1/token' },
    { ...oauth2, tokenUrl: 'http://login.example.com/token' },
    { ...oauth2, tokenUrl: 'hush' },
    { ...oauth2, clientSecret: '' },
    { ...oauth2, username: 'hush' },
    { type: 'oauth2' },
  ])('is refused where it is %j', async (authentication) => {
    const { world, answer } = await withEndpoint({ authentication });
    expectProblem(answer, 400, 'invalid_request');
    const made = await call(world, `POST ${group}/endpoints`, { json: { url } });
    const patched = await call(world, `PATCH ${group}/endpoints/${made.json['id']}`, {
      json: { authentication },
    });
    expectProblem(patched, 400, 'invalid_request');
  });
});

test('a test message is authenticated as any other', async () => {
  const sent: WebhookRequest[] = [];
  const webhooks = {
    post: async (request: WebhookRequest): Promise<WebhookAnswer> => {
      sent.push(request);
      const body = '{"access_token":"abc","token_type":"bearer"}';
      return { kind: 'answered', status: 200, ...(request.tellsBody === true && { body }) };
    },
  };
  const world = await newWorld(() => ({ webhooks }));
  await withTopic(world, 1);
  await call(world, `PUT ${group}`, { json: { mode: 'push', start: 'earliest' } });
  const authentication = {
    type: 'oauth2',
    tokenUrl: 'https://login.example.com/token',
    clientId: 'a',
    clientSecret: 'b',
  };
  const { json } = await call(world, `POST ${group}/endpoints`, { json: { url, authentication } });
  const test = `POST ${group}/endpoints/${json['id']}/test`;
  expect((await call(world, test)).status).toBe(200);
  await call(world, `PATCH ${group}/endpoints/${json['id']}`, { json: { authentication: basic } });
  expect((await call(world, test)).status).toBe(200);
  expect(sent.map((request) => [request.url, request.headers['authorization']])).toEqual([
    ['https://login.example.com/token', 'Basic YTpi'],
    [url, 'Bearer abc'],
    [url, header],
  ]);
});
