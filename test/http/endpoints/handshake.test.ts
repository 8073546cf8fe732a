import { describe, expect, test } from 'vitest';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing/endpoints';
const url = 'https://example.com/hook';

/** An endpoint that answers OPTIONS so. */
const withGroup = async (answer: (request: WebhookRequest) => WebhookAnswer) => {
  const asked: WebhookRequest[] = [];
  const world = await newWorld(() => ({
    webhooks: {
      post: async (request) => {
        asked.push(request);
        return answer(request);
      },
    },
  }));
  await withTopic(world, 1);
  await call(world, 'PUT /v1/topics/orders/groups/billing', { json: { mode: 'push', start: 'earliest' } });
  return { world, asked };
};

const allowing = (allowed: { origin?: string; rate?: string }, status = 200): WebhookAnswer => ({
  kind: 'answered',
  status,
  allowed,
});

const register = (world: World, json: object = {}) =>
  call(world, `POST ${path}`, { json: { url, handshake: true, ...json } });

describe('an endpoint that is to agree to be called', () => {
  test('is asked by OPTIONS in the name of the broker, and is there when it agrees', async () => {
    const { world, asked } = await withGroup(({ headers }) =>
      allowing({ origin: headers['webhook-request-origin'] ?? '' }),
    );
    const { status, json } = await register(world, { requestsPerSecond: 2 });
    expect([status, json['status'], json['requestsPerSecond']]).toEqual([201, 'enabled', 2]);
    expect(json['handshake']).toEqual({ origin: 'localhost' });
    expect(asked).toMatchObject([
      {
        ...{ url, method: 'OPTIONS' },
        headers: { 'webhook-request-origin': 'localhost', 'webhook-request-rate': '120' },
      },
    ]);
  });

  test.each([
    ['120', undefined, 2],
    ['120', 1, 1],
    ['120', 100, 2],
    ['*', 100, 100],
    ['6', undefined, 0.1],
    ['999999999', undefined, 10_000],
  ])('by the rate %s, where %s was given, is called so often', async (rate, requestsPerSecond, expected) => {
    const { world } = await withGroup(() => allowing({ origin: '*', rate }));
    const given = requestsPerSecond === undefined ? {} : { requestsPerSecond };
    const { json } = await register(world, given);
    expect(json['requestsPerSecond']).toBe(expected);
    // Nor can it be set to be called more often later.
    const one = `${path}/${String(json['id'])}`;
    const changed = await call(world, `PATCH ${one}`, { json: { requestsPerSecond: 10_000 } });
    expect(changed.json['requestsPerSecond']).toBe(
      rate === '*' ? 10_000 : Math.min(Number(rate) / 60, 10_000),
    );
  });

  test.each<[string, WebhookAnswer]>([
    ['says nothing', allowing({})],
    ['allows another', allowing({ origin: 'other.example.com' })],
    ['allows one whose name begins the same', allowing({ origin: 'localhost.example.com' })],
    ['allows several', allowing({ origin: 'localhost, *' })],
    ['refuses', allowing({ origin: '*' }, 403)],
    ['sends on', allowing({ origin: '*' }, 302)],
    ['takes no OPTIONS', allowing({}, 405)],
    ['allows too little', allowing({ origin: '*', rate: '5' })],
    ['allows what is no rate', allowing({ origin: '*', rate: '-1' })],
    ['allows rates that are no number', allowing({ origin: '*', rate: '1e9' })],
    ['is not there', { kind: 'unreachable', reason: 'The connection was refused.' }],
  ])('is not registered when it %s', async (_what, answer) => {
    const { world } = await withGroup(() => answer);
    const problem = expectProblem(await register(world), 422, 'handshake_failed');
    expect(problem['detail']).toMatch(/WebHook-Allowed-Origin.*Nothing was changed/);
    expect((await call(world, `GET ${path}`)).json['endpoints']).toEqual([]);
    // What was refused takes no place.
    expect((await call(world, `POST ${path}`, { json: { url } })).status).toBe(201);
  });

  test('is asked anew at another URL, and not without one', async () => {
    let isWilling = true;
    const { world, asked } = await withGroup(() => allowing(isWilling ? { origin: '*' } : {}));
    const { json } = await register(world);
    const one = `${path}/${String(json['id'])}`;
    await call(world, `PATCH ${one}`, { json: { description: 'x' } });
    expect(asked).toHaveLength(1);
    isWilling = false;
    const moved = { json: { url: 'https://example.com/other' } };
    expectProblem(await call(world, `PATCH ${one}`, moved), 422, 'handshake_failed');
    expect((await call(world, `GET ${one}`)).json['url']).toBe(url);
    isWilling = true;
    expect((await call(world, `PATCH ${one}`, moved)).json['url']).toBe('https://example.com/other');
    expect(asked.map((each) => each.url)).toEqual([url, moved.json.url, moved.json.url]);
    const bare = await call(world, `PATCH ${one}`, { json: { handshake: false } });
    expect(bare.json).not.toHaveProperty('handshake');
    await call(world, `PATCH ${one}`, { json: { handshake: true } });
    expect(asked).toHaveLength(4);
  });
});
