/**
 * What the archiver takes of one core, by CPU time: batches read and decoded, segments written, read back and decoded again,
 * on stores in memory; and the memory of a process that does it. A process that begins takes longer, until its code is compiled.
 */
import { archivePartition } from '../../lib/archive/archiver.ts';
import { archiveDefaults } from '../../lib/archive/options.ts';
import { parquetSegments } from '../../lib/archive/parquet/parquet-segments.ts';
import { bytesThrough } from '../../lib/domain/records/batches.ts';
import { encodeRecords } from '../../lib/domain/records/encoding.ts';
import type { LogRecord, PartitionRef } from '../../lib/domain/records/records.ts';
import { type MemoryStores, memoryStores } from '../../lib/stores/memory/stores.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { orders, repeatedWebhooks, type Source } from './payloads.ts';

const batchRecords = 100;
/** Bytes of payload in each partition, which become one segment. */
const partitionBytes = 30e6;
const partitions = 6;
const topic = { name: 'orders', topicId: 'orders-1', createdAt: 0, partitions };
/** Whatever is there is due. */
const options = { ...archiveDefaults, segmentMaxAgeMs: 0 };

const payloadOf = ({ key, valueJson, headersJson }: LogRecord): number =>
  [key, valueJson, headersJson].reduce((sum, text) => sum + (text?.length ?? 0), 0);

/** @returns bytes of payload. */
const fill = ({ batches: { table } }: MemoryStores, at: PartitionRef, take: Source): number => {
  let payload = 0;
  for (let base = 0; payload < partitionBytes; base += batchRecords) {
    const records = take(batchRecords);
    const last = table.last(at);
    const batch = {
      base,
      count: batchRecords,
      data: encodeRecords(records.map(({ partition, offset, appendedAt, ...given }) => given)),
      writeId: random.bytes(8),
      appendedAt: clock.now(),
      bytesBefore: last === undefined ? 0 : bytesThrough(last),
    };
    table.put(at, batch, batch.appendedAt, batch.appendedAt);
    payload += records.reduce((sum, record) => sum + payloadOf(record), 0);
  }
  return payload;
};

/** Megabytes of payload for each second of CPU, for each of some segments. */
const archiveSegments = async (take: Source): Promise<number[]> => {
  const stores = memoryStores({ clock });
  await stores.topics.create({ ...topic, retentionHours: null, archive: true });
  const deps = { ...stores, format: parquetSegments, clock, random, telemetry, options };
  const rates: number[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const at = { topicId: topic.topicId, partition };
    const payload = fill(stores, at, take);
    const before = process.cpuUsage();
    await archivePartition(deps, { topic: topic.name, ...at }, { remainingMs: () => 600_000 });
    const { user, system } = process.cpuUsage(before);
    const { archivedThrough } = await stores.partitions.get(at);
    if (archivedThrough === 0) throw new Error('Nothing was archived.');
    rates.push(payload / (user + system));
  }
  return rates;
};

const print = (label: string, rates: readonly number[]): void => {
  const sorted = rates.toSorted((a, b) => a - b).map((rate) => rate.toFixed(1));
  const median = sorted[sorted.length >> 1];
  process.stdout.write(`${label.padEnd(30)}${median} (${sorted[0]} to ${sorted.at(-1)})\n`);
};

/** Archives segments of several kinds of records, and prints what each took. */
export const measureArchiver = async (): Promise<void> => {
  process.stdout.write(
    'archived, MB of payload for each second of a core, median of six segments of 30 MB\n',
  );
  const [first = 0, ...later] = await archiveSegments(orders(true));
  print('orders with headers', later);
  print('the first of a process', [first]);
  print('orders of 300 bytes', await archiveSegments(orders(false)));
  print("GitHub's webhooks, repeated", await archiveSegments(repeatedWebhooks()));
  const most = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${(most / 1e6).toFixed(0)} MB of memory at most, with the log in it\n`);
};
