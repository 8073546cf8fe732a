import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpHandler } from '../../../functions/http-events.ts';
import type { Part } from '../../../lib/http/paths.ts';
import { gatewayPath as localPath } from '../../../lib/local/gateway-path.ts';
import { type HttpServer, serveHttp } from '../../../lib/local/http-server.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { call, newWorld, produce, type World, withTopic } from '../world.ts';
import { gatewayEvent, gatewayPath } from './gateway.ts';
import {
  knownPaths,
  methods,
  methodsOf,
  names,
  notNames,
  oddBodies,
  oddHeaders,
  oddPaths,
  oddQueries,
  request,
} from './table.ts';
import { sendOverWire, type WireAnswer, type WireRequest } from './wire.ts';

/** The same world twice, behind the two entries that there are. */
interface Entries {
  readonly worlds: { readonly local: World; readonly lambda: World };
  readonly server: HttpServer;
}

let entries: Entries;

const worldWith = async (requestId: () => string): Promise<World> => {
  const world = await newWorld(() => ({ requestId }));
  await withTopic(world, 2, names['topic']);
  await produce(world, [{ value: 1, partition: 0 }]);
  await call(world, `PUT /v1/topics/${names['topic']}/groups/${names['group']}`, {
    json: { mode: 'push', start: 'earliest' },
  });
  return world;
};

beforeAll(async () => {
  const local = await worldWith(() => 'the-id');
  const lambda = await worldWith(() => 'the-id');
  entries = { worlds: { local, lambda }, server: await serveHttp(local.apps, { port: 0 }, systemClock) };
});

afterAll(() => entries.server.stop(0));

const onLambda = async (apps: World['apps'], sent: WireRequest): Promise<WireAnswer | undefined> => {
  const arrived = gatewayEvent(sent);
  if (arrived === undefined) return undefined;
  const part: Part = arrived.part;
  const handle = createHttpHandler({ app: apps[part], telemetry: { flush: () => undefined } });
  const result = await handle(arrived.event, { getRemainingTimeInMillis: () => 60_000 });
  return {
    status: result.statusCode,
    headers: new Map(Object.entries(result.headers)),
    body: result.isBase64Encoded ? Buffer.from(result.body, 'base64').toString() : result.body,
  };
};

/** All of an answer but the id of its request. */
const shown = ({ status, headers, body }: WireAnswer): object => ({
  status,
  type: headers.get('content-type'),
  allow: headers.get('allow'),
  retryAfter: headers.get('retry-after'),
  authenticate: headers.get('www-authenticate'),
  cache: headers.get('cache-control'),
  body: body.replace(/"requestId":"[^"]*"/, '"requestId":"…"'),
});

interface Answered {
  readonly line: string;
  readonly local: WireAnswer;
  /** Undefined where the gateway refuses by itself, in its own words. */
  readonly lambda: WireAnswer | undefined;
}

const send = async (sent: WireRequest): Promise<Answered> => ({
  line: `${sent.method} ${sent.target.slice(0, 120)}`,
  local: await sendOverWire(entries.server.url, sent),
  lambda: await onLambda(entries.worlds.lambda.apps, sent),
});

const isAlike = ({ local, lambda }: Answered): boolean => {
  if (local.status >= 500) return false;
  return lambda === undefined
    ? local.status === 400
    : JSON.stringify(shown(local)) === JSON.stringify(shown(lambda));
};

/** Sends each of them both ways, in turn, and expects the same answers, none of which is a fault. */
const expectAlike = async (requests: readonly WireRequest[]): Promise<readonly Answered[]> => {
  const answers: Answered[] = [];
  for (const sent of requests) answers.push(await send(sent));
  const different = answers
    .filter((answered) => !isAlike(answered))
    .map(({ line, local, lambda }) => ({ line, local: shown(local), lambda: lambda && shown(lambda) }));
  expect(different).toEqual([]);
  return answers;
};

