/** A broker of one machine, in a process of its own, on a data folder and with archive options as JSON. Asked by a message, it says what it takes. */
import { startRuntime } from '../../../lib/local/runtime.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import type { Settings, Taken } from './messages.ts';

const [folder = '', settings = '{}'] = process.argv.slice(2);
const { archive, sweepMs } = JSON.parse(settings) as Settings;
const runtime = await startRuntime({ folder, port: 0, telemetry: noTelemetry, archive, sweepMs });

process.on('message', () => {
  const mostRss = process.resourceUsage().maxRSS * 1024;
  const { user, system } = process.cpuUsage();
  const taken: Taken = { rss: process.memoryUsage().rss, mostRss, cpuMs: (user + system) / 1000 };
  process.send?.(taken);
});
// The benchmark may fail: then nobody asks any more.
process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => void runtime.stop().then(() => process.exit(0)));
process.send?.({ url: runtime.url, key: runtime.adminKey });
