/** A broker of one machine, in a process of its own, on a data folder and with archive options as JSON. Asked by a message, it says what memory it takes. */
import { startRuntime } from '../../../lib/local/runtime.ts';
import { noTelemetry } from '../../../lib/stores/telemetry.ts';
import type { Memory, Settings } from './messages.ts';

const [folder = '', settings = '{}'] = process.argv.slice(2);
const { archive, sweepMs } = JSON.parse(settings) as Settings;
const runtime = await startRuntime({ folder, port: 0, telemetry: noTelemetry, archive, sweepMs });

process.on('message', () => {
  const most = process.resourceUsage().maxRSS * 1024;
  const memory: Memory = { now: process.memoryUsage().rss, most };
  process.send?.(memory);
});
// The benchmark may fail: then nobody asks any more.
process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => void runtime.stop().then(() => process.exit(0)));
process.send?.({ url: runtime.url, key: runtime.adminKey });
