import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { newDeliveryMemory } from '../../../lib/delivery/memory.ts';
import type { Message } from '../../../lib/delivery/message.ts';
import { attempt } from '../../../lib/delivery/requests/attempt.ts';
import type { Endpoint, PushGroup } from '../../../lib/domain/groups/groups.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { type Answer, call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const group = '/v1/topics/orders/groups/billing';
const url = 'https://example.com/hook';
const own = `whsec_${Buffer.from('a secret of my own, 32 bytes ok!').toString('base64')}`;
const hour = 3_600_000;

/** A world whose group has an endpoint, which `more` says more of. */
const withEndpoint = async (more: object = {}) => {
  const world = await newWorld();
  await withTopic(world, 1);
  await call(world, `PUT ${group}`, { json: { mode: 'push', start: 'earliest' } });
  const { json } = await call(world, `POST ${group}/endpoints`, { json: { url, ...more } });
  return { world, id: String(json['id']), secret: String(json['secret']) };
};

const rotate = (world: World, id: string, json: object = {}): Promise<Answer> =>
  call(world, `POST ${group}/endpoints/${id}/rotate-secret`, { json });

const stored = async (world: World): Promise<{ group: PushGroup; endpoint: Endpoint }> => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  const found = await world.stores.groups.get({ topicId, group: 'billing' });
  const [endpoint] = found?.endpoints ?? [];
  if (found?.group.mode !== 'push' || endpoint === undefined) throw new Error('There is no endpoint.');
  return { group: found.group, endpoint };
};

const body = '{"type":"topic.records"}';

/** What delivery sends to the endpoint now. */
const sentNow = async (world: World): Promise<WebhookRequest> => {
  const sent: WebhookRequest[] = [];
  const webhooks = {
    post: async (request: WebhookRequest) => {
      sent.push(request);
      return { kind: 'answered', status: 204 } as const;
    },
  };
  const target = {
    ...(await stored(world)),
    wake: { kind: 'append', topicId: 't', groupId: 'g', group: 'billing', partition: 0 },
    attempt: 1,
  } as const;
  const message = { id: 'g-0-0-1', start: 0, end: 1, records: 1, appendedAt: 0, headers: {}, body };
  const memory = newDeliveryMemory(world.deps);
  await attempt({ ...world.deps, webhooks, memory }, target, message as unknown as Message);
  const [request] = sent;
  if (request === undefined) throw new Error('Nothing was sent.');
  return request;
};

/** Which of the secrets and public keys verify what is sent now. */
const verifiedBy = async (world: World, keys: readonly string[]): Promise<boolean[]> => {
  const { headers } = await sentNow(world);
  // The library looks at its own clock.
  const at = new Date(Number(headers['webhook-timestamp']) * 1000);
  const id = headers['webhook-id'] ?? '';
  const signatures = (headers['webhook-signature'] ?? '').split(' ');
  const content = Buffer.from(`${id}.${headers['webhook-timestamp']}.${body}`);
  return keys.map((key) => {
    if (key.startsWith('whsec_')) return signatures.includes(new Webhook(key).sign(id, at, body));
    const x = Buffer.from(key.replace(/^whpk_/, ''), 'base64').toString('base64url');
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return signatures
      .filter((signature) => signature.startsWith('v1a,'))
      .some((signature) => verify(null, content, publicKey, Buffer.from(signature.slice(4), 'base64')));
  });
};

describe('a new secret', () => {
  test('signs beside the one before for a day, and alone after that', async () => {
    const { world, id, secret } = await withEndpoint();
    const { status, json } = await rotate(world, id);
    expect(status).toBe(200);
    const next = String(json['secret']);
    expect(next).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    const until = new Date(world.clock.now() + 24 * hour).toISOString();
    expect(json['signingKeys']).toEqual([{ kind: 'v1' }, { kind: 'v1', until }]);
    expect(await verifiedBy(world, [secret, next])).toEqual([true, true]);
    world.clock.advance(24 * hour - 1);
    expect(await verifiedBy(world, [secret, next])).toEqual([true, true]);
    world.clock.advance(1);
    expect(await verifiedBy(world, [secret, next])).toEqual([false, true]);
  });

  test('is shown once, and stored sealed as the one before stays', async () => {
    const { world, id, secret } = await withEndpoint();
    const { json } = await rotate(world, id);
    const shown = await call(world, `GET ${group}/endpoints/${id}`);
    const texts = [shown.text, JSON.stringify((await stored(world)).endpoint), JSON.stringify(world.events)];
    for (const text of texts)
      for (const hidden of [secret, String(json['secret'])]) expect(text).not.toContain(hidden.slice(6));
    expect(shown.json).toEqual(
      Object.fromEntries(Object.entries(json).filter(([name]) => name !== 'secret')),
    );
  });

  test('signs alone at once where nothing is to overlap', async () => {
    const { world, id, secret } = await withEndpoint();
    const { json } = await rotate(world, id, { overlapSeconds: 0 });
    expect(json).not.toHaveProperty('signingKeys');
    expect(await verifiedBy(world, [secret, String(json['secret'])])).toEqual([false, true]);
    expect((await stored(world)).endpoint.secrets).toHaveLength(1);
  });

  test("may be one's own, from the first on", async () => {
    const { world, id, secret } = await withEndpoint({ secret: own });
    expect(secret).toBe(own);
    expect(JSON.stringify((await stored(world)).endpoint)).not.toContain(own.slice(6));
    expect(await verifiedBy(world, [own])).toEqual([true]);
    const other = own.replace('whsec_Y', 'whsec_Z');
    expect((await rotate(world, id, { secret: other, overlapSeconds: 60 })).json['secret']).toBe(other);
    expect(await verifiedBy(world, [own, other])).toEqual([true, true]);
  });

  test.each([
    { secret: 'whsec_c2hvcnQ=' },
    { secret: 'a-secret-word' },
    { secret: 7 },
    { secret: own, kind: 'v1a' },
    { kind: 'v2' },
    { overlapSeconds: -1 },
    { overlapSeconds: 0.5 },
    { overlapSeconds: 30 * 86_400 + 1 },
    { overlap: 1 },
  ])('is refused where %j is asked for, which no answer repeats', async (json) => {
    const { world, id } = await withEndpoint();
    const before = await stored(world);
    const answer = await rotate(world, id, json);
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.text).not.toMatch(/c2hvcnQ|a-secret-word|YSBzZWNy/);
    expect(await stored(world)).toEqual(before);
  });

  test('is one of five at most that sign, and any may take the place of all', async () => {
    const { world, id } = await withEndpoint();
    for (let count = 2; count <= 5; count += 1) expect((await rotate(world, id)).status).toBe(200);
    expectProblem(await rotate(world, id), 400, 'limit_exceeded');
    expect((await stored(world)).endpoint.secrets).toHaveLength(5);
    expect((await rotate(world, id, { overlapSeconds: 0 })).status).toBe(200);
    expect((await stored(world)).endpoint.secrets).toHaveLength(1);
  });

  test('of two that are asked for at the same time takes the place of none', async () => {
    const { world, id, secret } = await withEndpoint();
    const answers = await Promise.all([rotate(world, id), rotate(world, id)]);
    const made = answers.map(({ json }) => String(json['secret']));
    expect(await verifiedBy(world, [secret, ...made])).toEqual([true, true, true]);
  });

  test('there is none for an endpoint that is not there', async () => {
    const { world } = await withEndpoint();
    expectProblem(await rotate(world, 'abc'), 404, 'endpoint_not_found');
  });
});

