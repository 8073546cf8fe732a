import { describe, expect, onTestFinished, test } from 'vitest';
import { startDynamodb } from '../embedded/dynamodb.ts';
import { Client, eventually } from '../end-to-end/client.ts';
import { type Delivery, Receiver } from '../end-to-end/receiver.ts';
import { type BrokerProcess, startBroker } from './broker-process.ts';
import { HoldingProxy, type Place, type StoreRequest } from './holding-proxy.ts';
import { temporaryFolder } from './temporary-folder.ts';

const program = new URL('programs/broker-on-dynamodb.ts', import.meta.url).pathname;

const isPutToLog = ({ operation, table }: StoreRequest): boolean =>
  operation === 'PutItem' && table === 'millrace-log';

const isChangeOfState = ({ operation, table }: StoreRequest): boolean =>
  operation === 'UpdateItem' && table === 'millrace-state';

/** A DynamoDB that outlives the brokers, and a proxy before it. `start` starts a broker behind the proxy. */
const store = async () => {
  const dynamodb = await startDynamodb();
  const proxy = await HoldingProxy.start(dynamodb.endpoint);
  onTestFinished(async () => {
    await proxy.stop();
    await dynamodb.stop();
  });
  const folder = temporaryFolder();
  const start = async (): Promise<{ readonly broker: BrokerProcess; readonly client: Client }> => {
    const broker = await startBroker({}, [program, folder, proxy.url]);
    return { broker, client: new Client(broker.url, broker.key) };
  };
  return { proxy, start };
};

const valuesOf = async (client: Client): Promise<readonly unknown[]> => {
  const { records, endOffset } = await client.fetch('orders', 0, 'offset=0&limit=1000');
  expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index));
  expect(endOffset).toBe(records.length);
  return records.map(({ value }) => value);
};

const places: readonly Place[] = ['before the store has it', 'before the answer is heard'];

describe('a broker that is killed while it appends,', () => {
  test.each(places)('%s, keeps the log dense and what it acknowledged, and goes on', async (place) => {
    const { proxy, start } = await store();
    const { broker: first, client: before } = await start();
    await before.ok('PUT', '/v1/topics/orders', { partitions: 1 });
    for (const value of ['a', 'b', 'c']) await before.produce('orders', [{ value }]);

    const hold = proxy.hold(place, isPutToLog);
    const unheard = before.produce('orders', [{ value: 'under way' }, { value: 'with it' }]);
    const failed = expect(unheard).rejects.toThrow();
    await hold.reached;
    // Appended behind it, these wait in the process for their turn.
    const waiting = before.produce('orders', [{ value: 'waiting' }]);
    const failedToo = expect(waiting).rejects.toThrow();
    expect(await first.end('SIGKILL')).toBeNull();
    await Promise.all([failed, failedToo]);

    const isStored = place === 'before the answer is heard';
    if (isStored) await hold.release();
    const { broker: second, client } = await start();
    const stored = isStored ? ['a', 'b', 'c', 'under way', 'with it'] : ['a', 'b', 'c'];
    expect(await valuesOf(client)).toEqual(stored);
    // What the first one had sent and the store has not seen comes when the next has appended there already.
    hold.end();
    const [next] = await client.produce('orders', [{ value: 'd' }]);
    expect(next?.offset).toBe(stored.length);
    await hold.release();
    expect(await valuesOf(client)).toEqual([...stored, 'd']);
    await client.produce('orders', [{ value: 'e' }]);
    expect(await valuesOf(client)).toEqual([...stored, 'd', 'e']);
    await second.end('SIGKILL');
  });
});

describe('a broker that is killed when an endpoint has acknowledged and it commits that,', () => {
  test.each(places)('%s, loses nothing, and repeats the message as it was or not at all', async (place) => {
    const { proxy, start } = await store();
    const receiver = await Receiver.start();
    onTestFinished(() => receiver.stop());
    const { broker: first, client: before } = await start();
    await before.ok('PUT', '/v1/topics/orders', { partitions: 1 });
    const group = '/v1/topics/orders/groups/audit';
    await before.ok('PUT', group, { mode: 'push', start: 'earliest' });
    const url = receiver.url('/hook');
    const { secret } = await before.ok<{ secret: string }>('POST', `${group}/endpoints`, { url });
    const acknowledged = Promise.withResolvers<ReturnType<typeof proxy.hold>>();
    const { deliveries } = receiver.open('/hook', secret, () => {
      if (first.process.exitCode === null && first.process.signalCode === null)
        acknowledged.resolve(proxy.hold(place, isChangeOfState));
      return 204;
    });

    await before.produce('orders', [{ value: 'a' }, { value: 'b' }]);
    const hold = await acknowledged.promise;
    await hold.reached;
    expect(await first.end('SIGKILL')).toBeNull();
    const isCommitted = place === 'before the answer is heard';
    if (isCommitted) await hold.release();
    hold.end();
    const { broker: second, client } = await start();
    await client.produce('orders', [{ value: 'c' }]);
    const values = ({ records }: Delivery): unknown[] => records.map(({ value }) => value);
    await eventually(
      'every record is delivered',
      () => deliveries.map(values),
      (seen) => seen.flat().includes('c'),
    );
    const [message, ...others] = deliveries;
    const repeated = others.filter(({ id }) => id === message?.id);
    expect(repeated.map(({ body }) => JSON.parse(body).data)).toEqual(
      isCommitted ? [] : [JSON.parse(message?.body ?? '').data],
    );
    expect(others.filter(({ id }) => id !== message?.id).map(values)).toEqual([['c']]);
    await hold.release();
    const lag = async () => (await client.ok<{ lag: number }>('GET', group)).lag;
    await eventually('all is acknowledged', lag, (left) => left === 0);
    await second.end('SIGKILL');
  });
});
