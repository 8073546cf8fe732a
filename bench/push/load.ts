import { randomBytes } from 'node:crypto';
import { receiversKnownAfterMs } from '../../lib/groups/receivers.ts';
import type { Client } from '../../test/end-to-end/client.ts';
import { Endpoint } from '../delivery/endpoint.ts';
import { Connection } from '../http/connection.ts';
import type { BrokerProcess } from './broker.ts';

const partitions = 16;

/** Text that zstd makes a quarter shorter at most. */
const text = (length: number): string => randomBytes(Math.ceil((length * 3) / 4)).toString('base64');

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const makeTopic = (client: Client, topic: string): Promise<unknown> =>
  client.ok('PUT', `/v1/topics/${topic}`, { partitions, retentionHours: null });

/** Appends `count` records of so many bytes, as many at once as a request takes. */
export const fill = async (client: Client, topic: string, count: number, bytes: number): Promise<void> => {
  const atOnce = Math.min(1000, Math.floor(4_000_000 / bytes));
  for (let done = 0; done < count; done += atOnce) {
    const records = Array.from({ length: Math.min(atOnce, count - done) }, (_, index) => ({
      partition: index % partitions,
      value: text(bytes),
    }));
    await client.ok('POST', `/v1/topics/${topic}/records`, { records });
  }
};

/**
 * Kept connections, as many as there are requests at one time. They take turns: one that is idle for long the broker closes.
 */
class Connections {
  readonly #broker: BrokerProcess;
  readonly #free: Connection[] = [];

  constructor(broker: BrokerProcess) {
    this.#broker = broker;
  }

  async post(path: string, body: string): Promise<void> {
    const { url, key } = this.#broker;
    const connection = this.#free.shift() ?? (await Connection.open(Number(new URL(url).port), key));
    await connection.call('POST', path, body);
    this.#free.push(connection);
  }

  close(): void {
    for (const connection of this.#free) connection.close();
  }
}

export interface Pushed {
  /** From the beginning of each produce request to its record's arrival at the endpoint, ms, ascending. */
  readonly latencies: readonly number[];
  /** CPU time of the broker for each record. */
  readonly cpuMicros: number;
}

/**
 * Produces one record of 300 bytes a request, so many a second whatever the answers take, to a topic with one group, whose
 * endpoint acknowledges at once, and has been there for some seconds.
 */
export const push = async (
  broker: BrokerProcess,
  topic: string,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Pushed> => {
  const sent = new Map<number, number>();
  const latencies: number[] = [];
  const endpoint = await Endpoint.start((value) => {
    const { number } = value as { number: number };
    const began = sent.get(number);
    // One that comes again counts once.
    if (began !== undefined && sent.delete(number)) latencies.push(performance.now() - began);
  });
  const group = `/v1/topics/${topic}/groups/g${perSecond}-${Date.now()}`;
  await broker.client.ok('PUT', group, { mode: 'push', start: 'latest' });
  await broker.client.ok('POST', `${group}/endpoints`, { url: endpoint.url });
  // What a registration sets going comes in two bursts, and the first record of a partition makes its cursor.
  await pause(receiversKnownAfterMs + 1000);
  await broker.client.ok('POST', `/v1/topics/${topic}/records`, {
    records: Array.from({ length: partitions }, (_, partition) => ({ partition, value: { number: -1 } })),
  });
  await pause(500);
  const count = perSecond * seconds;
  const note = 'x'.repeat(260);
  const connections = new Connections(broker);
  const requests: Promise<void>[] = [];
  const cpuBefore = await broker.cpuMicros();
  const began = performance.now();
  for (let number = 0; number < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - began) / 1000) * perSecond) + 1);
    for (; number < due; number += 1) {
      sent.set(number, performance.now());
      const record = { partition: number % partitions, value: { number, note } };
      requests.push(connections.post(`/v1/topics/${topic}/records`, JSON.stringify({ records: [record] })));
    }
    await pause(1);
  }
  await Promise.all(requests);
  for (let looks = 0; looks < 1000 && latencies.length < count; looks += 1) await pause(10);
  const cpuMicros = ((await broker.cpuMicros()) - cpuBefore) / count;
  connections.close();
  await broker.client.ok('DELETE', group);
  await endpoint.stop();
  if (latencies.length < count) throw new Error(`${count - latencies.length} records have not come.`);
  return { latencies: latencies.toSorted((a, b) => a - b), cpuMicros };
};
