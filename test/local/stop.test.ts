import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { Client, eventually, type Page } from '../end-to-end/client.ts';
import { freePort } from '../harness/processes.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const call = (
  broker: { readonly url: string; readonly key: string },
  method: string,
  path: string,
  options: { readonly agent?: Agent; readonly body?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { agent, body } = options;
    const headers = {
      'x-api-key': broker.key,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    request(new URL(path, broker.url), { method, headers, agent: agent ?? false }, (response) => {
      text(response).then(
        (answered) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answered }),
        reject,
      );
    })
      .on('error', reject)
      .end(body);
  });

/** A broker with a topic, and a fetch that it is known to be waiting in, since it has answered what was sent later. */
const withLongPoll = async (folder = temporaryFolder()) => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: folder });
  const client = new Client(broker.url, broker.key);
  await client.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  const polled = call(broker, 'GET', '/v1/topics/orders/partitions/0/records?offset=0&waitSeconds=20');
  await client.ok('GET', '/v1/topics');
  return { broker, polled };
};

/** A request whose end never comes, so that the broker cannot finish it. */
const unfinished = (broker: { readonly url: string; readonly key: string }): void => {
  const headers = { 'x-api-key': broker.key, 'content-type': 'application/json', 'content-length': '100' };
  const hanging = request(new URL('/v1/topics/orders/records', broker.url), { method: 'POST', headers });
  hanging.on('error', () => undefined).flushHeaders();
  onTestFinished(() => void hanging.destroy());
};

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s answers a long poll at once with an empty page',
  async (signal) => {
    const { broker, polled } = await withLongPoll();
    const began = performance.now();
    expect(await broker.end(signal)).toBe(0);
    const { status, headers, body } = await polled;
    expect(status).toBe(200);
    expect(headers.connection).toBe('close');
    expect(JSON.parse(body) as Page).toMatchObject({ records: [], nextOffset: 0 });
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(broker.errors()).toBe('');
  },
);

test('the same Ctrl+C from the terminal and from npm is one: what is under way gets its time', async () => {
  const { broker, polled } = await withLongPoll();
  broker.process.kill('SIGINT');
  await eventually('it is ending', broker.output, (output) => output.includes('Ending'));
  expect(await broker.end('SIGINT')).toBe(0);
  expect((await polled).status).toBe(200);
});

test('a second Ctrl+C ends it at once', async () => {
  const { broker } = await withLongPoll();
  unfinished(broker);
  await call(broker, 'GET', '/v1/topics');
  broker.process.kill('SIGINT');
  let code: number | null | undefined;
  void broker.exited.then((ended) => {
    code = ended;
  });
  const again = (): number | null | undefined => {
    broker.process.kill('SIGINT');
    return code;
  };
  expect(await eventually('it has ended', again, (ended) => ended !== undefined)).toBe(130);
});

/** Produces one record after the other over one connection, until it is refused a new one. */
const produceUntilRefused = async (broker: { readonly url: string; readonly key: string }, name: string) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const written: string[] = [];
  const last: (string | undefined)[] = [];
  for (let number = 0; ; number += 1) {
    const value = `${name}-${number}`;
    const body = JSON.stringify({ records: [{ value, partition: 0 }] });
    try {
      const answer = await call(broker, 'POST', '/v1/topics/orders/records', { agent, body });
      expect(answer.status, answer.body).toBe(200);
      written.push(value);
      if (answer.headers.connection === 'close') last.push(value);
    } catch (error) {
      return { written, last, code: (error as NodeJS.ErrnoException).code };
    }
  }
};

test('under load it drains: each connection is told that it ends, none is cut, and nothing acknowledged is lost', async () => {
  const folder = temporaryFolder();
  const first = await startBroker({ MILLRACE_DATA_DIR: folder });
  await new Client(first.url, first.key).ok('PUT', '/v1/topics/orders', { partitions: 1 });
  const names = Array.from({ length: 16 }, (_, number) => `producer${number}`);
  const producing = Promise.all(names.map((name) => produceUntilRefused(first, name)));
  const { endOffset } = await eventually(
    'all produce',
    () => new Client(first.url, first.key).fetch('orders', 0, 'offset=latest'),
    (page) => page.endOffset >= 64,
  );
  expect(endOffset).toBeGreaterThanOrEqual(64);
  expect(await first.end('SIGTERM')).toBe(0);
  const produced = await producing;
  expect(produced.map(({ code }) => code)).toEqual(names.map(() => 'ECONNREFUSED'));
  expect(produced.map(({ last }) => last.length)).toEqual(names.map(() => 1));

  const second = await startBroker({ MILLRACE_DATA_DIR: folder });
  const client = new Client(second.url, second.key);
  const kept: unknown[] = [];
  for (let offset = 0; ; ) {
    const page = await client.fetch('orders', 0, `offset=${offset}&limit=1000`);
    kept.push(...page.records.map(({ value }) => value));
    if (page.nextOffset === offset) break;
    offset = page.nextOffset;
  }
  expect(kept.toSorted()).toEqual(produced.flatMap(({ written }) => written).toSorted());
});

test('it goes on when nobody reads what it prints any more, and ends as it would', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  broker.process.stdout?.destroy();
  broker.process.stderr?.destroy();
  const client = new Client(broker.url, broker.key);
  await client.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  // Its first failure is printed.
  const group = '/v1/topics/orders/groups/billing';
  await client.ok('PUT', group, { mode: 'push', start: 'earliest' });
  await client.ok('POST', `${group}/endpoints`, {
    url: `http://127.0.0.1:${await freePort()}/`,
  });
  await client.produce('orders', [{ value: 1 }]);
  await eventually(
    'a delivery has failed',
    () => client.ok<{ partitions: { lastFailure?: string }[] }>('GET', group),
    ({ partitions }) => partitions[0]?.lastFailure !== undefined,
  );
  expect(await broker.end('SIGTERM')).toBe(0);
});
