import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { Receiver, type Taken } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

const backoff = { initialSeconds: 0.1, maxSeconds: 0.1 };

interface Registered {
  readonly id: string;
  readonly secret: string;
}

/** What endpoints are told of who calls them, and how they are tried, changed and stopped, as whoever has an address and a key sees it. */
export const describeEndpoints = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, endpoints`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    /** A group of a topic with one partition, and an endpoint that keeps what it is sent. */
    const begin = async (settings: object = {}, answer: (request: Taken) => number = () => 204) => {
      const topic = await broker.newTopic(1);
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery: { backoff } });
      const hook = `/${randomUUID()}`;
      const url = receiver.url(hook);
      const taken: Taken[] = [];
      receiver.take(hook, (request) => {
        const status = answer(request);
        if (status < 300) taken.push(request);
        return { status };
      });
      const register = () => broker.admin.ok<Registered>('POST', `${path}/endpoints`, { url, ...settings });
      const produced = async (value: unknown): Promise<Taken> => {
        const before = taken.length;
        await broker.admin.produce(topic, [{ value }]);
        await eventually(
          'it arrives',
          () => taken.length,
          (count) => count > before,
          60_000,
        );
        return taken[before] as Taken;
      };
      return { topic, path, hook, url, taken, register, produced };
    };

    test('a test message says what came back, and counts for nothing', async () => {
      const group = await begin();
      const { id, secret } = await group.register();
      const tried = await broker.admin.ok('POST', `${group.path}/endpoints/${id}/test`);
      expect(tried).toMatchObject({ delivered: true, status: 204, durationMs: expect.any(Number) });
      const [message] = group.taken;
      if (message === undefined) throw new Error('It was sent.');
      expect(new Webhook(secret).verify(message.body, message.headers)).toMatchObject({
        type: 'millrace.test',
      });
      const nowhere = await broker.admin.ok<Registered>('POST', `${group.path}/endpoints`, {
        url: receiver.url(`/${randomUUID()}`),
      });
      expect(await broker.admin.ok('POST', `${group.path}/endpoints/${nowhere.id}/test`)).toMatchObject({
        ...{ delivered: false, status: 404 },
        error: expect.stringContaining('nothing at the path'),
      });
    }, 120_000);

    test('the key that signs is rotated with an overlap, also to one that only Millrace can sign with', async () => {
      const group = await begin();
      const { id, secret } = await group.register();
      const one = `${group.path}/endpoints/${id}`;
      const { secret: next } = await broker.admin.ok<Registered>('POST', `${one}/rotate-secret`, {});
      const first = await eventually(
        'both sign',
        () => group.produced('both'),
        ({ headers }) => headers['webhook-signature']?.split(' ').length === 2,
        60_000,
      );
      for (const each of [secret, next]) new Webhook(each).verify(first.body, first.headers);
      const pair = await broker.admin.ok<{ publicKey: string }>('POST', `${one}/rotate-secret`, {
        ...{ kind: 'v1a', overlapSeconds: 0 },
      });
      const second = await eventually(
        'the pair signs',
        () => group.produced('pair'),
        ({ headers }) => headers['webhook-signature']?.startsWith('v1a,') === true,
        60_000,
      );
      const { body, headers } = second;
      const signature = Buffer.from(headers['webhook-signature']?.slice('v1a,'.length) ?? '', 'base64');
      const at = `${headers['webhook-id']}.${headers['webhook-timestamp']}.`;
      const raw = Buffer.from(pair.publicKey.slice('whpk_'.length), 'base64').toString('base64url');
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });
      expect(verify(null, Buffer.concat([Buffer.from(at), body]), key, signature)).toBe(true);
      const query = `topic=${group.topic}&group=audit&endpoint=${id}`;
      const shown = await broker.anybody.call('GET', `/v1/.well-known/webhook-keys?${query}`);
      expect(JSON.stringify(shown.body)).toContain(pair.publicKey);
    }, 120_000);

    test('Millrace authenticates itself by a password, and by tokens that are asked for anew', async () => {
      const isKnown = ({ headers }: Taken): boolean =>
        headers['authorization'] === `Basic ${Buffer.from('millrace:pass').toString('base64')}`;
      const basic = await begin(
        {
          authentication: { type: 'basic', username: 'millrace', password: 'pass' },
          headers: { 'x-tenant': 'b' },
        },
        (request) => (isKnown(request) ? 204 : 401),
      );
      await basic.register();
      expect((await basic.produced(1)).headers).toMatchObject({ 'x-tenant': 'b' });

      const tokens = `/${randomUUID()}`;
      let given = 0;
      receiver.take(tokens, ({ body }) => {
        given += 1;
        expect(body.toString()).toBe('grant_type=client_credentials');
        return {
          status: 200,
          body: { access_token: `token-${given}`, token_type: 'Bearer', expires_in: 3600 },
        };
      });
      const oauth = await begin(
        {
          authentication: {
            ...{ type: 'oauth2', tokenUrl: receiver.url(tokens) },
            ...{ clientId: 'millrace', clientSecret: 'hidden' },
          },
        },
        // The first token was revoked.
        ({ headers }) => (headers['authorization'] === 'Bearer token-1' ? 401 : 204),
      );
      await oauth.register();
      expect((await oauth.produced(1)).headers['authorization']).toMatch(/^Bearer token-[2-9]/);
    }, 120_000);

    test('an endpoint that was disabled goes on where it stopped', async () => {
      const group = await begin();
      const { id } = await group.register();
      await group.produced('before');
      const one = `${group.path}/endpoints/${id}`;
      await broker.admin.ok('PATCH', one, { status: 'disabled' });
      await broker.admin.produce(group.topic, [{ value: 'meanwhile' }]);
      const shown = await broker.admin.ok<{ status: string; lag: number }>('GET', group.path);
      expect(shown).toMatchObject({ status: 'paused', pausedBy: { kind: 'endpoint' } });
      await broker.admin.ok('PATCH', one, { status: 'enabled' });
      const values = ({ body }: Taken): unknown[] =>
        (JSON.parse(body.toString()) as { data: { records: { value: unknown }[] } }).data.records.map(
          ({ value }) => value,
        );
      await eventually(
        'all is there',
        () => group.taken.flatMap(values),
        (all) => all.join() === 'before,meanwhile',
        60_000,
      );
    }, 120_000);

    test('an endpoint is asked before it is called, and called in the name that it agreed to', async () => {
      const group = await begin({ handshake: true });
      const refused = await broker.admin.call('POST', `${group.path}/endpoints`, {
        ...{ url: group.url, handshake: true },
      });
      expect(refused).toMatchObject({ status: 422, body: { code: 'handshake_failed' } });
      receiver.consent(group.hook, (asked) => ({
        ...{ 'webhook-allowed-origin': asked['webhook-request-origin'] ?? '' },
        'webhook-allowed-rate': '600',
      }));
      const registered = await group.register();
      expect(registered).toMatchObject({ requestsPerSecond: 10, handshake: { perMinute: 600 } });
      const { handshake } = registered as unknown as { handshake: { origin: string } };
      expect((await group.produced(1)).headers['webhook-request-origin']).toBe(handshake.origin);
    }, 120_000);
  });
};
