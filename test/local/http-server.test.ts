import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { serveHttp } from '../../lib/local/http-server.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { MemoryBatchStore } from '../../lib/stores/memory/batches.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { adminKey, call, newWorld, type World, withTopic } from '../http/world.ts';

/** What a server of the whole interface answers to `lines`, sent as they are. */
const answerTo = async (lines: readonly string[]): Promise<string> => {
  const { apps } = await newWorld();
  const server = await serveHttp(apps, { port: 0 }, systemClock);
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

describe('a request that is not as it was announced', () => {
  /** What comes back on one connection for `bytes`, sent as they are, which is then left open. */
  const answersTo = async (bytes: string): Promise<{ readonly text: string; readonly world: World }> => {
    const world = await newWorld();
    await withTopic(world, 1);
    const server = await serveHttp(world.apps, { port: 0 }, systemClock);
    onTestFinished(() => server.stop(0));
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.end(bytes.replaceAll('KEY', adminKey));
    return { text: await text(socket), world };
  };
  const body = '{"records":[{"value":1}]}';
  const produce = (...headers: readonly string[]): string =>
    ['POST /v1/topics/orders/records HTTP/1.1', 'Host: a', 'Authorization: Bearer KEY']
      .concat('Content-Type: application/json', headers, '', '')
      .join('\r\n');
  const whole = produce(`Content-Length: ${body.length}`) + body;
  const endOf = async (world: World): Promise<unknown> =>
    (await call(world, 'GET /v1/topics/orders/partitions')).json['partitions'];

  test.each([
    ['bytes that are no request', 'garbage garbage\r\n\r\n'],
    ['a request with too long a head', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`],
  ])('is answered as it was: one with %s behind it', async (_what, behind) => {
    const { text: answers, world } = await answersTo(whole + behind);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(answers).toContain('"offset":0');
    expect(await endOf(world)).toMatchObject([{ endOffset: 1 }]);
  });

  test.each([
    ['a body that is too short', produce('Content-Length: 99') + body, 'The body broke off.'],
    ['chunks without their end', `${produce('Transfer-Encoding: chunked')}5\r\n{"rec`, 'The body broke off.'],
    ['a chunk of no size', `${produce('Transfer-Encoding: chunked')}zz\r\n`, 'The body is not in chunks'],
  ])('is refused in words when it has %s, and nothing is written', async (_what, bytes, detail) => {
    const { text: answers, world } = await answersTo(bytes);
    expect(answers).toMatch(/^HTTP\/1\.1 400 /);
    expect(answers).toContain(detail);
    expect(answers).toContain('Nothing was written.');
    expect(await endOf(world)).toMatchObject([{ endOffset: 0 }]);
  });

  test('is served whatever else it expects, and told that CONNECT is no method here', async () => {
    const expecting = await answersTo(produce(`Content-Length: ${body.length}`, 'Expect: wonders') + body);
    expect(expecting.text).toMatch(/^HTTP\/1\.1 200 /);
    const { text: refused } = await answersTo('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(refused).toContain('application/problem+json');
  });
});

test('a request that comes on a kept connection just when the server stops is answered, as its last', async () => {
  const { apps } = await newWorld();
  const server = await serveHttp(apps, { port: 0 }, systemClock);
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
  const request = 'GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n';
  socket.write(request);
  const [first] = (await once(socket, 'data')) as [string];
  expect(first).toContain('onnection: keep-alive');
  const stopped = server.stop(10_000);
  socket.write(request);
  const last = await text(socket);
  expect(last).toMatch(/^HTTP\/1\.1 200 /);
  expect(last).toContain('onnection: close');
  await stopped;
});

test('of many clients that come at once none has many answers before each has its first', async () => {
  const { apps } = await newWorld();
  const server = await serveHttp(apps, { port: 0 }, systemClock);
  onTestFinished(() => server.stop(0));
  const clients = 64;
  const answers = Array<number>(clients).fill(0);
  let most = 0;
  await new Promise<void>((resolve) => {
    for (let number = 0; number < clients; number += 1) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      const ask = (): void => void socket.write('GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n');
      socket.once('connect', ask);
      // Each asks again as soon as it is answered.
      socket.on('data', () => {
        answers[number] = (answers[number] ?? 0) + 1;
        most = Math.max(most, ...answers);
        if (answers.every((count) => count > 0)) resolve();
        else ask();
      });
    }
  });
  expect(most).toBeLessThan(12);
});

test('records that come together on many connections go into a few batches', async () => {
  const together: number[] = [];
  const world = await newWorld(({ random }) => ({
    appender: new Appender({
      batches: new MemoryBatchStore(systemClock),
      clock: systemClock,
      random,
      telemetry: { record: (event) => void (event.kind === 'appended' && together.push(event.appends)) },
    }),
  }));
  await withTopic(world, 1);
  const server = await serveHttp(world.apps, { port: 0 }, systemClock);
  onTestFinished(() => server.stop(0));
  const sockets = Array.from({ length: 32 }, () => connect(Number(new URL(server.url).port), '127.0.0.1'));
  for (const socket of sockets) onTestFinished(() => void socket.destroy());
  const answered = sockets.map((socket) => once(socket, 'data'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const body = '{"records":[{"value":1}]}';
  const head = ['POST /v1/topics/orders/records HTTP/1.1', 'Host: a', `Authorization: Bearer ${adminKey}`];
  const rest = ['Content-Type: application/json', `Content-Length: ${body.length}`, '', body];
  for (const socket of sockets) socket.write([...head, ...rest].join('\r\n'));
  for (const [answer] of await Promise.all(answered)) expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  expect(together.reduce((sum, appends) => sum + appends)).toBe(32);
  expect(together.length).toBeLessThan(10);
});

test('a long poll whose client ends its connection is let go', async () => {
  const world = await newWorld();
  await withTopic(world, 1);
  const server = await serveHttp(world.apps, { port: 0 }, systemClock);
  onTestFinished(() => server.stop(0));
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const path = '/v1/topics/orders/partitions/0/records?offset=latest&waitSeconds=20';
  socket.end(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${adminKey}\r\n\r\n`);
  expect(await text(socket)).toBe('');
});

describe('a request that is refused before its body has come', () => {
  const announced = 20_000_000;
  const head = (path: string): string =>
    [
      `POST ${path} HTTP/1.1`,
      'Host: a',
      `Authorization: Bearer ${adminKey}`,
      'Content-Type: application/json',
    ]
      .concat('Connection: close', `Content-Length: ${announced}`, '', '')
      .join('\r\n');

  const connected = async () => {
    const { apps } = await newWorld();
    const server = await serveHttp(apps, { port: 0 }, systemClock);
    onTestFinished(() => server.stop(0));
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };

  test.each([
    ['since it is too large', '/v1/topics/orders/records', 413],
    ['since there is no such path', '/v1/nothing', 404],
  ])('%s is answered to a client that sends all of it first', async (_why, path, status) => {
    const socket = await connected();
    // As a client that reads no answer before it has sent all.
    socket.pause();
    const sent = new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.write(head(path));
      socket.write(Buffer.alloc(announced, 'x'), () => resolve());
    });
    await sent;
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('is answered in about a second where the rest does not come, and at once where it breaks off', async () => {
    const socket = await connected();
    socket.write(head('/v1/topics/orders/records'));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 /);
    const broken = await connected();
    const begun = performance.now();
    broken.end(`${head('/v1/topics/orders/records')}{"rec`);
    expect(await text(broken)).toMatch(/^HTTP\/1\.1 413 /);
    expect(performance.now() - begun).toBeLessThan(900);
  });
});
