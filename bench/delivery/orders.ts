import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../test/end-to-end/client.ts';
import { median } from '../http/report.ts';
import { type BrokerProcess, startBroker } from '../push/broker.ts';
import { line } from './report.ts';

const answerMs = 20;
const rounds = 3;
const keys = 1000;
const kinds = [
  { label: 'partition', delivery: { ordering: 'partition' } },
  { label: 'key, 16 under way', delivery: { ordering: 'key', concurrency: 16 } },
  { label: 'none, 16 under way', delivery: { ordering: 'none', concurrency: 16 } },
] as const;
/** Of a round. One partition in its own order is slow, and given fewer. */
const manyRecords = 60_000;
const fewRecords = 10_000;
/** Of one partition, where requests under way are what tells orders apart. Of many the broker's one thread does. */
const leastRatio = 8;

type Kind = (typeof kinds)[number];

interface Rates {
  /** A second. */
  readonly records: number;
  readonly requests: number;
  /** Of the broker, for each record. */
  readonly cpuMicros: number;
}

/** Takes every message, after a while. */
const startReceiver = async () => {
  let received = 0;
  let requests = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { data } = JSON.parse(text) as { data: { records: unknown[] } };
      received += data.records.length;
      requests += 1;
      setTimeout(() => response.end(), answerMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received: () => received,
    requests: () => requests,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A partition after the other, a thousand records each time: they are read as they would come under load. */
const fill = async (client: Client, partitions: number): Promise<void> => {
  for (let done = 0; done < manyRecords; done += 1000) {
    const records = Array.from({ length: 1000 }, (_, index) => ({
      partition: (done / 1000) % partitions,
      key: `k${((done + index) * 7919) % keys}`,
      value: { number: done + index },
    }));
    await client.ok('POST', '/v1/topics/orders/records', { records });
  }
};

/** From the registration of the endpoint to the last of so many records. */
const measure = async (
  broker: BrokerProcess,
  name: string,
  { delivery }: Kind,
  records: number,
): Promise<Rates> => {
  const { client } = broker;
  const receiver = await startReceiver();
  const group = `/v1/topics/orders/groups/${name}`;
  await client.ok('PUT', group, { mode: 'push', start: 'earliest', delivery });
  const cpuBefore = await broker.cpuMicros();
  const began = performance.now();
  await client.ok('POST', `${group}/endpoints`, { url: receiver.url });
  while (receiver.received() < records) await pause(1);
  const seconds = (performance.now() - began) / 1000;
  const received = receiver.received();
  const rates = { records: received / seconds, requests: receiver.requests() / seconds };
  const cpuMicros = ((await broker.cpuMicros()) - cpuBefore) / received;
  await client.ok('DELETE', group);
  await receiver.stop();
  return { ...rates, cpuMicros };
};

/**
 * What a group takes a second with each order, from an endpoint that answers in 20 ms: rounds of each alternate in one broker, and medians
 * are told. Of one partition the order by key, with 16 messages under way, is to carry eight times what the order of the partition does.
 */
export const measureOrders = async (partitions: number): Promise<readonly string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-orders-'));
  const broker = await startBroker(folder);
  const rates = new Map<Kind, Rates[]>(kinds.map((kind) => [kind, []]));
  try {
    await broker.client.ok('PUT', '/v1/topics/orders', { partitions, retentionHours: null });
    await fill(broker.client, partitions);
    for (let round = 0; round < rounds; round += 1)
      for (const [index, kind] of kinds.entries()) {
        const isSlow = partitions === 1 && kind.delivery.ordering === 'partition';
        const count = isSlow ? fewRecords : manyRecords;
        rates.get(kind)?.push(await measure(broker, `g${round}-${index}`, kind, count));
      }
  } finally {
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const what = partitions === 1 ? 'one partition' : `${partitions} partitions`;
  line(`${what}, an endpoint of ${answerMs} ms`, ['records/s', 'ratio', 'requests/s', 'CPU µs']);
  const base = median((rates.get(kinds[0]) ?? []).map(({ records }) => records));
  const misses: string[] = [];
  for (const [{ label, delivery }, measured] of rates) {
    const of = (figure: keyof Rates): number => median(measured.map((each) => each[figure]));
    const records = of('records');
    const ratio = (records / base).toFixed(1);
    line(label, [records.toFixed(0), ratio, of('requests').toFixed(0), of('cpuMicros').toFixed(0)]);
    if (partitions === 1 && delivery.ordering === 'key' && !(records >= leastRatio * base))
      misses.push(`by key one partition is to carry ${leastRatio} times what it does in its own order.`);
  }
  return misses;
};
