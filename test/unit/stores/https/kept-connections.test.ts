import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { HttpsWebhookSender } from '../../../../lib/stores/https/webhooks.ts';
import { selfSigned } from './self-signed.ts';
import { endpoint, type Listening, listening, rawEndpoint, request, resolving, sender } from './servers.ts';

const noContent = 'HTTP/1.1 204 No Content\r\n\r\n';
const taken = { kind: 'answered', status: 204 };
const post = (one: HttpsWebhookSender, { port }: Listening, timeoutMs?: number) =>
  one.post(request(`http://127.0.0.1:${port}/`, timeoutMs));

/** Keeps `count` connections, which the endpoint answers on when all of them are there. */
const keeping = async (count: number, then: (socket: Socket, requests: number) => void) => {
  const waiting: Socket[] = [];
  const at = await rawEndpoint((socket, requests) => {
    if (requests > count) return then(socket, requests);
    waiting.push(socket);
    if (waiting.length === count) for (const each of waiting) each.write(noContent);
  });
  const one = sender();
  const answers = await Promise.all(Array.from({ length: count }, () => post(one, at)));
  expect(answers).toEqual(Array.from({ length: count }, () => taken));
  expect(at.sockets).toHaveLength(count);
  return { one, at };
};

describe('a kept connection', () => {
  it('is used again', async () => {
    const { one, at } = await keeping(1, (socket) => socket.write(noContent));
    for (let more = 0; more < 3; more += 1) expect(await post(one, at)).toEqual(taken);
    expect(at.sockets).toHaveLength(1);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['is reset', (socket) => socket.resetAndDestroy()],
    ['is ended', (socket) => socket.end()],
    [
      'is ended with a word of it',
      (socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'),
    ],
    ['brings what the answer before had too much', (socket) => socket.write('{"ok":true}')],
  ])('that %s when it is used is replaced by a new one, though others are kept', async (_what, dies) => {
    let dead = 0;
    const { one, at } = await keeping(6, (socket) => {
      if (at.sockets.indexOf(socket) > 5) return socket.write(noContent);
      dead += 1;
      return dies(socket);
    });
    expect(await post(one, at)).toEqual(taken);
    expect([dead, at.sockets.length]).toEqual([1, 7]);
    expect(await post(one, at)).toEqual(taken);
    expect([dead, at.sockets.length]).toEqual([1, 7]);
  });

  it('that was closed while nobody used it is not tried', async () => {
    let later = 0;
    const { one, at } = await keeping(3, (socket) => {
      later += 1;
      socket.write(noContent);
    });
    for (const socket of at.sockets) socket.resetAndDestroy();
    expect(await post(one, at)).toEqual(taken);
    expect([later, at.sockets.length]).toEqual([1, 4]);
  });

  it('that is reset within an answer is an outage, and the request is not repeated', async () => {
    const { one, at } = await keeping(1, (socket) => socket.write('HTTP/1.1 2', () => socket.end()));
    expect(await post(one, at)).toEqual({
      kind: 'unreachable',
      reason: 'It closed the connection before its answer was whole (ECONNRESET).',
    });
    expect(at.sockets).toHaveLength(1);
  });

  it('that answers nothing is an outage in the time of one request', async () => {
    const { one, at } = await keeping(1, () => undefined);
    const late = { kind: 'unreachable', reason: 'It did not answer within 100 ms.' };
    expect(await post(one, at, 100)).toEqual(late);
    expect(at.sockets).toHaveLength(1);
  });

  it('is left after a minute, so that a change of DNS is followed', async () => {
    const there = await endpoint((_request, response) => response.writeHead(204).end());
    let now = Date.now();
    const one = sender({ now: () => now, resolve: resolving(['127.0.0.1'], ['127.0.0.2']) });
    const url = `http://hooks.localhost:${there.port}/`;
    const moved = await listening(
      createServer((_request, response) => response.writeHead(204).end()),
      '127.0.0.2',
      there.port,
    );
    const both = () => [there.sockets.length, moved.sockets.length];
    for (const [passMs, connections] of [
      [0, [1, 0]],
      [59_999, [1, 0]],
      [1, [1, 1]],
      [59_999, [1, 1]],
      [-3_600_000, [1, 2]],
    ] as const) {
      now += passMs;
      expect(await one.post(request(url))).toEqual(taken);
      expect(both()).toEqual(connections);
    }
  });

  it('is not kept longer than the endpoint says it keeps it', async () => {
    const { port, sockets } = await endpoint((_request, response) =>
      response.writeHead(204, { 'keep-alive': 'timeout=1' }).end(),
    );
    const one = sender();
    for (let count = 0; count < 2; count += 1) await one.post(request(`http://127.0.0.1:${port}/`));
    expect(sockets).toHaveLength(2);
  });
});

it('does not repeat a request whose new connection is reset', async () => {
  const { port, sockets } = await rawEndpoint((socket) => socket.resetAndDestroy());
  const failed = {
    kind: 'unreachable',
    reason: 'It closed the connection before its answer was whole (ECONNRESET).',
  };
  expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toEqual(failed);
  expect(sockets).toHaveLength(1);
});

it('speaks TLS on the address that answers, asks for the name of the URL, and keeps the connection', async () => {
  const { certificate, key } = selfSigned('hooks.example.com');
  const names: unknown[] = [];
  const server = createSecureServer({ key, cert: certificate }, (_request, response) =>
    response.writeHead(204).end(),
  );
  server.on('secureConnection', ({ servername }: { servername: unknown }) => names.push(servername));
  const { port, sockets } = await listening(server);
  const one = sender({ ca: certificate, resolve: resolving(['127.0.0.9', '127.0.0.1']) });
  const named = { ...request(`https://hooks.example.com.:${port}/`), headers: { host: 'other.example.com' } };
  for (let count = 0; count < 3; count += 1) expect(await one.post(named)).toEqual(taken);
  expect(sockets).toHaveLength(1);
  expect(names).toEqual(['hooks.example.com']);
  const other = { ...named, url: `https://other.example.com:${port}/` };
  expect(await one.post(other)).toEqual({
    kind: 'unreachable',
    reason: expect.stringMatching(/^Its certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/),
  });
});

it('ends what it began when the time of a request is over before it is connected', async () => {
  const one = sender({ resolve: () => undefined });
  expect(await one.post(request('https://hooks.example.com/', 50))).toEqual({
    kind: 'unreachable',
    reason: 'Its name was not resolved within 50 ms.',
  });
});
