import { expect, test } from 'vitest';
import { createHttpHandler } from '../../../functions/http-events.ts';
import { gatewayEvent } from '../alike/gateway.ts';
import { request } from '../alike/table.ts';
import { newWorld, withTopic } from '../world.ts';
import { codings, compressed } from './codings.ts';

interface Sent {
  readonly type: string;
  readonly encoding?: string;
  readonly body: string | Buffer;
}

/** What the function answers to records that come as an HTTP API hands them over. */
const produced = async ({ type, encoding, body }: Sent) => {
  const world = await newWorld();
  await withTopic(world, 1);
  const headers: (readonly [string, string])[] = [['Content-Type', type]];
  if (encoding !== undefined) headers.push(['Content-Encoding', encoding]);
  const arrived = gatewayEvent(request('POST /v1/topics/orders/records', { headers, body }));
  if (arrived === undefined) throw new Error('The gateway would answer by itself.');
  const handle = createHttpHandler({ app: world.apps.produce, telemetry: { flush: () => undefined } });
  const { statusCode, body: text } = await handle(arrived.event, { getRemainingTimeInMillis: () => 60_000 });
  return { status: statusCode, json: JSON.parse(text) as Readonly<Record<string, unknown>> };
};

const records = '{"records":[{"value":"é"}]}';

test.each(codings)('a body compressed with %s comes through as bytes', async (encoding) => {
  const body = compressed[encoding](records);
  expect(await produced({ type: 'application/vnd.millrace+json', encoding, body })).toMatchObject({
    status: 200,
  });
});

test('a compressed body that the gateway takes for text is refused with the name under which it is not', async () => {
  const { status, json } = await produced({
    type: 'application/json',
    encoding: 'gzip',
    body: compressed.gzip(records),
  });
  expect(status).toBe(415);
  expect(json).toMatchObject({
    code: 'unsupported_media_type',
    accepted: ['application/vnd.millrace+json'],
    detail: expect.stringContaining('gateway'),
  });
});

test('text of another charset is refused, and not stored with its letters replaced', async () => {
  const body = Buffer.from(records, 'latin1');
  expect(await produced({ type: 'application/json', body })).toMatchObject({
    status: 400,
    json: { code: 'invalid_request', detail: 'The body is not UTF-8.' },
  });
});

test('a replacement character that was sent is a character like any other', async () => {
  const body = '{"records":[{"value":"\ufffd"}]}';
  expect(await produced({ type: 'application/json', body })).toMatchObject({ status: 200 });
});
