import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { serveHttp } from '../../../lib/local/http-server.ts';
import { defaultPatience, type Patience } from '../../../lib/local/patience.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { newWorld, withTopic } from '../world.ts';
import { allOf, connected, produceHead, record } from './connection.ts';

const serverWith = async (patience: Partial<Patience>): Promise<string> => {
  const world = await newWorld();
  await withTopic(world, 1);
  const server = await serveHttp(world.apps, { port: 0 }, systemClock, { ...defaultPatience, ...patience });
  onTestFinished(() => server.stop(0));
  return server.url;
};

const whole = `${produceHead(`Content-Length: ${record.length}`, 'Connection: close')}${record}`;

const sent = async (url: string, bytes: string): Promise<string> => {
  const socket = await connected(url);
  const answers = allOf(socket);
  socket.write(bytes);
  return answers;
};

const short: Partial<Patience> = { headMs: 200, requestMs: 200, checkMs: 20 };

test.each([
  ['in its head', produceHead('Content-Length: 25').slice(0, 60)],
  ['before its body', produceHead('Content-Length: 25')],
  ['in its body', `${produceHead('Content-Length: 4000000')}{"records":[`],
  ['in a chunk', `${produceHead('Transfer-Encoding: chunked')}ff\r\n{"records":[`],
])('a request that stalls %s is answered 408 and its connection ended', async (_what, bytes) => {
  const url = await serverWith(short);
  const answers = await Promise.all(Array.from({ length: 50 }, () => sent(url, bytes)));
  for (const answer of answers) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    expect(answer).toContain('Nothing was written.');
  }
  expect(await sent(url, whole)).toMatch(/^HTTP\/1\.1 200 /);
});

test('a body that comes a byte at a time has no longer than others', async () => {
  const url = await serverWith(short);
  const socket = await connected(url);
  const answer = allOf(socket);
  socket.write(produceHead('Content-Length: 4000000'));
  const drip = setInterval(() => socket.write(' '), 10);
  expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  clearInterval(drip);
});

test('there are no more connections at once than were allowed', async () => {
  const url = await serverWith({ connections: 3 });
  const held = await Promise.all([connected(url), connected(url), connected(url)]);
  const further = await connected(url);
  if (!further.closed) await once(further, 'close');
  for (const socket of held) socket.destroy();
  await Promise.all(held.map((socket) => socket.closed || once(socket, 'close')));
  const again = async (): Promise<string> => (await sent(url, whole)) || again();
  expect(await again()).toMatch(/^HTTP\/1\.1 200 /);
});

test('bodies that stall take no more memory than was allowed, and small ones go on beside them', async () => {
  const url = await serverWith({ bodyBytes: 10_000_000 });
  const large = `${produceHead('Content-Length: 4000000', 'Connection: close')}{`;
  const held = await Promise.all([connected(url), connected(url)]);
  for (const socket of held) socket.write(large);
  const refused = async (): Promise<string> => {
    const answer = await sent(url, large);
    return answer.includes(' 503 ') ? answer : refused();
  };
  const answer = await refused();
  expect(answer).toMatch(/retry-after: 1/);
  expect(answer).toContain('"code":"unavailable"');
  expect(await sent(url, whole)).toMatch(/^HTTP\/1\.1 200 /);
  for (const socket of held) socket.destroy();
  const taken = `${produceHead('Content-Length: 4000000', 'Connection: close')}${record.padEnd(4_000_000)}`;
  const accepted = async (): Promise<string> => {
    const again = await sent(url, taken);
    return again.includes(' 503 ') ? accepted() : again;
  };
  expect(await accepted()).toMatch(/^HTTP\/1\.1 200 /);
});
