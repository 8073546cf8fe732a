import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { serveHttp } from '../../lib/local/http-server.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { newWorld } from '../http/world.ts';

/** What a server of the whole interface answers to `lines`, sent as they are. */
const answerTo = async (lines: readonly string[]): Promise<string> => {
  const { apps } = await newWorld();
  const server = await serveHttp(apps, 0, systemClock);
  onTestFinished(() => server.stop(0));
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end([...lines, 'Connection: close', '', ''].join('\r\n'));
  return text(socket);
};

test.each([
  ['a host that is none', ['GET /v1/health HTTP/1.1', 'Host: a b']],
  ['a host with a path', ['GET /v1/health HTTP/1.1', 'Host: example.com/v1/topics?']],
  ['no host', ['GET /v1/health HTTP/1.0']],
  ['an address that is no URL', ['GET http://[/v1/health HTTP/1.1', 'Host: a']],
  ['no address', ['OPTIONS * HTTP/1.1', 'Host: a']],
])('a request with %s is answered by a problem like any other', async (_what, lines) => {
  const [head = '', body = ''] = (await answerTo(lines)).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  expect(head).toContain('content-type: application/problem+json');
  const problem = JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1));
  expect(problem).toMatchObject({ code: 'invalid_request', detail: expect.stringContaining('Host') });
  expect(head).toContain(`x-request-id: ${problem.requestId}`);
});

test.each([
  ['no request', ['nonsense'], 400, 'invalid_request'],
  ['an address in Latin-1', ['GET /v1/t\u00f6pics HTTP/1.1', 'Host: a'], 400, 'invalid_request'],
  ['no host', ['GET /v1/health HTTP/1.1'], 400, 'invalid_request'],
  ['a path of 11 KB', [`GET /v1/topics/${'a'.repeat(11_000)} HTTP/1.1`, 'Host: a'], 413, 'too_large'],
  ['a header of 11 KB', ['GET /v1/health HTTP/1.1', `X-Api-Key: ${'a'.repeat(11_000)}`], 413, 'too_large'],
])('what is %s is answered by a problem too', async (_what, lines, status, code) => {
  const [head = '', body = ''] = (await answerTo(lines)).split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain('content-type: application/problem+json');
  expect(JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1))).toMatchObject({
    status,
    code,
  });
});

test('a request with the whole address in its first line is served', async () => {
  const answer = await answerTo(['GET http://example.com/v1/health HTTP/1.1', 'Host: a']);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});
