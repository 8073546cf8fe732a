import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, percentile } from '../http/report.ts';
import { startBroker } from '../push/broker.ts';
import { makeTopic, type Pushed, push } from '../push/load.ts';
import { diskMs } from './machine.ts';
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
 * take turns; of each the medians of its rounds are told, beside what the disk takes for one write.
 */
export const measureLatency = async (seconds: number): Promise<readonly string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-delivery-'));
  const broker = await startBroker(folder);
  const disk: (readonly number[])[] = [];
  const pushed = new Map<number, Pushed[]>(rates.map(({ perSecond }) => [perSecond, []]));
  try {
    await makeTopic(broker.client, 'orders');
    await push(broker, 'orders', { perSecond: 200, seconds: 2 });
    for (let round = 0; round < rounds; round += 1) {
      for (const { perSecond, longer } of rates) {
        const load = { perSecond, seconds: seconds * longer };
        pushed.get(perSecond)?.push(await push(broker, 'orders', load));
      }
      disk.push(await diskMs(folder));
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
  const ofDisk = [0.5, 0.99, 1].map((share) => median(disk.map((taken) => percentile(taken, share))));
  line('of it, 4 KiB to this disk', [...ofDisk.map((ms) => ms.toFixed(1)), '']);
  return misses;
};
