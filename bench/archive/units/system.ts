import { archivePartition } from '../../../lib/archive/archiver.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { parquetSegments } from '../../../lib/archive/parquet/parquet-segments.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import { topicDefaults } from '../../../lib/domain/topics.ts';
import type { RequestUsage } from '../../../lib/stores/dynamodb/table/client.ts';
import type { ObjectStore } from '../../../lib/stores/objects.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';
import { noTelemetry as telemetry } from '../../../lib/surroundings/telemetry.ts';
import { openEmbeddedStores } from '../../../test/embedded/stores.ts';

/** What a step asked of AWS. */
export interface Asked {
  readonly requests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly puts: number;
  readonly gets: number;
  /** Bytes of objects that were put. */
  readonly objectBytes: number;
}

type Counted = { -readonly [Name in keyof Asked]: number };

const nothing = (): Counted => ({
  requests: 0,
  writeUnits: 0,
  readUnits: 0,
  puts: 0,
  gets: 0,
  objectBytes: 0,
});

const counting = (objects: ObjectStore, asked: () => Counted): ObjectStore => ({
  put: (object, body) => {
    asked().puts += 1;
    asked().objectBytes += body.length;
    return objects.put(object, body);
  },
  read: (...given) => {
    asked().gets += 1;
    return objects.read(...given);
  },
  list: (...given) => objects.list(...given),
  delete: (...given) => objects.delete(...given),
});

/** Older than what is sealed by its age, and younger than what may be deleted. */
const sealableMs = 61 * 60_000;

/** A partition on embedded stores, each request of which is counted, and its archiver. */
export const openPartition = async (name: string) => {
  let asked = nothing();
  let passed = 0;
  const clock = { ...systemClock, now: () => Date.now() + passed };
  const onRequest = ({ access, units = 0 }: RequestUsage): void => {
    asked.requests += 1;
    if (access === 'write') asked.writeUnits += units;
    else asked.readUnits += units;
  };
  const stores = await openEmbeddedStores({ clock, onRequest });
  const objects = counting(stores.objects, () => asked);
  const at = { topicId: `${name}1`, partition: 0 };
  await stores.topics.create({
    ...topicDefaults,
    name,
    topicId: at.topicId,
    partitions: 1,
    createdAt: clock.now(),
  });
  let [base, bytesBefore] = [0, 0];
  /** What `run` asked. */
  const counted = async (run: () => Promise<void>): Promise<Asked> => {
    asked = nothing();
    await run();
    return asked;
  };
  const archive = (): Promise<void> => {
    const options = archiveDefaults;
    const deps = { ...stores, objects, format: parquetSegments, clock, random, telemetry, options };
    return archivePartition(deps, { topic: name, ...at }, { remainingMs: () => 900_000 });
  };
  return {
    /** Appends one batch. */
    append: (records: readonly LogRecord[]): Promise<Asked> =>
      counted(async () => {
        const given = records.map(({ partition: _p, offset: _o, appendedAt: _a, ...record }) => record);
        const data = encodeRecords(given);
        const batch = { base, count: records.length, data, bytesBefore, writeId: random.bytes(8) };
        const [now, monotonic] = [clock.now(), clock.monotonic()];
        const window = {
          notBefore: now - 1000,
          notAfter: now + 60_000,
          notAfterMonotonic: monotonic + 60_000,
        };
        await stores.batches.putIfAbsent(at, { ...batch, appendedAt: now, maxTimestamp: now }, window);
        base += records.length;
        bytesBefore += data.length;
      }),
    /** Archives all that is there, and deletes nothing. */
    archive: (): Promise<Asked> => {
      passed += sealableMs;
      return counted(archive);
    },
    /** Deletes the batches that are archived, but for the last. */
    delete: (): Promise<Asked> => {
      passed += sealableMs;
      return counted(archive);
    },
    stop: stores.stop,
  };
};
