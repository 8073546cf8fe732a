import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { send } from '../../../lib/delivery/authentication/send.ts';
import { Tokens } from '../../../lib/delivery/authentication/tokens.ts';
import { HttpsWebhookSender } from '../../../lib/stores/https/webhooks.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';

const oauth2 = {
  type: 'oauth2',
  tokenUrl: 'https://login.example.com/token',
  clientId: 'client:1',
  clientSecret: 'hush+hush',
} as const;
const request: WebhookRequest = {
  url: 'https://example.com/hook',
  headers: { 'webhook-id': 'a', authorization: 'other' },
  body: '{}',
  timeoutMs: 15_000,
};

const json = (body: object, status = 200): WebhookAnswer => ({
  kind: 'answered',
  status,
  body: JSON.stringify(body),
});
const token = (access_token: string, more: object = {}): WebhookAnswer =>
  json({ access_token, token_type: 'Bearer', expires_in: 3600, ...more });
const status = (code: number): WebhookAnswer => ({ kind: 'answered', status: code });
const ok = status(204);

/** A token server and an endpoint, which answer as they are told, the last answer for ever, each after some ms. */
const makeWorld = (given: { tokens: WebhookAnswer[]; endpoint?: WebhookAnswer[]; ms?: number }) => {
  let now = 0;
  // Nobody waits for it here.
  const clock = { now: () => now, monotonic: () => now, sleep: () => new Promise<void>(() => undefined) };
  const [asked, called]: [WebhookRequest[], WebhookRequest[]] = [[], []];
  const { tokens: answers, endpoint = [ok], ms = 0 } = given;
  const post = async (sent: WebhookRequest): Promise<WebhookAnswer> => {
    const [list, from] = sent.url === oauth2.tokenUrl ? [asked, answers] : [called, endpoint];
    list.push(sent);
    now += ms;
    return from[Math.min(list.length, from.length) - 1] ?? ok;
  };
  const deps = { webhooks: { post }, clock, tokens: new Tokens() };
  return {
    asked,
    called,
    pass: (more: number) => {
      now += more;
    },
    send: (key = 'e/1', authentication: typeof oauth2 & { scope?: string; audience?: string } = oauth2) =>
      send(deps, key, authentication, request),
  };
};

const bearers = (called: readonly WebhookRequest[]) => called.map(({ headers }) => headers['authorization']);

describe('an endpoint that wants a token', () => {
  it('is called with one that was asked for as RFC 6749 says, in the place of a header of its own', async () => {
    const world = makeWorld({ tokens: [token('t1')] });
    const wanted = { ...oauth2, scope: 'hooks:write b', audience: 'https://example.com' };
    expect(await world.send('e/1', wanted)).toEqual(ok);
    expect(world.asked).toEqual([
      {
        url: oauth2.tokenUrl,
        headers: {
          'user-agent': 'Millrace',
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          // The id and the secret each form-encoded, then joined: section 2.3.1.
          authorization: `Basic ${Buffer.from('client%3A1:hush%2Bhush').toString('base64')}`,
        },
        body: 'grant_type=client_credentials&scope=hooks%3Awrite+b&audience=https%3A%2F%2Fexample.com',
        timeoutMs: 7500,
        tellsBody: true,
      },
    ]);
    expect(world.called).toEqual([
      { ...request, headers: { ...request.headers, authorization: 'Bearer t1' } },
    ]);
  });

  it('shares it among its requests until shortly before it ends', async () => {
    const world = makeWorld({ tokens: [token('t1'), token('t2')] });
    await Promise.all([world.send(), world.send(), world.send()]);
    world.pass(3_539_999);
    await world.send();
    expect(world.asked).toHaveLength(1);
    world.pass(1);
    await world.send();
    expect(bearers(world.called)).toEqual([...Array(4).fill('Bearer t1'), 'Bearer t2']);
  });

  it('of a token that is short or does not say how long it is good uses half, or some minutes', async () => {
    for (const [expires, goodMs] of [
      [60, 30_000],
      [undefined, 240_000],
      ['600', 540_000],
    ] as const) {
      const world = makeWorld({ tokens: [token('t', { expires_in: expires })] });
      await world.send();
      world.pass(goodMs - 1);
      await world.send();
      expect(world.asked, String(expires)).toHaveLength(1);
      world.pass(1);
      await world.send();
      expect(world.asked, String(expires)).toHaveLength(2);
    }
  });

  it('has a token of its own, and another when it is changed', async () => {
    const world = makeWorld({ tokens: [token('t1'), token('t2'), token('t3')] });
    for (const key of ['e/1', 'f/1', 'e/2', 'e/1']) await world.send(key);
    expect(bearers(world.called)).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t3', 'Bearer t1']);
  });

  it('that does not take its token is called once more with a new one, and no more', async () => {
    const revoked = makeWorld({ tokens: [token('t1'), token('t2')], endpoint: [status(401), ok] });
    expect(await revoked.send()).toEqual(ok);
    await revoked.send();
    expect(bearers(revoked.called)).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t2']);

    const refusing = makeWorld({ tokens: [token('t1'), token('t2')], endpoint: [status(401)] });
    expect(await refusing.send()).toEqual(status(401));
    expect([refusing.asked.length, refusing.called.length]).toEqual([2, 2]);
  });

  it('gets what else it answers as it is', async () => {
    for (const answer of [status(403), status(500), { kind: 'unreachable', reason: 'x' } as const]) {
      const world = makeWorld({ tokens: [token('t1')], endpoint: [answer] });
      expect(await world.send()).toEqual(answer);
      expect([world.asked.length, world.called.length]).toEqual([1, 1]);
    }
  });
});

