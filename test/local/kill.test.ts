import { expect, onTestFinished, test } from 'vitest';
import { Client, eventually } from '../end-to-end/client.ts';
import { Receiver } from '../end-to-end/receiver.ts';
import { type BrokerProcess, startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const partitions = 4;

interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** Eight producers at once, until the broker is gone or `whenAcknowledged` has had enough of them. */
const load = async (
  client: Client,
  whenAcknowledged: (count: number) => void,
): Promise<readonly Acknowledged[]> => {
  const acknowledged: Acknowledged[] = [];
  const producer = async (name: number): Promise<void> => {
    for (let number = 0; ; number += 1) {
      const value = `${name}/${number}`;
      try {
        const [result] = await client.produce('orders', [{ key: `key-${name}`, value }]);
        if (result !== undefined) acknowledged.push({ ...result, value });
      } catch {
        return;
      }
      whenAcknowledged(acknowledged.length);
    }
  };
  await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(producer));
  return acknowledged;
};

const everything = async (client: Client): Promise<ReadonlyMap<string, unknown>> => {
  const values = new Map<string, unknown>();
  for (let partition = 0; partition < partitions; partition += 1) {
    for (let from = 0; ; ) {
      const page = await client.fetch('orders', partition, `offset=${from}`);
      for (const { offset, value } of page.records) values.set(`${partition}/${offset}`, value);
      if (page.records.length === 0) break;
      from = page.nextOffset;
    }
  }
  return values;
};

test('kill -9 under load loses no acknowledged record, and the next start goes on delivering', async () => {
  const folder = temporaryFolder();
  const environment = { MILLRACE_DATA_DIR: folder };
  const receiver = await Receiver.start();
  onTestFinished(() => receiver.stop());
  const first = await startBroker(environment);
  const before = new Client(first.url, first.key);
  await before.ok('PUT', '/v1/topics/orders', { partitions });
  const group = '/v1/topics/orders/groups/audit';
  await before.ok('PUT', group, { mode: 'push', start: 'earliest', delivery: { timeoutSeconds: 30 } });
  const url = receiver.url('/hook');
  const { secret } = await before.ok<{ secret: string }>('POST', `${group}/endpoints`, { url });

  // Some requests are answered, then none is: when the broker is killed it waits for an answer in each partition.
  let answered = 0;
  let killed = false;
  const received = new Map<string, unknown>();
  const inOrder: boolean[] = [];
  const ends = new Map<number, number>();
  receiver.open('/hook', secret, ({ partition, records }) => {
    answered += 1;
    if (!killed && answered > 4) return 'silence';
    for (const { offset, value } of records) {
      const end = ends.get(partition) ?? 0;
      inOrder.push(offset <= end);
      ends.set(partition, Math.max(end, offset + 1));
      received.set(`${partition}/${offset}`, value);
    }
    return 204;
  });

  const ownersOf = async (client: Client): Promise<readonly unknown[]> => {
    const { partitions } = await client.ok<{ partitions: { owner: string | null }[] }>('GET', group);
    return partitions.map(({ owner }) => owner).filter((owner) => owner !== null);
  };
  let holders: readonly unknown[] = [];
  let ended: Promise<number | null> | undefined;
  const kill = async (): Promise<number | null> => {
    holders = await eventually(
      'a delivery waits for an answer',
      () => ownersOf(before),
      ({ length }) => length > 0,
    );
    killed = true;
    return first.end('SIGKILL');
  };
  const acknowledged = await load(before, (count) => {
    if (count >= 400) ended ??= kill();
  });
  expect(await ended).toBeNull();
  expect(acknowledged.length).toBeGreaterThanOrEqual(400);
  expect(received.size).toBeLessThan(acknowledged.length);

  const second: BrokerProcess = await startBroker(environment);
  expect(second.key).toBe(first.key);
  const client = new Client(second.url, second.key);
  // A lease outlives its holder by 40 s at this timeout, if nobody ends it.
  expect((await ownersOf(client)).filter((owner) => holders.includes(owner))).toEqual([]);
  const stored = await everything(client);
  const at = ({ partition, offset }: Acknowledged) => `${partition}/${offset}`;
  expect(acknowledged.filter((record) => stored.get(at(record)) !== record.value)).toEqual([]);
  // What was under way when it died may be there or not, but never twice.
  expect(new Set(stored.values()).size).toBe(stored.size);

  const [later] = await client.produce('orders', [{ key: 'key-0', value: 'after the kill' }]);
  const total = stored.size + (later === undefined ? 0 : 1);
  await eventually(
    'every record is delivered',
    () => received.size,
    (count) => count === total,
    150_000,
  );
  expect(acknowledged.filter((record) => received.get(at(record)) !== record.value)).toEqual([]);
  expect(inOrder).not.toContain(false);
  expect(await second.end('SIGINT')).toBe(0);
  expect(second.errors()).toBe('');
});
