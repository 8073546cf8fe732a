import { archivePartition } from '../../../lib/archive/archiver.ts';
import type { ArchiverDeps } from '../../../lib/archive/deps.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { batchEnd, bytesThrough } from '../../../lib/domain/records/batches.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import type { TopicSettings } from '../../../lib/domain/topics.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { type GivenRecord, recordOf } from '../../harness/records.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

export const hour = 3_600_000;
export const at = { topicId: 't1', partition: 0 };
export const task = { topic: 'orders', ...at };

/** A topic of one partition and an archiver, in memory, by a clock that the test moves. */
export const makeRig = async (settings: Partial<TopicSettings> = {}) => {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const stores = memoryStores({ clock });
  const events: TelemetryEvent[] = [];
  const topic = { name: 'orders', topicId: 't1', createdAt: now, partitions: 1, retentionHours: null };
  await stores.topics.create({ ...topic, archive: true, ...settings });
  const table = stores.batches.table;
  const deps: ArchiverDeps = {
    ...stores,
    format: jsonSegments,
    clock,
    random: seededRandom(1),
    telemetry: { record: (event) => void events.push(event) },
    options: archiveDefaults,
  };
  const put = (data: Uint8Array, count: number): void => {
    const last = table.last(at);
    const batch = {
      base: last === undefined ? 0 : batchEnd(last),
      count,
      data,
      writeId: new Uint8Array(8),
      appendedAt: now,
      bytesBefore: last === undefined ? 0 : bytesThrough(last),
      maxTimestamp: now,
    };
    table.put(at, batch, now, now);
  };
  return {
    ...stores,
    clock,
    deps,
    events,
    put,
    pass: (ms: number) => {
      now += ms;
    },
    /** Appends one batch. */
    append: (...records: readonly GivenRecord[]) => put(encodeRecords(records.map(recordOf)), records.length),
    archive: (other: Partial<ArchiverDeps> = {}, remainingMs = () => 600_000) =>
      archivePartition({ ...deps, ...other }, task, { remainingMs }),
    state: () => stores.partitions.get(at),
    /** The bases of the batches that are there. */
    bases: () => table.batches(at).map(({ base }) => base),
    manifest: () => stores.segments.list(at, { from: 0, limit: 1000 }),
    names: async () => (await stores.objects.list({ limit: 1000 })).map(({ name }) => name),
    /** The records of the segment that begins there. */
    recordsAt: async (start: number): Promise<readonly LogRecord[]> => {
      const segment = await stores.segments.floor(at, start);
      if (segment?.start !== start) return [];
      const { object, objectBytes, footerBytes } = segment;
      const body = await stores.objects.read(object, { from: 0, to: objectBytes });
      const index = jsonSegments.readIndex(body.subarray(objectBytes - footerBytes), objectBytes);
      const groups = index.groups.map(({ bytes }, group) =>
        jsonSegments.readRowGroup(index, group, body.subarray(bytes.from, bytes.to)),
      );
      return (await Promise.all(groups)).flat();
    },
  };
};