describe('where no token is given', () => {
  it.each([
    [json({ error: 'invalid_client' }, 401), 'The token server answered 401 (invalid_client).'],
    [json({ error: 'hush+hush' }, 400), 'The token server answered 400.'],
    [status(503), 'The token server answered 503.'],
    [status(302), 'The token server answered 302.'],
    [status(200), 'The token server gave no token.'],
    [json({ token_type: 'Bearer' }), 'The token server gave no token.'],
    [token('with a space'), 'The token server gave no token.'],
    [token('line\nbreak'), 'The token server gave no token.'],
    [token('t', { token_type: 'mac' }), 'The token server gave a token that is no bearer token.'],
    [
      { kind: 'unreachable', reason: 'Its name was not found.' } as const,
      'The token server could not be asked. Its name was not found.',
    ],
  ])('the endpoint is not called, and not blamed: %j', async (answer, why) => {
    const world = makeWorld({ tokens: [answer] });
    const reason = `It was not called, for want of a token. ${why}`;
    expect(await world.send()).toEqual({ kind: 'unreachable', reason });
    expect(world.called).toEqual([]);
  });

  it('it is asked for again by the next attempt', async () => {
    const world = makeWorld({ tokens: [status(503), token('t1')] });
    await world.send();
    expect(await world.send()).toEqual(ok);
  });
});

describe('all of it together', () => {
  it('takes no longer than the request may', async () => {
    const world = makeWorld({ tokens: [token('t1')], endpoint: [status(401)], ms: 4000 });
    await world.send();
    const spent = [...world.asked, ...world.called].map(({ timeoutMs }) => timeoutMs);
    // Token, message, token, message: 4 s each.
    expect(spent).toEqual([7500, 3500, 11_000, 3000]);
  });

  it('ends without the message where the token took all of the time', async () => {
    const world = makeWorld({ tokens: [token('t1')], ms: 14_600 });
    expect(await world.send()).toMatchObject({ reason: expect.stringContaining('took all of its time') });
    expect(world.called).toEqual([]);
  });
});

it('a request that waits for the token of another waits no longer than it may itself', async () => {
  let give = (_answer: WebhookAnswer): void => undefined;
  const post = () =>
    new Promise<WebhookAnswer>((resolve) => {
      give = resolve;
    });
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  const deps = { webhooks: { post }, clock: { now: () => 0, monotonic: () => 0, sleep } };
  const tokens = new Tokens();
  const first = tokens.get(deps, 'e/1', oauth2, { timeoutMs: 15_000 });
  const second = tokens.get(deps, 'e/1', oauth2, { timeoutMs: 500 });
  expect(await second).toMatchObject({ kind: 'none', reason: expect.stringContaining('all of its time') });
  expect(slept).toEqual([500]);
  give(token('t1'));
  expect(await first).toMatchObject({ token: 't1' });
});

it('a token server over the network is asked and read', async () => {
  const seen: { url: string | undefined; authorization: string | undefined; body: string }[] = [];
  const answer = async (incoming: IncomingMessage): Promise<[number, string]> => {
    const { authorization } = incoming.headers;
    seen.push({ url: incoming.url, authorization, body: await text(incoming) });
    if (incoming.url !== '/token') return [204, ''];
    if (seen.length === 1) return [400, '{"error":"invalid_scope"}'];
    return [200, '{"access_token":"abc","token_type":"bearer"}'];
  };
  const server = createServer((incoming, response) => {
    void answer(incoming).then(([code, body]) =>
      response.writeHead(code, { 'content-type': 'application/json' }).end(body),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhooks = new HttpsWebhookSender({ allowLoopback: true, excerpts: true });
  onTestFinished(() => {
    webhooks.close();
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const deps = { webhooks, clock: systemClock, tokens: new Tokens() };
  const authentication = { ...oauth2, tokenUrl: `${origin}/token` };
  const sending = () => send(deps, 'e/1', authentication, { ...request, url: `${origin}/hook` });
  const reason = 'It was not called, for want of a token. The token server answered 400 (invalid_scope).';
  expect(await sending()).toEqual({ kind: 'unreachable', reason });
  expect(await sending()).toMatchObject({ kind: 'answered', status: 204 });
  expect(seen.map(({ url, body }) => [url, body])).toEqual([
    ['/token', 'grant_type=client_credentials'],
    ['/token', 'grant_type=client_credentials'],
    ['/hook', '{}'],
  ]);
  expect(seen.at(-1)?.authorization).toBe('Bearer abc');
});

it('a token server on a private address is not asked', async () => {
  const deps = {
    webhooks: new HttpsWebhookSender({ allowLoopback: false }),
    clock: systemClock,
    tokens: new Tokens(),
  };
  const authentication = { ...oauth2, tokenUrl: 'https://169.254.169.254/token' };
  const answer = await send(deps, 'e/1', authentication, request);
  expect(answer).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('not public') });
});
