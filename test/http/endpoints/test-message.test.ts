import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing/endpoints';

interface Tested {
  readonly world: World;
  readonly sent: readonly WebhookRequest[];
  readonly id: string;
  readonly secret: string;
}

/** A group with an endpoint whose test messages are answered so. */
const tested = async (answer: WebhookAnswer, more: object = {}, delivery: object = {}): Promise<Tested> => {
  const sent: WebhookRequest[] = [];
  const world = await newWorld(() => ({
    webhooks: {
      post: async (request) => {
        sent.push(request);
        return answer;
      },
    },
  }));
  await withTopic(world, 1);
  const settings = { mode: 'push', start: 'earliest', delivery };
  await call(world, 'PUT /v1/topics/orders/groups/billing', { json: settings });
  const { json } = await call(world, `POST ${path}`, { json: { url: 'https://example.com/hook', ...more } });
  return { world, sent, id: String(json['id']), secret: String(json['secret']) };
};

const test200: WebhookAnswer = { kind: 'answered', status: 200, excerpt: '{"ok":true}' };

describe('a test message', () => {
  test('is signed, has no records, and is told of whatever comes back', async () => {
    const { world, sent, id, secret } = await tested(test200);
    const answer = await call(world, `POST ${path}/${id}/test`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      delivered: true,
      status: 200,
      durationMs: expect.any(Number),
      answer: '{"ok":true}',
    });
    const [request] = sent;
    expect(request).toMatchObject({ url: 'https://example.com/hook', timeoutMs: 15_000, tellsSuccess: true });
    const body = String(request?.body);
    expect(JSON.parse(body)).toEqual({
      type: 'millrace.test',
      timestamp: '2026-03-01T12:00:00.000Z',
      data: { topic: 'orders', group: 'billing', endpoint: id },
    });
    const headers = request?.headers ?? {};
    const message = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', key).update(message).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
    expect(headers['webhook-id']).toMatch(/^test-[^.]+$/);
    expect(headers['content-type']).toBe('application/json');
  });

  test('has the headers of the endpoint, and an id of its own each time', async () => {
    const { world, sent, id } = await tested(test200, { headers: { 'X-Tenant': 'blue' } });
    for (let n = 0; n < 2; n += 1) await call(world, `POST ${path}/${id}/test`);
    expect(sent.map(({ headers }) => headers['x-tenant'])).toEqual(['blue', 'blue']);
    expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });

  test('goes to an endpoint that is disabled too, and changes nothing of it', async () => {
    const { world, sent, id } = await tested({ kind: 'answered', status: 410 });
    await call(world, `PATCH ${path}/${id}`, { json: { status: 'disabled' } });
    const before = (await call(world, `GET ${path}/${id}`)).json;
    const { json } = await call(world, `POST ${path}/${id}/test`);
    expect(json).toMatchObject({
      delivered: false,
      status: 410,
      error: expect.stringMatching(/gone for good/),
    });
    expect(sent).toHaveLength(1);
    expect((await call(world, `GET ${path}/${id}`)).json).toEqual(before);
  });

  test.each([
    [301, /^It answered 301, a redirect, which is not followed\. Give the endpoint the URL/],
    [401, /credentials/],
    [404, /path of the URL/],
    [405, /no POST/],
    [418, /^It answered 418\.$/],
    [500, /failed inside/],
    [503, /not ready/],
  ])('that is answered %i says what that means', async (status, words) => {
    const { world, id } = await tested({ kind: 'answered', status, excerpt: 'why' });
    const { json } = await call(world, `POST ${path}/${id}/test`);
    expect(json).toMatchObject({
      delivered: false,
      status,
      answer: 'why',
      error: expect.stringMatching(words),
    });
  });

  test('that reaches nobody says why', async () => {
    const reason = 'Its certificate has expired (CERT_HAS_EXPIRED). Renew it.';
    const { world, id } = await tested({ kind: 'unreachable', reason });
    const { json } = await call(world, `POST ${path}/${id}/test`);
    expect(json).toEqual({ delivered: false, durationMs: expect.any(Number), error: reason });
  });

  test('is waited for as long as a delivery, and no longer than the API has time for', async () => {
    for (const [timeoutSeconds, timeoutMs] of [
      [5, 5000],
      [30, 20_000],
    ]) {
      const { world, sent, id } = await tested(test200, {}, { timeoutSeconds });
      await call(world, `POST ${path}/${id}/test`);
      expect(sent[0]?.timeoutMs).toBe(timeoutMs);
    }
  });

  test('needs an endpoint', async () => {
    const { world } = await tested(test200);
    expectProblem(await call(world, `POST ${path}/none/test`), 404, 'endpoint_not_found');
  });
});
