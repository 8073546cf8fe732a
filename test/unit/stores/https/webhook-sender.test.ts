import { createServer as createSecureServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import { selfSigned } from './self-signed.ts';
import { closeAll, endpoint, listening, request, resolving, sender } from './servers.ts';

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
    expect(answer).toEqual({ kind: 'answered', status: 503, retryAfter: '7' });
    expect(seen).toEqual(['POST', '/hook?a=1', 'm1', '{"greeting":"grüezi"}']);
  });

  it('posts bytes as they are, none too', async () => {
    const seen: Buffer[] = [];
    const { port } = await endpoint((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        seen.push(Buffer.concat(chunks));
        res.writeHead(204).end();
      });
    });
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    for (const body of [new Uint8Array(bytes), new Uint8Array()])
      await sender().post({ ...request(`http://127.0.0.1:${port}/`), body });
    expect(seen).toEqual([bytes, Buffer.alloc(0)]);
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
    });
    expect(await sender({ resolve }).post(request(url))).toEqual({
      kind: 'unreachable',
      reason:
        'Its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT). Have it use one of an authority that browsers know.',
    });
  });

  it('does not follow a redirect', async () => {
    const { port, sockets } = await endpoint((req, res) =>
      res.writeHead(req.url === '/' ? 302 : 200, { location: '/elsewhere' }).end(),
    );
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 302 });
    expect(sockets).toHaveLength(1);
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
    expect(answer).toEqual({ kind: 'answered', status: 101 });
    await expect.poll(() => ended).toBe(1);
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
    closeAll();
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toEqual({
      kind: 'unreachable',
      reason: 'It refused the connection: nothing listens there (ECONNREFUSED).',
    });
  });

  describe('guards every connection', () => {
    const forbidden = { kind: 'unreachable', reason: expect.stringContaining('not public') };

    it('resolves again for each connection, so that a name that turns private later is refused then', async () => {
      const { port, sockets } = await endpoint((_req, res) =>
        res.writeHead(200, { connection: 'close' }).end(),
      );
      const one = sender({
        resolve: resolving(['127.0.0.1'], ['10.0.0.7'], ['127.0.0.1', '169.254.169.254']),
      });
      const url = `http://hooks.localhost:${port}/`;
      expect(await one.post(request(url))).toMatchObject({ status: 200 });
      expect(await one.post(request(url))).toEqual(forbidden);
      expect(await one.post(request(url))).toEqual(forbidden);
      expect(sockets).toHaveLength(1);
    });

    it('refuses this machine by name and by address unless it is allowed', async () => {
      const { port, sockets } = await endpoint((_req, res) => res.end());
      const one = sender({ allowLoopback: false, resolve: resolving(['127.0.0.1']) });
      for (const host of ['hooks.example.com', 'localhost', '127.0.0.1', '[::ffff:127.0.0.1]', '2130706433'])
        for (const scheme of ['http', 'https'])
          expect(await one.post(request(`${scheme}://${host}:${port}/`)), host).toEqual(forbidden);
      expect(sockets).toHaveLength(0);
    });

    it('refuses http to any address but loopback', async () => {
      const one = sender({ resolve: resolving(['93.184.216.34']) });
      expect(await one.post(request('http://hooks.example.com/'))).toEqual(forbidden);
    });

    it('refuses what is no URL of the web', async () => {
      for (const url of ['ftp://127.0.0.1/', 'nonsense'])
        expect(await sender().post(request(url))).toEqual({
          kind: 'unreachable',
          reason: 'The URL cannot be called.',
        });
    });
  });
});
