import { concurrently } from '../../lib/domain/concurrently.ts';
import { ThrottledError } from '../../lib/domain/errors.ts';
import { type Cursor, newCursor, type Run } from '../../lib/domain/groups/cursors.ts';
import {
  deliveryDefaults,
  type Group,
  type GroupMode,
  type GroupStart,
  readingDefaults,
} from '../../lib/domain/groups/groups.ts';
import { encodeRuns } from '../../lib/domain/groups/runs/encode.ts';
import { jsonText } from '../../lib/domain/json/text.ts';
import { limits } from '../../lib/domain/limits.ts';
import { timestampText } from '../../lib/domain/text/timestamps.ts';
import { partitionsOf } from '../../lib/domain/topics.ts';
import { type SeekDeps, seekGroup } from '../../lib/groups/seek.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { openEmbeddedStores } from '../../test/embedded/stores.ts';
import { difference, Meter, type Usage } from '../units/usage.ts';

const topic = {
  name: 'orders',
  topicId: 'orders1',
  partitions: limits.partitionsPerTopic,
  retentionHours: null,
  archive: false,
  createdAt: 0,
  version: 1,
};
const batches = 8;
const batchRecords = 10;

/** What one key of a table takes at most: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
const unitsPerSecond = 1000;

export interface Measured {
  readonly seconds: number;
  readonly usage: Usage;
}

/** The most runs that a shared group may have ahead, all of them held or acknowledged by many. */
const manyRuns = (now: number): readonly Run[] =>
  Array.from({ length: limits.aheadRuns }, (_, start) => ({
    start,
    end: start + 1,
    ...(start % 2 === 1
      ? { state: 'acknowledged' as const, deliveries: 1 }
      : {
          state: 'held' as const,
          by: `worker-${start % 16}/0123456789abcdef0123`,
          until: now + start,
          deliveries: 1,
        }),
  }));

const sizeOf = (cursor: Cursor | undefined): number =>
  cursor === undefined ? 0 : 200 + (cursor.runs === undefined ? 0 : encodeRuns(cursor.runs).length);

/** The same cursors, of which no more is written than one key of a table takes, with nothing saved up. */
const throttled = (cursors: SeekDeps['cursors']): { cursors: SeekDeps['cursors']; refused: () => number } => {
  let [left, at, refused] = [0, clock.monotonic(), 0];
  return {
    refused: () => refused,
    cursors: {
      list: (groupId, lane) => cursors.list(groupId, lane),
      replace: async (ref, read, next) => {
        const now = clock.monotonic();
        left = Math.min(unitsPerSecond / 10, left + ((now - at) / 1000) * unitsPerSecond);
        at = now;
        const units = Math.ceil(Math.max(sizeOf(read), sizeOf(next)) / 1024);
        if (units > left) {
          refused += 1;
          throw new ThrottledError('No capacity is left.');
        }
        left -= units;
        return cursors.replace(ref, read, next);
      },
    },
  };
};

/** A topic of as many partitions as one may have, each with records, and a group of each mode, over the embedded stores. */
export const startWorld = async () => {
  const meter = new Meter();
  const stores = await openEmbeddedStores({ clock, onRequest: meter.count });
  const appender = new Appender({ batches: stores.batches, idempotency: stores, clock, random, telemetry });
  const reader = new Reader({ batches: stores.batches, partitions: stores.partitions, clock });
  const records = Array.from({ length: batchRecords }, (_, value) => ({ valueJson: jsonText(value) }));
  let middle = '';
  for (let batch = 0; batch < batches; batch += 1) {
    if (batch === batches / 2) middle = timestampText(clock.now());
    await concurrently(16, partitionsOf(topic), (at) => appender.append(at, records));
  }
  const deps: SeekDeps = { ...stores, reader, clock, random, telemetry };

  const groupOf = (mode: GroupMode): Group => {
    const { topicId } = topic;
    const of = { name: mode, groupId: mode, topic: topic.name, topicId, createdAt: 0, startOffsets: [] };
    const begun = { ...of, start: 'earliest' as const };
    return mode === 'push'
      ? { ...begun, mode, delivery: deliveryDefaults }
      : { ...begun, mode, reading: readingDefaults };
  };
  for (const mode of ['push', 'pull', 'shared'] as const) await stores.groups.create(groupOf(mode));
  const hook = { url: 'https://example.com/hook', secrets: [], status: 'enabled', createdAt: 0 } as const;
  await stores.groups.putEndpoint({ topicId: topic.topicId, group: 'push' }, { endpointId: 'e1', ...hook });

  return {
    /** When half of the records were there. */
    middle,
    stop: stores.stop,
    /** Has the group hold as much as it may in every partition. */
    hold: async (mode: GroupMode): Promise<void> => {
      const runs = manyRuns(clock.now());
      const standing = await stores.cursors.list(mode);
      await concurrently(16, partitionsOf(topic), async ({ partition }) => {
        const read = standing.get(partition);
        const version = (read?.version ?? 0) + 1;
        const epoch = (read?.epoch ?? 0) + 1;
        const next = { ...newCursor(0), runs, epoch, version, writeId: 'held' };
        await stores.cursors.replace({ groupId: mode, partition }, read, next);
      });
    },
    /** One seek, with what it takes; `isThrottled`: of a table that takes no more than one does. */
    seek: async (
      mode: GroupMode,
      to: GroupStart,
      isThrottled = false,
    ): Promise<Measured & { refused: number }> => {
      const bounded = isThrottled ? throttled(deps.cursors) : { cursors: deps.cursors, refused: () => 0 };
      const [before, begun] = [meter.total, clock.monotonic()];
      await seekGroup({ ...deps, cursors: bounded.cursors }, topic, groupOf(mode), {
        to,
        requestId: 'bench',
      });
      const seconds = (clock.monotonic() - begun) / 1000;
      return { seconds, usage: difference(meter.total, before), refused: bounded.refused() };
    },
  };
};
