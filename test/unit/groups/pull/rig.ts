import { Problem } from '../../../../lib/domain/errors.ts';
import type { SystemEvent } from '../../../../lib/domain/events/events.ts';
import {
  type PulledGroup,
  type ReadingSettings,
  readingDefaults,
} from '../../../../lib/domain/groups/groups.ts';
import { encodeRecords } from '../../../../lib/domain/records/encoding.ts';
import type { NewRecord, PartitionRef } from '../../../../lib/domain/records/records.ts';
import type { Topic } from '../../../../lib/domain/topics.ts';
import type { PullReader } from '../../../../lib/groups/pull/deps.ts';
import { PullGroups } from '../../../../lib/groups/pull/pull-groups.ts';
import type { Polled, PollRequest, RecordOutcome } from '../../../../lib/groups/pull/requests.ts';
import type { AppendCall, Appended } from '../../../../lib/log/append/appender.ts';
import { Reader } from '../../../../lib/log/read/reader.ts';
import { memoryStores } from '../../../../lib/stores/memory/stores.ts';
import { noTelemetry } from '../../../../lib/surroundings/telemetry.ts';
import { seededRandom } from '../../../simulation/scheduler.ts';

/** `target`, counting calls by method as `<name>.<method>`. */
const counted = <Target extends object>(calls: string[], name: string, target: Target): Target =>
  new Proxy(target, {
    get: (original, method) => {
      const value: unknown = Reflect.get(original, method, original);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        calls.push(`${name}.${String(method)}`);
        return Reflect.apply(value, original, args);
      };
    },
  });

export interface RigOptions {
  readonly partitions?: number;
  readonly reading?: Partial<ReadingSettings>;
  readonly group?: Partial<PulledGroup>;
}

/** What of an answer the tests look at most: `<partition>:<offset>` of each record. */
export const places = ({ records }: Pick<Polled, 'records'>): string[] =>
  records.map(({ record: { partition, offset } }) => `${partition}:${offset}`);

/** A topic and a group that pulls from it, in memory by a clock that the test moves. A wait passes at once. */
export const makeRig = async ({ partitions = 1, reading, group: settings }: RigOptions = {}) => {
  let now = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => now,
    monotonic: () => now,
    // The time that a request may take is never over.
    sleep: async (ms: number, signal?: AbortSignal) => {
      if (ms !== Number.POSITIVE_INFINITY) now += ms;
      else await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    },
  };
  const stores = memoryStores({ clock });
  const calls: string[] = [];
  const told: SystemEvent[] = [];
  const topic: Topic = {
    name: 'orders',
    topicId: 't1',
    partitions,
    retentionHours: null,
    archive: false,
    createdAt: now,
    version: 1,
  } as unknown as Topic;
  const group: PulledGroup = {
    name: 'billing',
    groupId: 'g1',
    topic: 'orders',
    topicId: 't1',
    mode: 'pull',
    start: 'earliest',
    startOffsets: new Array<number>(partitions).fill(0),
    reading: { ...readingDefaults, ...reading },
    createdAt: now,
    ...settings,
  };
  await stores.groups.create(group);
  let topicNow = topic;
  const process = (): PullGroups => {
    const reader: PullReader = new Reader({
      batches: counted(calls, 'batches', stores.batches),
      partitions: counted(calls, 'partitions', stores.partitions),
      clock,
      options: { attemptTimeoutMs: Number.POSITIVE_INFINITY },
    });
    return new PullGroups({
      systemEvents: { tell: (event) => rig.tell(event) },
      groups: counted(calls, 'groups', stores.groups),
      cursors: counted(calls, 'cursors', stores.cursors),
      members: counted(calls, 'members', stores.members),
      directory: {
        resolve: async (name) => {
          if (name === topicNow.name) return topicNow;
          if (name === 'orders.billing.dead') return { ...topic, name, topicId: 'dead', partitions: 1 };
          throw new Problem('topic_not_found', 'There is no such topic.');
        },
      },
      reader,
      appender: { append: (at, given, call) => rig.bury(at, given, call) },
      clock,
      random: seededRandom(7),
      telemetry: noTelemetry,
    });
  };
  const buried: { readonly at: PartitionRef; readonly record: NewRecord; readonly key: string }[] = [];
  const rig = {
    tell: async (event: SystemEvent): Promise<void> => void told.push(event),
    /** What the dead letters are appended by. */
    bury: async (
      at: PartitionRef,
      [record]: readonly NewRecord[],
      { key = '' }: AppendCall = {},
    ): Promise<Appended> => {
      if (record !== undefined && !buried.some((each) => each.key === key)) buried.push({ at, record, key });
      return { base: 0, appendedAt: now };
    },
  };
  const pulls = process();
  return {
    rig,
    buried,
    ...stores,
    clock,
    calls,
    told,
    topic,
    group,
    pulls,
    /** Another process that serves the same group. */
    process,
    pass: (ms: number) => {
      now += ms;
    },
    grow: (count: number) => {
      topicNow = { ...topicNow, partitions: count };
    },
    append: (partition: number, count = 1, topicId = 't1') => {
      const at = { topicId, partition };
      const base = stores.batches.table.end(at);
      const records = Array.from({ length: count }, (_none, index) => ({ valueJson: `${base + index}` }));
      const data = encodeRecords(records as never);
      const writeId = new Uint8Array(8);
      stores.batches.table.put(at, { base, count, data, writeId, appendedAt: now, bytesBefore: 0 }, now, now);
    },
    poll: (consumerId: string, request: Partial<PollRequest> = {}, by: PullGroups = pulls) =>
      by.poll(topic, 'billing', { consumerId, maxRecords: 100, maxBytes: 1e6, waitMs: 0, ...request }),
    ack: (consumerId: string, offsets: Record<number, number>, by: PullGroups = pulls) =>
      by.acknowledge(topic, 'billing', { consumerId, ack: { offsets: offsetsOf(offsets) } }),
    nack: (consumerId: string, offsets: Record<number, number>, delayMs = 0) =>
      pulls.giveBack(topic, 'billing', { consumerId, offsets: offsetsOf(offsets), delayMs }),
    settle: (consumerId: string, ...records: readonly RecordOutcome[]) =>
      pulls.acknowledge(topic, 'billing', { consumerId, ack: { records } }),
    leave: (consumerId: string) => pulls.leave(topic, 'billing', consumerId),
    cursor: (partition = 0) => stores.cursors.get({ groupId: 'g1', partition }),
  };
};

export const offsetsOf = (offsets: Readonly<Record<number, number>>): ReadonlyMap<number, number> =>
  new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), offset]));
