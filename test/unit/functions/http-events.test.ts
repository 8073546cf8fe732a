import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createHttpHandler, gatewayRequestId } from '../../../functions/http-events.ts';
import { newApi } from '../../../lib/http/api.ts';
import { systemRandom } from '../../../lib/stores/system/random.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';

const get = (path: string): APIGatewayProxyEventV2 =>
  ({
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: {},
    requestContext: {
      requestId: 'from-the-gateway',
      stage: '$default',
      domainName: 'broker.example.com',
      http: { method: 'GET', path },
    },
    isBase64Encoded: false,
  }) as unknown as APIGatewayProxyEventV2;

/** As a stage of that name hands it over: the stage is the first part of the path. */
const onStage = (stage: string, path: string): APIGatewayProxyEventV2 => {
  const event = get(path);
  return { ...event, requestContext: { ...event.requestContext, stage } };
};

const newApp = () =>
  newApi({
    random: systemRandom,
    telemetry: noTelemetry,
    requestId: gatewayRequestId,
  });

const aMinute = { getRemainingTimeInMillis: () => 60_000 };

describe('a Lambda behind the HTTP API', () => {
  it('answers with the id that the gateway gave the request', async () => {
    const handle = createHttpHandler({ app: newApp(), telemetry: { flush: () => undefined } });
    const answer = await handle(get('/v1/nothing'), aMinute);
    expect(answer).toMatchObject({
      statusCode: 404,
      isBase64Encoded: false,
      headers: { 'x-request-id': 'from-the-gateway', 'content-type': 'application/problem+json' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'not_found', requestId: 'from-the-gateway' });
  });

  it.each([
    ['prod', '/prod/v1/quick', 200],
    ['prod', '/v1/quick', 200],
    ['prod', '/product/v1/quick', 404],
    ['prod', '/prod/prod/v1/quick', 404],
    ['$default', '/v1/quick', 200],
    ['$default', '/$default/v1/quick', 404],
  ])('leaves out the stage, which is no part of the path (%s of %s)', async (stage, path, status) => {
    const app = newApp();
    app.get('/v1/quick', (c) => c.json({}));
    const handle = createHttpHandler({ app, telemetry: { flush: () => undefined } });
    expect((await handle(onStage(stage, path), aMinute)).statusCode).toBe(status);
  });

  it('gives the application the body, the cookies and the headers as they were sent', async () => {
    const app = newApp();
    app.post('/v1/echo', async (c) =>
      c.json({
        body: Buffer.from(await c.req.arrayBuffer()).toString('hex'),
        cookie: c.req.header('cookie'),
        empty: c.req.header('x-empty'),
      }),
    );
    const handle = createHttpHandler({ app, telemetry: { flush: () => undefined } });
    const event = get('/v1/echo');
    const { http } = event.requestContext;
    const answer = await handle(
      {
        ...event,
        requestContext: { ...event.requestContext, http: { ...http, method: 'POST' } },
        cookies: ['a=1', 'b=2'],
        headers: { 'x-empty': '' },
        body: Buffer.from([0, 255, 128]).toString('base64'),
        isBase64Encoded: true,
      },
      aMinute,
    );
    expect(JSON.parse(answer.body)).toEqual({ body: '00ff80', cookie: 'a=1; b=2', empty: '' });
  });

  it('writes an answer that is no text in base64', async () => {
    const app = newApp();
    app.get('/v1/bytes', (c) => c.body(new Uint8Array([255]), 200, { 'content-type': 'image/png' }));
    const handle = createHttpHandler({ app, telemetry: { flush: () => undefined } });
    expect(await handle(get('/v1/bytes'), aMinute)).toMatchObject({ body: '/w==', isBase64Encoded: true });
  });

  it('writes an answer of many quotes in base64, so that it stays under the 6 MB of Lambda', async () => {
    const app = newApp();
    const quotes = '"'.repeat(4 * 1024 * 1024);
    app.get('/v1/quotes', (c) => c.body(quotes, 200, { 'content-type': 'application/json' }));
    const handle = createHttpHandler({ app, telemetry: { flush: () => undefined } });
    const answer = await handle(get('/v1/quotes'), aMinute);
    expect(answer.isBase64Encoded).toBe(true);
    expect(Buffer.from(answer.body, 'base64').toString() === quotes).toBe(true);
    expect(JSON.stringify(answer).length).toBeLessThan(6_291_556);
  });

  it('ends what is under way when its time is nearly up, so that it still answers', async () => {
    const app = newApp();
    const { promise: abandoned, resolve } = Promise.withResolvers<void>();
    app.get('/v1/slow', async (c) => {
      await abandoned;
      // Told first, so that nothing more is begun.
      expect(c.req.raw.signal.aborted).toBe(true);
      return c.json({ outcome: 'unknown' }, 503);
    });
    const handle = createHttpHandler({
      app,
      telemetry: { flush: () => undefined },
      abandon: async () => resolve(),
    });
    const answer = await handle(get('/v1/slow'), { getRemainingTimeInMillis: () => 1_001 });
    expect(answer.statusCode).toBe(503);
  });

  it('never returns before what is under way has ended and its telemetry is written', async () => {
    const steps: string[] = [];
    const app = newApp();
    app.get('/v1/quick', (c) => c.json({}));
    const handle = createHttpHandler({
      app,
      telemetry: { flush: () => steps.push('flushed') },
      abandon: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        steps.push('ended');
      },
    });
    await handle(get('/v1/quick'), aMinute);
    expect(steps).toEqual(['ended', 'flushed']);
  });
});
