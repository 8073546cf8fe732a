/**
 * `npm run bench:push`: how long a record takes from its produce request to a webhook, on the local broker, when the log
 * is empty and when it has 200,000 records; and how long a start takes on a log of a gigabyte. `--seconds` is for how long
 * each rate is kept up (5).
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { percentile } from '../http/report.ts';
import { type BrokerProcess, startBroker } from './broker.ts';
import { fill, makeTopic, push } from './load.ts';

const rates = [100, 500];
const gigabyte = 2 ** 30;
const largeBytes = 125_000;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0 && seconds <= 600)) throw new Error('--seconds takes a number above 0, 600 at most.');

const row = (label: string, cells: readonly string[]): void =>
  void process.stdout.write(`${label.padEnd(36)}${cells.map((cell) => cell.padStart(10)).join('')}\n`);

const measure = async (broker: BrokerProcess, topic: string, what: string): Promise<void> => {
  for (const perSecond of rates) {
    const { latencies, cpuMicros } = await push(broker, topic, { perSecond, seconds });
    const shares = [0.5, 0.99, 1].map((share) => percentile(latencies, share).toFixed(1));
    row(`${perSecond}/s, ${what}`, [...shares, cpuMicros.toFixed(0)]);
  }
};

const folder = mkdtempSync(join(tmpdir(), 'millrace-push-'));
let broker = await startBroker(folder);
try {
  await makeTopic(broker.client, 'warm');
  await push(broker, 'warm', { perSecond: 200, seconds: 2 });
  await makeTopic(broker.client, 'orders');
  row('produce to webhook, ms', ['p50', 'p99', 'most', 'CPU µs']);
  await measure(broker, 'orders', 'empty log');
  await fill(broker.client, 'orders', 200_000, 300);
  await measure(broker, 'orders', '200,000 records');
  const began = performance.now();
  await fill(broker.client, 'orders', Math.ceil(gigabyte / largeBytes), largeBytes);
  const perSecond = gigabyte / 2 ** 20 / ((performance.now() - began) / 1000);
  row('MiB/s of large records', [perSecond.toFixed(0)]);
  await broker.stop();
  row('database, MiB', [(statSync(join(folder, 'millrace.db')).size / 2 ** 20).toFixed(0)]);
  const started = performance.now();
  broker = await startBroker(folder);
  row('start, s', [((performance.now() - started) / 1000).toFixed(2)]);
  await measure(broker, 'orders', 'a gigabyte');
} finally {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
}