describe('a key pair', () => {
  const wellKnown = (world: World, id: string): Promise<Answer> =>
    call(world, `GET /v1/.well-known/webhook-keys?topic=orders&group=billing&endpoint=${id}`, { key: null });

  test('signs beside the secret while both live, and its public key is there for whoever knows the endpoint', async () => {
    const { world, id, secret } = await withEndpoint();
    expect((await wellKnown(world, id)).json).toEqual({ keys: [] });
    const { json } = await rotate(world, id, { kind: 'v1a', overlapSeconds: 3600 });
    expect(json).not.toHaveProperty('secret');
    const publicKey = String(json['publicKey']);
    expect(publicKey).toMatch(/^whpk_/);
    expect(await verifiedBy(world, [secret, publicKey])).toEqual([true, true]);
    const { headers } = await sentNow(world);
    expect(headers['webhook-signature']).toMatch(/^v1a,[A-Za-z0-9+/]{86}== v1,[A-Za-z0-9+/]{43}=$/);

    const { status, json: found } = await wellKnown(world, id);
    expect([status, found]).toEqual([
      200,
      { keys: [expect.objectContaining({ kty: 'OKP', crv: 'Ed25519', publicKey })] },
    ]);
    const [jwk] = found['keys'] as [{ x: string }];
    expect(Buffer.from(jwk.x, 'base64url')).toEqual(Buffer.from(publicKey.slice(5), 'base64'));
    world.clock.advance(hour);
    expect(await verifiedBy(world, [secret, publicKey])).toEqual([false, true]);
  });

  test('follows a key pair unless a secret is asked for', async () => {
    const { world, id } = await withEndpoint();
    const first = String((await rotate(world, id, { kind: 'v1a', overlapSeconds: 0 })).json['publicKey']);
    const second = String((await rotate(world, id, { overlapSeconds: 60 })).json['publicKey']);
    const { json } = await wellKnown(world, id);
    expect((json['keys'] as { publicKey: string }[]).map((key) => key.publicKey)).toEqual([second, first]);
    expect((await rotate(world, id, { kind: 'v1' })).json['secret']).toMatch(/^whsec_/);
    expect((await rotate(world, id, { secret: own })).json['secret']).toBe(own);
  });

  test('has its private key in no answer and, but sealed, in no store', async () => {
    const { world, id } = await withEndpoint();
    const rotated = await rotate(world, id, { kind: 'v1a', overlapSeconds: 0 });
    const texts = [
      rotated.text,
      (await wellKnown(world, id)).text,
      JSON.stringify((await stored(world)).endpoint),
    ];
    for (const text of texts) expect(text).not.toContain('whsk_');
  });

  test.each(['', '?topic=orders', '?topic=orders&group=billing', '?topic=orders&group=billing&endpoint=abc'])(
    'there is none to be seen without all that names the endpoint: %s',
    async (query) => {
      const { world } = await withEndpoint();
      const answer = await call(world, `GET /v1/.well-known/webhook-keys${query}`, { key: null });
      expectProblem(answer, 404, 'endpoint_not_found');
    },
  );

  test('is said to be unknown in the same words whatever is', async () => {
    const { world, id } = await withEndpoint();
    const details = await Promise.all(
      [
        `topic=other&group=billing&endpoint=${id}`,
        `topic=orders&group=other&endpoint=${id}`,
        `topic=orders&group=billing&endpoint=${'0'.repeat(20)}`,
      ].map(async (query) => {
        const answer = await call(world, `GET /v1/.well-known/webhook-keys?${query}`, { key: null });
        return expectProblem(answer, 404, 'endpoint_not_found')['detail'];
      }),
    );
    expect(new Set(details).size).toBe(1);
  });
});
