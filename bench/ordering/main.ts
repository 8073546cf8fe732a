/**
 * `npm run bench:ordering`: records a second that a group takes of one partition with each order, from an endpoint that answers in 20 ms, on the
 * local broker. Rounds of each order alternate in one broker; medians are told. Ends with 1 when the order by key, with 16 messages under way,
 * does not carry eight times what the order of the partition does.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../test/end-to-end/client.ts';
import { startBroker } from '../push/broker.ts';

const answerMs = 20;
const rounds = 3;
const keys = 1000;
/** Records of a round. Slow orders are given fewer. */
const kinds = [
  { label: 'partition', delivery: { ordering: 'partition' }, records: 10_000 },
  { label: 'key, 16 under way', delivery: { ordering: 'key', concurrency: 16 }, records: 60_000 },
  { label: 'none, 16 under way', delivery: { ordering: 'none', concurrency: 16 }, records: 60_000 },
] as const;
const leastRatio = 8;

/** Takes every message, after a while. */
const startReceiver = async () => {
  let received = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { data } = JSON.parse(text) as { data: { records: unknown[] } };
      received += data.records.length;
      setTimeout(() => response.end(), answerMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received: () => received,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const fill = async (client: Client, topic: string, count: number): Promise<void> => {
  for (let done = 0; done < count; done += 1000) {
    const records = Array.from({ length: 1000 }, (_, index) => ({
      partition: 0,
      key: `k${((done + index) * 7919) % keys}`,
      value: { number: done + index },
    }));
    await client.ok('POST', `/v1/topics/${topic}/records`, { records });
  }
};

/** Records a second, from the registration of the endpoint to the last of them. */
const measure = async (
  client: Client,
  name: string,
  { delivery, records }: (typeof kinds)[number],
): Promise<number> => {
  const receiver = await startReceiver();
  const group = `/v1/topics/orders/groups/${name}`;
  await client.ok('PUT', group, { mode: 'push', start: 'earliest', delivery });
  const began = performance.now();
  await client.ok('POST', `${group}/endpoints`, { url: receiver.url });
  while (receiver.received() < records) await pause(1);
  const seconds = (performance.now() - began) / 1000;
  const count = receiver.received();
  await client.ok('DELETE', group);
  await receiver.stop();
  return count / seconds;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const folder = mkdtempSync(join(tmpdir(), 'millrace-ordering-'));
const broker = await startBroker(folder);
try {
  await broker.client.ok('PUT', '/v1/topics/orders', { partitions: 1, retentionHours: null });
  await fill(broker.client, 'orders', Math.max(...kinds.map(({ records }) => records)));
  const rates = new Map<string, number[]>(kinds.map(({ label }) => [label, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [index, kind] of kinds.entries())
      rates.get(kind.label)?.push(await measure(broker.client, `g${round}-${index}`, kind));
  const base = median(rates.get('partition') ?? []);
  let isMissed = false;
  for (const { label } of kinds) {
    const rate = median(rates.get(label) ?? []);
    isMissed ||= label.startsWith('key') && rate < leastRatio * base;
    process.stdout.write(
      `${label.padEnd(24)}${rate.toFixed(0).padStart(10)} records/s${(rate / base).toFixed(1).padStart(8)}\n`,
    );
  }
  if (isMissed)
    process.stdout.write(`MISSED: by key it is to be ${leastRatio} times that of the partition.\n`);
  process.exitCode = isMissed ? 1 : 0;
} finally {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
}
