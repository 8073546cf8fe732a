import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpServer, serveHttp } from '../../../lib/local/http-server.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { connected, produceHead, record } from '../hostile/connection.ts';
import { adminKey, newWorld, produce, type World, withTopic } from '../world.ts';
import { compressed, expanded } from './codings.ts';

/** What bodies have done to others' servers, tried on ours. */
let world: World;
let server: HttpServer;

beforeAll(async () => {
  world = await newWorld();
  await withTopic(world, 2);
  await produce(
    world,
    Array.from({ length: 900 }, (_, number) => ({ partition: 1, value: { number, place: 'north' } })),
  );
  server = await serveHttp(world.apps, { port: 0 }, systemClock);
});

afterAll(() => server.stop(0));

const fetching = '/v1/topics/orders/partitions/1/records?offset=0&limit=1000';

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const send = async (agent: Agent, { method = 'GET', path = fetching, headers, body }: Sent) => {
  const sent = request(new URL(path, server.url), {
    agent,
    method,
    headers: { authorization: `Bearer ${adminKey}`, ...headers },
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, bytes: await buffer(answer) };
};

/** Of one connection, which is kept. */
const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });

// github.com/expressjs/compression, issue 6: the length of what was not compressed hung the connection.
test('a compressed answer says its own length, and the connection goes on, after HEAD too', async () => {
  const agent = oneConnection();
  const plain = await send(agent, {});
  for (const coding of ['gzip', 'br', 'zstd'] as const) {
    const headers = { 'accept-encoding': coding };
    const answer = await send(agent, { headers });
    expect(answer.headers['content-length']).toBe(String(answer.bytes.byteLength));
    expect(answer.headers['transfer-encoding']).toBeUndefined();
    expect(expanded[coding](answer.bytes).equals(plain.bytes)).toBe(true);
    const head = await send(agent, { method: 'HEAD', headers });
    expect(head).toMatchObject({ status: 200, headers: { 'content-encoding': coding } });
  }
  agent.destroy();
});

// github.com/honojs/node-server, issues 246 and 327: clients saw a reset connection, or none of the answer.
test.each([
  ['too long', { 'content-type': 'application/json' }, Buffer.alloc(30_000_000, ' ')],
  [
    'of a coding that is not known',
    { 'content-type': 'application/json', 'content-encoding': 'deflate' },
    Buffer.alloc(4_000_000, 'x'),
  ],
])('a body that is %s is answered while it still comes', async (_what, headers, body) => {
  const agent = oneConnection();
  const path = '/v1/topics/orders/records';
  const { status, bytes } = await send(agent, { method: 'POST', path, headers, body });
  expect([413, 415]).toContain(status);
  expect(JSON.parse(bytes.toString())).toMatchObject({ detail: expect.stringMatching(/./) });
  expect((await send(agent, { path: '/v1/health' })).status).toBe(200);
  agent.destroy();
});

// github.com/honojs/node-server, issue 370: a whole body could not be read once its client had gone.
test('a client that goes when it has sent its whole body, compressed or not, is no fault of ours', async () => {
  const body = compressed.gzip(record);
  const head = produceHead(`Content-Length: ${body.byteLength}`, 'Content-Encoding: gzip');
  for (let count = 0; count < 30; count += 1) {
    const socket = await connected(server.url);
    socket.write(Buffer.concat([Buffer.from(head), body]), () => socket.resetAndDestroy());
  }
  expect((await send(oneConnection(), { path: '/v1/health' })).status).toBe(200);
  expect(world.events).toEqual([]);
});

// github.com/confluentinc/kafka-rest, issue 829: the name of a body that was compressed kept it from being expanded.
test.each(['application/vnd.millrace+json', 'application/json;charset=UTF-8', 'application/x-ndjson'])(
  'a body is expanded whatever its type is called: %s',
  async (type) => {
    const body = compressed.zstd(type.includes('ndjson') ? '{"value":1}\n' : record);
    const headers = { 'content-type': type, 'content-encoding': 'zstd' };
    const path = '/v1/topics/orders/records';
    expect(await send(oneConnection(), { method: 'POST', path, headers, body })).toMatchObject({
      status: 200,
    });
  },
);
