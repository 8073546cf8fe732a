import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { type Runtime, startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { Client, type Record } from '../end-to-end/client.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface Polled {
  readonly records: readonly Record[];
  readonly assignment: readonly number[];
}

const group = '/v1/topics/orders/groups/workers';

/** A broker with a group that is pulled from, and who asks it. */
const withGroup = async (mode: 'pull' | 'shared', partitions = 4) => {
  const runtime = await startRuntime({ folder: temporaryFolder(), port: 0, telemetry: noTelemetry });
  const client = new Client(runtime.url, runtime.adminKey);
  await client.ok('PUT', '/v1/topics/orders', { partitions });
  await client.ok('PUT', group, { mode, start: 'earliest' });
  const poll = (consumerId: string, more: object = {}): Promise<Polled> =>
    client.ok<Polled>('POST', `${group}/poll`, { consumerId, ...more });
  /** What was sent before has been taken up when this is answered. */
  const roundTrip = async (): Promise<void> => {
    for (let time = 0; time < 3; time += 1) await client.ok('GET', '/v1/topics');
  };
  return { runtime, client, poll, roundTrip };
};

const stopped = (runtime: Runtime): void => onTestFinished(() => runtime.stop());

test.each(['pull', 'shared'] as const)(
  'a poll of mode %s has a record at once that comes while it waits',
  async (mode) => {
    const { runtime, client, poll, roundTrip } = await withGroup(mode);
    stopped(runtime);
    const polling = poll('a', { waitSeconds: 20 });
    await roundTrip();
    const began = performance.now();
    await client.produce('orders', [{ partition: 3, value: 'new' }]);
    expect((await polling).records).toMatchObject([{ partition: 3, offset: 0, value: 'new' }]);
    expect(performance.now() - began).toBeLessThan(5000);
  },
);

test.each(['pull', 'shared'] as const)(
  'a poll of mode %s whose client goes takes nothing along',
  async (mode) => {
    const { runtime, client, poll, roundTrip } = await withGroup(mode);
    stopped(runtime);
    const headers = { 'x-api-key': runtime.adminKey, 'content-type': 'application/json' };
    const gone = request(new URL(`${group}/poll`, runtime.url), { method: 'POST', headers, agent: false });
    gone.on('error', () => undefined).end(JSON.stringify({ consumerId: 'a', waitSeconds: 20 }));
    await roundTrip();
    gone.destroy();
    await roundTrip();
    await client.produce('orders', [{ partition: 0, value: 'kept' }]);
    expect((await poll('a', { waitSeconds: 10 })).records).toMatchObject([{ offset: 0, value: 'kept' }]);
  },
);

test.each(['pull', 'shared'] as const)(
  'a broker that ends answers a poll of mode %s with nothing',
  async (mode) => {
    const { runtime, poll, roundTrip } = await withGroup(mode);
    const polling = poll('a', { waitSeconds: 20 });
    await roundTrip();
    const began = performance.now();
    const [answer] = await Promise.all([polling, runtime.stop()]);
    expect(answer.records).toEqual([]);
    expect(performance.now() - began).toBeLessThan(10_000);
  },
);

test('what was handed out and acknowledged stays so when the broker is started again', async () => {
  const folder = temporaryFolder();
  const start = () => startRuntime({ folder, port: 0, telemetry: noTelemetry });
  const first = await start();
  const client = new Client(first.url, first.adminKey);
  await client.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  await client.ok('PUT', group, { mode: 'pull', start: 'earliest' });
  await client.produce(
    'orders',
    [1, 2, 3].map((value) => ({ partition: 0, value })),
  );
  const body = { consumerId: 'a' };
  expect((await client.ok<Polled>('POST', `${group}/poll`, body)).records).toHaveLength(3);
  await client.ok('POST', `${group}/ack`, { ...body, offsets: { 0: 1 } });
  await first.stop();
  const second = await start();
  stopped(second);
  const again = new Client(second.url, second.adminKey);
  // It is the same member, and has what it had.
  await again.ok('POST', `${group}/ack`, { ...body, offsets: { 0: 2 } });
  await again.ok('POST', `${group}/leave`, body);
  const rest = await again.ok<Polled>('POST', `${group}/poll`, { consumerId: 'b' });
  expect(rest.records).toMatchObject([{ offset: 2, value: 3 }]);
});
