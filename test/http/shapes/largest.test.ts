import { expect, test } from 'vitest';
import { createHttpHandler } from '../../../functions/http-events.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { gatewayEvent } from '../alike/gateway.ts';
import { request } from '../alike/table.ts';
import { newWorld, produce, type World, withTopic } from '../world.ts';

/** As long as a topic's name may be: it stands in an event twice. */
const topic = 'o'.repeat(limits.nameLength);

/** What the function gives to the gateway for a fetch of as much as can be had. */
const fetched = async ({ apps }: World, accept: string) => {
  const line = `GET /v1/topics/${topic}/partitions/0/records?offset=0&limit=1000`;
  const arrived = gatewayEvent(request(line, { headers: [['Accept', accept]] }));
  if (arrived === undefined) throw new Error('The gateway would answer by itself.');
  const handle = createHttpHandler({ app: apps[arrived.part], telemetry: { flush: () => undefined } });
  return handle(arrived.event, { getRemainingTimeInMillis: () => 60_000 });
};

const quotes = '"'.repeat(500);
const event = {
  headers: {
    ce_specversion: '1.0',
    ce_id: quotes,
    ce_source: '\\'.repeat(500),
    ce_type: quotes,
    ce_x: quotes,
  },
  value: '"'.repeat(700),
};
const records: Readonly<Record<string, object>> = {
  'events full of quotes': event,
  'much that becomes an event': {
    key: quotes,
    valueBase64: 'A'.repeat(2400),
    headers: { a: '"'.repeat(300) },
  },
  'as much as a thousand records may have': {
    timestamp: '2020-01-01T00:00:00.123Z',
    value: 'a'.repeat(4_140),
  },
};

test.each(
  Object.keys(records).flatMap((what) =>
    ['application/x-ndjson', 'application/cloudevents-batch+json'].map((accept) => [what, accept] as const),
  ),
)('a fetch of %s, as %s, is one that a function may give', async (what, accept) => {
  const world = await newWorld();
  await withTopic(world, 1, topic);
  for (let part = 0; part < 10; part += 1) {
    const some = Array.from({ length: 100 }, () => records[what] ?? {});
    expect((await produce(world, some, topic)).status).toBe(200);
  }
  const result = await fetched(world, accept);
  expect(result.statusCode).toBe(200);
  const bytes = Buffer.byteLength(JSON.stringify(result));
  expect(bytes).toBeLessThan(limits.functionAnswerBytes);
  // As much as there may be: else this would show nothing.
  expect(bytes).toBeGreaterThan(0.85 * limits.functionAnswerBytes);
});
