import type { LookupAddress } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Resolve } from '../../../lib/stores/https/guarded-lookup.ts';
import { type HttpsWebhookOptions, HttpsWebhookSender } from '../../../lib/stores/https/webhooks.ts';
import { selfSigned } from './self-signed.ts';

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

const sender = (options: Partial<HttpsWebhookOptions> = {}): HttpsWebhookSender => {
  const made = new HttpsWebhookSender({ allowLoopback: true, ...options });
  opened.push(made);
  return made;
};

/** Listens on 127.0.0.1; counts the connections that were made. */
const listening = async (server: Server): Promise<{ port: number; connections: () => number }> => {
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
};

const endpoint = (listener: RequestListener) => listening(createServer(listener));

const resolving =
  (...answers: readonly (readonly string[])[]): Resolve =>
  (_hostname, _options, callback) => {
    const addresses = answers.length > 1 ? (answers as string[][]).shift() : answers[0];
    const found = (addresses ?? []).map(
      (address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }),
    );
    callback(null, found);
  };

const request = (url: string, timeoutMs = 5000) => ({
  url,
  headers: { 'content-type': 'application/json', 'webhook-id': 'm1' },
  body: '{"greeting":"grüezi"}',
  timeoutMs,
});

describe('HttpsWebhookSender', () => {
  it('posts the body and headers, and gives the status, Retry-After and body of the answer', async () => {
    const seen: unknown[] = [];
    const { port } = await endpoint((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        seen.push(req.method, req.url, req.headers['webhook-id'], Buffer.concat(chunks).toString());
        res.writeHead(503, { 'retry-after': '7' }).end('busy');
      });
    });
    const answer = await sender().post(request(`http://127.0.0.1:${port}/hook?a=1`));
    expect(answer).toEqual({ kind: 'answered', status: 503, retryAfter: '7', body: 'busy' });
    expect(seen).toEqual(['POST', '/hook?a=1', 'm1', '{"greeting":"grüezi"}']);
  });

  it('speaks TLS, and refuses a certificate that it does not trust', async () => {
    const { certificate, key } = selfSigned('hooks.example.com');
    const { port } = await listening(
      createSecureServer({ key, cert: certificate }, (_req, res) => res.end('by TLS')),
    );
    const url = `https://hooks.example.com:${port}/`;
    const resolve = resolving(['127.0.0.1']);
    expect(await sender({ resolve, ca: certificate }).post(request(url))).toMatchObject({
      status: 200,
      body: 'by TLS',
    });
    expect(await sender({ resolve }).post(request(url))).toEqual({
      kind: 'unreachable',
      reason: 'The request failed (DEPTH_ZERO_SELF_SIGNED_CERT).',
    });
  });

  it('does not follow a redirect', async () => {
    const { port, connections } = await endpoint((req, res) =>
      res.writeHead(req.url === '/' ? 302 : 200, { location: '/elsewhere' }).end(),
    );
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 302 });
    expect(connections()).toBe(1);
  });

  it('uses a connection again, and replaces one that was closed meanwhile', async () => {
    let answered = 0;
    const { port, connections } = await endpoint((req, res) => {
      answered += 1;
      res.end();
      if (answered === 2) res.on('close', () => setImmediate(() => req.socket.resetAndDestroy()));
    });
    const one = sender();
    for (let count = 0; count < 2; count += 1)
      expect(await one.post(request(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 200 });
    expect(connections()).toBe(1);
    expect(await one.post(request(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 200 });
    expect(connections()).toBe(2);
  });

  it('reads no more than the first 64 KiB of an answer', async () => {
    const { port } = await endpoint((_req, res) => {
      const write = (): void => {
        while (res.writable && res.write('x'.repeat(16_384)));
      };
      res.on('drain', write);
      write();
    });
    const answer = await sender().post(request(`http://127.0.0.1:${port}/`));
    expect(answer).toMatchObject({ kind: 'answered', status: 200, body: 'x'.repeat(65_536), cutOff: true });
  });

  it('takes an offer of another protocol for an answer, and ends the connection', async () => {
    let ended = 0;
    const { port } = await endpoint((_req, res) => {
      res.socket?.on('close', () => {
        ended += 1;
      });
      res.writeHead(101, { connection: 'Upgrade', upgrade: 'other' });
      res.flushHeaders();
    });
    const answer = await sender().post(request(`http://127.0.0.1:${port}/`));
    expect(answer).toEqual({ kind: 'answered', status: 101, body: '' });
    await expect.poll(() => ended).toBe(1);
  });

  it('reads an answer of just 64 KiB whole', async () => {
    const { port } = await endpoint((_req, res) => res.end('x'.repeat(65_536)));
    const answer = await sender().post(request(`http://127.0.0.1:${port}/`));
    expect(answer).toEqual({ kind: 'answered', status: 200, body: 'x'.repeat(65_536) });
  });

  it('says that it is unreachable what cannot be sent, and does not throw', async () => {
    const unsendable = { ...request('http://127.0.0.1:1/'), headers: { 'x-name': 'a\nb' } };
    expect(await sender().post(unsendable)).toEqual({
      kind: 'unreachable',
      reason: 'The request failed (ERR_INVALID_CHAR).',
    });
  });

  it.each([
    ['accepts and says nothing', () => undefined],
    ['begins an answer and does not end it', (res: { write(text: string): void }) => res.write('{')],
  ])('gives up after the timeout on an endpoint that %s', async (_what, respond) => {
    const { port } = await endpoint((_req, res) => respond(res));
    expect(await sender().post(request(`http://127.0.0.1:${port}/`, 150))).toEqual({
      kind: 'unreachable',
      reason: 'It did not answer within 150 ms.',
    });
  });

  it('says that it is unreachable when nobody listens', async () => {
    const { port } = await endpoint(() => undefined);
    for (const each of opened.splice(0)) each.close();
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toEqual({
      kind: 'unreachable',
      reason: 'The request failed (ECONNREFUSED).',
    });
  });

  describe('guards every connection', () => {
    const forbidden = { kind: 'unreachable', reason: expect.stringContaining('not public') };

    it('resolves again for each connection, so that a name that turns private later is refused then', async () => {
      const { port, connections } = await endpoint((_req, res) =>
        res.writeHead(200, { connection: 'close' }).end(),
      );
      const one = sender({
        resolve: resolving(['127.0.0.1'], ['10.0.0.7'], ['127.0.0.1', '169.254.169.254']),
      });
      const url = `http://hooks.localhost:${port}/`;
      expect(await one.post(request(url))).toMatchObject({ status: 200 });
      expect(await one.post(request(url))).toEqual(forbidden);
      expect(await one.post(request(url))).toEqual(forbidden);
      expect(connections()).toBe(1);
    });

    it('refuses this machine by name and by address unless it is allowed', async () => {
      const { port, connections } = await endpoint((_req, res) => res.end());
      const one = sender({ allowLoopback: false, resolve: resolving(['127.0.0.1']) });
      for (const host of ['hooks.example.com', 'localhost', '127.0.0.1', '[::ffff:127.0.0.1]', '2130706433'])
        for (const scheme of ['http', 'https'])
          expect(await one.post(request(`${scheme}://${host}:${port}/`)), host).toEqual(forbidden);
      expect(connections()).toBe(0);
    });

    it('refuses http to any address but loopback', async () => {
      const one = sender({ resolve: resolving(['93.184.216.34']) });
      expect(await one.post(request('http://hooks.example.com/'))).toEqual(forbidden);
    });

    it('refuses a name that stands for no address, and what is no URL of the web', async () => {
      expect(await sender({ resolve: resolving([]) }).post(request('https://hooks.example.com/'))).toEqual(
        forbidden,
      );
      for (const url of ['ftp://127.0.0.1/', 'nonsense'])
        expect(await sender().post(request(url))).toEqual({
          kind: 'unreachable',
          reason: 'The URL cannot be called.',
        });
    });
  });
});
