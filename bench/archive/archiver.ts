/**
 * What the archiver takes of one core, by CPU time: batches read and decoded, segments written, read back and decoded again,
 * on stores in memory; and the memory of a process that does it.
 */
import { archivePartition } from '../../lib/archive/archiver.ts';
import { archiveDefaults } from '../../lib/archive/options.ts';
import { parquetSegments } from '../../lib/archive/parquet/parquet-segments.ts';
import { bytesThrough } from '../../lib/domain/records/batches.ts';
import { encodeRecords } from '../../lib/domain/records/encoding.ts';
import type { LogRecord } from '../../lib/domain/records/records.ts';
import { memoryStores } from '../../lib/stores/memory/stores.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { orders } from './payloads.ts';

const batchRecords = 100;
const rawBytes = 120e6;
const at = { topicId: 'orders-1', partition: 0 };

const payloadOf = ({ key, valueJson, headersJson }: LogRecord): number =>
  [key, valueJson, headersJson].reduce((sum, text) => sum + (text?.length ?? 0), 0);

/** Archives some segments of orders with headers, and prints the megabytes of payload for each second of CPU. */
export const measureArchiver = async (): Promise<void> => {
  const stores = memoryStores({ clock });
  const topic = { name: 'orders', topicId: at.topicId, createdAt: 0, partitions: 1 };
  await stores.topics.create({ ...topic, retentionHours: null, archive: true });
  const { table } = stores.batches;
  const take = orders(true);
  const payload: number[] = [];
  for (let [base, raw] = [0, 0]; raw < rawBytes; base += batchRecords) {
    const records = take(batchRecords);
    const bytes = records.reduce((sum, record) => sum + payloadOf(record), 0);
    const last = table.last(at);
    const given = records.map(({ key = '', valueJson, headersJson, timestamp }) => ({
      key,
      timestamp,
      ...(valueJson !== undefined && { valueJson }),
      ...(headersJson !== undefined && { headersJson }),
    }));
    const batch = {
      base,
      count: batchRecords,
      data: encodeRecords(given),
      writeId: random.bytes(8),
      appendedAt: clock.now(),
      bytesBefore: last === undefined ? 0 : bytesThrough(last),
    };
    table.put(at, batch, batch.appendedAt, batch.appendedAt);
    payload.push(bytes);
    raw += bytes;
  }
  const deps = { ...stores, format: parquetSegments, clock, random, telemetry, options: archiveDefaults };
  const before = process.cpuUsage();
  await archivePartition(deps, { topic: 'orders', ...at }, { remainingMs: () => 600_000 });
  const { user, system } = process.cpuUsage(before);
  const { archivedThrough } = await stores.partitions.get(at);
  const archived = payload.slice(0, archivedThrough / batchRecords).reduce((sum, bytes) => sum + bytes, 0);
  const most = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(
    `archived, MB of payload for each second of a core: ${(archived / (user + system)).toFixed(1)} (${(archived / 1e6).toFixed(0)} MB; ${(most / 1e6).toFixed(0)} MB of memory at most, with the log in it)\n`,
  );
};
