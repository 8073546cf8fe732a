import { join } from 'node:path';
import { archivePartition } from '../../../lib/archive/archiver.ts';
import type { ArchiverDeps } from '../../../lib/archive/deps.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { parquetSegments } from '../../../lib/archive/parquet/parquet-segments.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import type { Topic, TopicSettings } from '../../../lib/domain/topics.ts';
import { fileObjectStore } from '../../../lib/stores/files/objects.ts';
import { Database } from '../../../lib/stores/sqlite/database.ts';
import { sqliteStores } from '../../../lib/stores/sqlite/stores.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

export const hour = 3_600_000;

/** The data folder of a broker, as it is while that runs, by a clock that the test moves. */
export const openDataFolder = (folder: string) => {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const database = new Database(join(folder, 'millrace.db'));
  const stores = sqliteStores(database, { clock });
  const deps: ArchiverDeps = {
    ...stores,
    objects: fileObjectStore(join(folder, 'segments')),
    format: parquetSegments,
    clock,
    random: seededRandom(1),
    telemetry: noTelemetry,
    options: archiveDefaults,
  };
  const ends = new Map<string, number>();
  return {
    deps,
    stores,
    pass: (ms: number) => {
      now += ms;
    },
    makeTopic: async (name: string, settings: Partial<TopicSettings> = {}): Promise<Topic> => {
      const topic = { name, topicId: `${name}-1`, createdAt: now, partitions: 2, retentionHours: null };
      return (await stores.topics.create({ ...topic, archive: true, ...settings })).topic;
    },
    /** Appends one batch. */
    append: async ({ topicId }: Topic, partition: number, records: readonly NewRecord[]): Promise<void> => {
      const key = `${topicId}/${partition}`;
      const base = ends.get(key) ?? 0;
      const data = encodeRecords(records);
      const batch = { base, count: records.length, data, writeId: new Uint8Array(8), bytesBefore: base };
      const window = { notBefore: 0, notAfter: now, notAfterMonotonic: now };
      await stores.batches.putIfAbsent({ topicId, partition }, { ...batch, appendedAt: now }, window);
      ends.set(key, base + records.length);
    },
    /** Archives all that is older than an hour, as a sweep has it done. */
    archive: async ({ name, topicId, partitions }: Topic): Promise<void> => {
      for (let partition = 0; partition < partitions; partition += 1)
        await archivePartition(deps, { topic: name, topicId, partition }, { remainingMs: () => 600_000 });
    },
    /** Ends it as a broker that stops does. */
    close: () => database.close(),
  };
};
