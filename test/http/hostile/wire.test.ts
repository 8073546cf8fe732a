import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpServer, serveHttp } from '../../../lib/local/http-server.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { adminKey, call, newWorld, type World, withTopic } from '../world.ts';
import { allOf, connected, produceHead, record } from './connection.ts';

let world: World;
let server: HttpServer;

beforeAll(async () => {
  world = await newWorld();
  await withTopic(world, 1);
  server = await serveHttp(world.apps, { port: 0 }, systemClock);
});

afterAll(() => server.stop(0));

const endOffset = async (): Promise<number | undefined> =>
  ((await call(world, 'GET /v1/topics/orders/partitions')).json['partitions'] as { endOffset: number }[])[0]
    ?.endOffset;

/** What comes back for `bytes`, sent as they are on a connection of their own. */
const answersTo = async (bytes: string): Promise<string> => {
  const socket = await connected(server.url);
  const answers = allOf(socket);
  socket.end(bytes, 'latin1');
  return answers;
};

const length = `Content-Length: ${record.length}`;
const chunked = 'Transfer-Encoding: chunked';
const chunk = `${record.length.toString(16)}\r\n${record}\r\n0\r\n\r\n`;
const smuggled = `DELETE /v1/topics/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${adminKey}\r\n\r\n`;
const many = (count: number, header: string): readonly string[] =>
  Array.from({ length: count }, () => header);

test.each([
  ['a length and chunks', produceHead(length, chunked) + chunk],
  [
    'chunks and a length that hides a request',
    `${produceHead(chunked, 'Content-Length: 4')}0\r\n\r\n${smuggled}`,
  ],
  ['two lengths', produceHead(length, 'Content-Length: 0') + record + smuggled],
  ['two lengths in one', produceHead(`${length}, 0`) + record],
  ['chunks that are not last', produceHead('Transfer-Encoding: chunked, identity') + chunk],
  ['chunks by nearly their name', produceHead('Transfer-Encoding: xchunked') + chunk],
  ['chunks after a tab', produceHead('Transfer-Encoding:\tchunked\r\nTransfer-Encoding: x') + chunk],
  ['chunks twice, and a length', produceHead(chunked, chunked, length) + chunk],
  ['a blank before the colon', produceHead('Transfer-Encoding : chunked') + chunk],
  ['a folded header', produceHead('X-A: b\r\n c: d', length) + record],
  ['a line that ends without CR', produceHead(`X-A: b\n${chunked}`, length) + record],
  ['a CR inside a header', produceHead('X-A: b\rX-B: c', length) + record],
  ['a NUL inside a header', produceHead('X-A: b\u0000c', length) + record],
  ['a NUL in the name of one', produceHead('X-\u0000A: b', length) + record],
  ['a header without a name', produceHead(': b', length) + record],
  ['a header without a colon', produceHead('nonsense', length) + record],
  ['a negative length', produceHead('Content-Length: -1') + record],
  ['a length with a sign', produceHead('Content-Length: +25') + record],
  ['a length in hex', produceHead('Content-Length: 0x19') + record],
  ['a length of thirty digits', produceHead(`Content-Length: ${'9'.repeat(30)}`) + record],
  ['a chunk of thirty digits', `${produceHead(chunked)}${'F'.repeat(30)}\r\n${record}`],
  ['a chunk of a negative size', `${produceHead(chunked)}-1\r\n${record}`],
  ['a chunk that is longer than it says', `${produceHead(chunked)}5\r\n${record}\r\n0\r\n\r\n`],
  ['an extension of a chunk without end', `${produceHead(chunked)}1;${'x'.repeat(40_000)}\r\n{\r\n0\r\n\r\n`],
  ['a body that is too short', produceHead('Content-Length: 99') + record],
  ['half of a chunk', `${produceHead(chunked)}19\r\n{"rec`],
  ['hundreds of headers', produceHead(...many(900, 'X-A: b'), ...many(900, 'X-B: c'), length) + record],
  ['a long header', produceHead(`X-A: ${'b'.repeat(20_000)}`, length) + record],
  ['a long name', produceHead(`${'X'.repeat(20_000)}: b`, length) + record],
  ['a method of letters', `BREW / HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['another version', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n'],
  ['the greeting of TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ['a path that is not escaped', 'GET /v1/topics/%zz HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a path with a raw NUL', 'GET /v1/topics/a\u0000b HTTP/1.1\r\nHost: a\r\n\r\n'],
  [
    'a body that is too long, and waits to be wanted',
    produceHead('Content-Length: 9000000', 'Expect: 100-continue'),
  ],
])('a request with %s is refused, and nothing of it is done', async (_what, bytes) => {
  const before = await endOffset();
  const answers = (await answersTo(bytes)).replace('HTTP/1.1 100 Continue\r\n\r\n', '');
  // One answer, and none to what was hidden in it.
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([expect.stringMatching(/ 4\d\d$/)]);
  const [head = '', body = ''] = answers.split('\r\n\r\n');
  expect(head).toContain('content-type: application/problem+json');
  expect(JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1))).toMatchObject({
    detail: expect.stringMatching(/\.$/),
    code: expect.stringMatching(/./),
  });
  expect(await endOffset()).toBe(before);
});

test.each([
  ['that asks for another method by a header', produceHead('X-HTTP-Method-Override: DELETE', length)],
  ['that names other addresses', produceHead('X-Original-URL: /v1/keys', 'X-Rewrite-URL: /v1/keys', length)],
  [
    'that would have another protocol',
    produceHead('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', length),
  ],
  ['whose headers are __proto__', produceHead('__proto__: x', 'constructor: y', length)],
])('a request %s is what its first line says', async (_what, head) => {
  const before = await endOffset();
  expect(await answersTo(head + record)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await endOffset()).toBe((before ?? 0) + 1);
});

test('a body longer than its length ends where that says, and what follows is a request of its own', async () => {
  const before = await endOffset();
  const answers = await answersTo(`${produceHead(length)}${record}${record}`);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  expect(await endOffset()).toBe((before ?? 0) + 1);
});

test('trailers of chunks are no headers of the request', async () => {
  const answers = await answersTo(
    `${produceHead(chunked)}${chunk.slice(0, -2)}Authorization: Bearer x\r\nContent-Encoding: gzip\r\n\r\n`,
  );
  expect(answers).toMatch(/^HTTP\/1\.1 200 /);
});

test('who speaks HTTP/2 is told, or let go', async () => {
  const session = connectHttp2(server.url);
  const failed = new Promise((resolve) => session.once('error', resolve));
  session.request({ ':path': '/v1/health' }).on('error', () => undefined);
  expect(await failed).toBeInstanceOf(Error);
});

test('clients that go away in the middle of their bodies leave nothing behind', async () => {
  const before = await endOffset();
  for (let round = 0; round < 10; round += 1) {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connected(server.url)));
    for (const [at, socket] of sockets.entries()) {
      socket.write(`${produceHead('Content-Length: 4000000')}{"records":[`);
      if (at % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
  expect(await answersTo(`GET /v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).toMatch(/ 200 /);
  expect(await endOffset()).toBe(before);
  expect(world.events).toEqual([]);
});
