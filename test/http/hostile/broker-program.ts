/** A broker in a process of its own, with the root key that it is given: it tells its parent where it is, and what memory it holds when it is asked. */

import { startRuntime } from '../../../lib/local/runtime.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import type { Memory, Started } from './broker-process.ts';

const [folder = '', adminKey = ''] = process.argv.slice(2);
const runtime = await startRuntime({ folder, port: 0, adminKey, telemetry: noTelemetry });

const tell = (message: Started | Memory): void => void process.send?.(message);

const collect = (): void => {
  if (globalThis.gc === undefined) throw new Error('Start this with --expose-gc.');
  globalThis.gc();
};

process.on('message', () => {
  collect();
  // What only finalizers let go of is gone the second time.
  setImmediate(() => {
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    tell({ heldBytes: heapUsed + external, rss });
  });
});
process.on('disconnect', () => void runtime.stop().then(() => process.exit(0)));
tell({ url: runtime.url });
