import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, percentile } from '../http/report.ts';
import { startBroker } from '../push/broker.ts';
import { makeTopic, type Pushed, push } from '../push/load.ts';
import { line, missedLatency } from './report.ts';

/** Records a second; at one a second it takes longer to have enough of them. */
const rates = [
  { perSecond: 1, longer: 3 },
  { perSecond: 100, longer: 1 },
  { perSecond: 1000, longer: 1 },
];

const rounds = 3;

/**
 * From the beginning of a produce request of one record to its arrival at the webhook, on a broker with 16 partitions and one group. The rates
 * take turns; of each the medians of its rounds are told.
 */
export const measureLatency = async (seconds: number): Promise<readonly string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-delivery-'));
  const broker = await startBroker(folder);
  const pushed = new Map<number, Pushed[]>(rates.map(({ perSecond }) => [perSecond, []]));
  try {
    await makeTopic(broker.client, 'orders');
    await push(broker, 'orders', { perSecond: 200, seconds: 2 });
    for (let round = 0; round < rounds; round += 1)
      for (const { perSecond, longer } of rates) {
        const load = { perSecond, seconds: seconds * longer };
        pushed.get(perSecond)?.push(await push(broker, 'orders', load));
      }
  } finally {
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  line('produce to webhook', ['p50 ms', 'p99 ms', 'most ms', 'CPU µs']);
  const misses: string[] = [];
  for (const [perSecond, measured] of pushed) {
    const ms = (share: number) => median(measured.map(({ latencies }) => percentile(latencies, share)));
    const cpu = median(measured.map(({ cpuMicros }) => cpuMicros));
    line(`${perSecond} a second`, [...[0.5, 0.99, 1].map((share) => ms(share).toFixed(1)), cpu.toFixed(0)]);
    misses.push(...missedLatency(perSecond, ms(0.5), ms(0.99)));
  }
  return misses;
};
