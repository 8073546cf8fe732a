/** The broker of a soak, in a process of its own: its memory is its own alone. Asked by a message, it says what it takes. */
import { readFileSync } from 'node:fs';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import type { Asked, Memory, Ready } from './messages.ts';

const [folder = ''] = process.argv.slice(2);
const runtime = await startRuntime({ folder, port: 0, telemetry: noTelemetry });

const tell = (message: Ready | Memory): void => void process.send?.(message);

/** proc(5): Linux alone tells it. */
const pagesOfFiles = (): number => {
  try {
    return Number(/RssFile:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
};

process.on('message', ({ collect }: Asked) => {
  // Twice: what the first leaves to finalizers is free after the second.
  if (collect) for (let times = 0; times < 2; times += 1) globalThis.gc?.();
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const files = pagesOfFiles();
  tell({ rss, files, heapUsed, heapTotal, external, arrayBuffers, cpuMicros: user + system });
});
// The soak may fail: then nobody asks any more.
process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => void runtime.stop().then(() => process.exit(0)));
tell({ url: runtime.url, key: runtime.adminKey });
