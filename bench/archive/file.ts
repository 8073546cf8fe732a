/**
 * What the file of a segment takes: megabytes of payload (keys, values and headers) written a second, its size beside the same
 * records as NDJSON with zstd, records read a second, ms for a hundred records at a random offset, and memory while a segment
 * of 64 MB is written, with what `npm start` tells Node. Of one core, by CPU time, since the machine may be busy; the last three columns by wall time.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ParquetWriterOptions } from '../../lib/archive/parquet/segment-writer.ts';
import { startOptions } from '../../test/local/start-command.ts';
import { seededRandom } from '../../test/simulation/scheduler.ts';
import { type CodecFigures, measureCodec } from './codec.ts';
import { orders, webhooks } from './payloads.ts';

const memoryBytes = 64_000_000;

const row = (label: string, cells: readonly string[]): void =>
  void process.stdout.write(`${label.padEnd(30)}${cells.map((cell) => cell.padStart(11)).join('')}\n`);

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);
const perSecond = (count: number, ms: number): string => Math.round((1000 * count) / ms).toLocaleString('en');

const cellsOf = (figures: CodecFigures): string[] => {
  const { records, rawBytes, objectBytes, ndjsonBytes, footerBytes, rowGroups } = figures;
  const { writeMs, readMs, footerMs, randomReadMs } = figures;
  const reads = randomReadMs.toSorted((a, b) => a - b);
  return [
    megabytes(rawBytes),
    megabytes(objectBytes),
    (objectBytes / ndjsonBytes).toFixed(3),
    String(rowGroups),
    String(footerBytes),
    (rawBytes / 1000 / writeMs).toFixed(1),
    perSecond(records, readMs),
    (rawBytes / 1000 / readMs).toFixed(0),
    (reads[reads.length >> 1] ?? 0).toFixed(1),
    (reads.at(-1) ?? 0).toFixed(1),
    footerMs.toFixed(2),
  ];
};

/** @param count how many records of 300 bytes there are. */
export const measureFile = (count: number, options: ParquetWriterOptions): void => {
  const random = seededRandom(1);

  const heads = ['MB', 'object MB', '× NDJSON', 'row groups', 'footer B', 'write MB/s'];
  row('', [...heads, 'records/s', 'read MB/s', '100: p50 ms', 'most ms', 'footer ms']);
  const measure = (label: string, records: Parameters<typeof measureCodec>[0]): void =>
    row(label, cellsOf(measureCodec(records, random, options)));
  measure('orders of 300 bytes', orders(false)(count));
  measure('orders with headers', orders(true)(count));
  measure("GitHub's webhooks", webhooks());

  const script = fileURLToPath(new URL('memory.ts', import.meta.url));
  const { atRest, most } = JSON.parse(
    execFileSync(process.execPath, [...startOptions(), script, String(memoryBytes)]).toString(),
  ) as Record<'atRest' | 'most', number>;
  row('written: 64 MB', [`${megabytes(most)} MB of memory at most, ${megabytes(atRest)} before`]);
};