describe('the local server and the functions answer alike', () => {
  test.each(knownPaths)('to every odd path around %s', async (path) => {
    await expectAlike(oddPaths(path));
  });

  test.each(knownPaths)('to every method at %s, with a body and without', async (path) => {
    const bodies = ['', '{"x":1}'];
    await expectAlike(
      methods.flatMap((method) => bodies.map((body) => request(`${method} ${path}`, { body }))),
    );
  });

  test.each(knownPaths)('to odd queries at %s', async (path) => {
    const lines = oddQueries.flatMap((query) =>
      methodsOf(path).map((method) => `${method} ${path}?${query}`),
    );
    await expectAlike(lines.map((line) => request(line)));
  });

  test.each(knownPaths)('to odd bodies at %s', async (path) => {
    // Deleting first would leave nothing to differ about.
    const kept = methodsOf(path).filter((method) => method !== 'DELETE');
    await expectAlike(
      oddBodies.flatMap(([body, headers]) =>
        kept.map((method) => request(`${method} ${path}`, { headers, body })),
      ),
    );
  });

  test.each(knownPaths)('to odd headers at %s', async (path) => {
    await expectAlike(
      oddHeaders.flatMap((headers) =>
        methodsOf(path).map((method) => request(`${method} ${path}`, { headers })),
      ),
    );
  });
});

test('the local server and the functions answer consumers alike', async () => {
  await expectAlike([
    request('PUT /v1/topics/jobs', { body: '{"partitions":1}' }),
    request('PUT /v1/topics/jobs/groups/workers', { body: '{"mode":"pull","start":"earliest"}' }),
    request('POST /v1/topics/jobs/records', { body: '{"records":[{"value":1}]}' }),
  ]);
  const answers = await expectAlike(
    [
      ['poll', {}],
      ['poll', { maxRecords: 0, waitSeconds: 20 }],
      ['poll', { positions: { 0: 1 }, epochs: { 0: 1 } }],
      ['ack', { offsets: { 0: 2 } }],
      ['ack', { offsets: { 0: 1 }, epochs: { 0: 7 } }],
      ['nack', { offsets: { 0: 0 }, delaySeconds: 0.5 }],
      ['ack', { records: [{ partition: 0, offset: 0 }] }],
      ['ack', { offsets: { 7: 1 } }],
      ['poll', { ack: { offsets: { 0: 0 } } }],
      ['leave', {}],
      ['ack', { offsets: { 0: 1 } }],
    ].map(([verb, body]) =>
      request(`POST /v1/topics/jobs/groups/workers/${String(verb)}`, {
        body: JSON.stringify({ consumerId: 'a', ...(body as object) }),
      }),
    ),
  );
  expect(answers.map(({ local }) => local.status)).toEqual([
    200, 200, 200, 409, 409, 204, 400, 404, 200, 204, 409,
  ]);
});

describe('a name with something behind it', () => {
  test.each(notNames)('is not that name: %s', async (_shown, odd) => {
    const topic = '/v1/topics/safe';
    await expectAlike([request(`PUT ${topic}`)]);
    const refused = await expectAlike(
      ['DELETE', 'PATCH', 'PUT'].map((method) => request(`${method} ${topic}${odd}`, { body: '{}' })),
    );
    for (const { local } of refused) expect([400, 404, 405]).toContain(local.status);
    const [there] = await expectAlike([request(`GET ${topic}`)]);
    expect(there?.local.status).toBe(200);
  });

  test.each(['%3Fx', '%3f', '%3F/records'])('is refused here where AWS cuts it off: %s', async (odd) => {
    const sent = request(`DELETE /v1/topics/orders${odd}`);
    expect((await sendOverWire(entries.server.url, sent)).status).toBe(400);
  });
});

// Of github.com/hotsock/voker, vokerhttp/testdata/ingress-paths.json: sent to an HTTP API, and what its function got.
test.each([
  ['/capture/plain', '/capture/plain'],
  ['/capture/space%20value', '/capture/space value'],
  ['/capture/percent%25done', undefined],
  ['/capture/hash%23value', '/capture/hash#value'],
  ['/capture/slash%2Fvalue', '/capture/slash/value'],
  ['/capture/unicode-%CE%BB-%E4%B8%96%E7%95%8C', '/capture/unicode-λ-世界'],
  ['/capture/literal%252Fvalue', '/capture/literal/value'],
  ['/capture/literal%253Fvalue', '/capture/literal?value'],
  ['/capture/literal%2525value', '/capture/literal%value'],
])('a path is decoded as an HTTP API decodes it: %s', (sent, decoded) => {
  expect(gatewayPath(sent)).toBe(decoded);
  if (decoded === undefined) expect(() => localPath(sent)).toThrow(/escapes/);
  else expect(localPath(sent)).toBe(decoded);
});
