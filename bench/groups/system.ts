import { type PulledGroup, readingDefaults } from '../../lib/domain/groups/groups.ts';
import type { NewRecord } from '../../lib/domain/records/records.ts';
import { type NewTopic, topicDefaults } from '../../lib/domain/topics.ts';
import { noSystemEvents } from '../../lib/events/system-events.ts';
import { PullGroups } from '../../lib/groups/pull/pull-groups.ts';
import type { Polled, PollRequest } from '../../lib/groups/pull/requests.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { openEmbeddedStores } from '../../test/embedded/stores.ts';
import { Meter } from '../units/usage.ts';

/** A wait passes at once, and is told; the time that a request may take is never over. */
export const hastyClock = (onWait: () => void): Clock & { readonly pass: (ms: number) => void } => {
  const begin = Date.now();
  let passed = 0;
  const pass = (ms: number): void => {
    passed += Math.ceil(ms);
  };
  return {
    now: () => begin + passed,
    monotonic: () => passed,
    pass,
    sleep: async (ms, signal) => {
      if (!Number.isFinite(ms))
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      else {
        onWait();
        pass(ms);
      }
    },
  };
};

export const record: NewRecord = { valueJson: JSON.stringify('x'.repeat(250)) as never };

/** A topic and a group of one of the modes over the embedded stores, each request to them metered. */
export const startSystem = async (mode: PulledGroup['mode'], partitions: number) => {
  const meter = new Meter();
  const waits: number[] = [];
  const clock = hastyClock(() => waits.push(meter.total.reads + meter.total.writes));
  // Whoever waits for a store waits in fact.
  const patient: Clock = { ...clock, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
  const stores = await openEmbeddedStores({ clock: patient, onRequest: meter.count });
  const createdAt = clock.now();
  const topic: NewTopic = { ...topicDefaults, name: 't', topicId: 't1', partitions, createdAt };
  const group: PulledGroup = {
    name: 'g',
    groupId: 'g1',
    topic: topic.name,
    topicId: topic.topicId,
    mode,
    start: 'earliest',
    startOffsets: new Array<number>(partitions).fill(0),
    reading: readingDefaults,
    createdAt,
  };
  await stores.topics.create(topic);
  await stores.groups.create(group);
  const options = { attemptTimeoutMs: Number.POSITIVE_INFINITY };
  const appender = new Appender({ batches: stores.batches, clock: patient, random, telemetry });
  const made = await stores.topics.get(topic.name);
  if (made === undefined) throw new Error('There is no topic.');
  /** A process that serves polls, as on AWS: others write cursors too. */
  const newProcess = (): PullGroups => {
    const { batches } = stores;
    const reader = new Reader({ batches, partitions: stores.partitions, clock, options });
    const directory = new TopicDirectory({ topics: stores.topics, clock });
    return new PullGroups({
      ...stores,
      systemEvents: noSystemEvents,
      appender,
      directory,
      reader,
      clock,
      random,
      telemetry,
    });
  };
  const poll = (pulls: PullGroups, consumerId: string, more: Partial<PollRequest> = {}): Promise<Polled> =>
    pulls.poll(made, group.name, { consumerId, maxRecords: 100, maxBytes: 4e6, waitMs: 0, ...more });
  return {
    ...stores,
    stop: () => stores.stop(),
    meter,
    waits,
    clock,
    topic: made,
    group,
    newProcess,
    poll,
    append: (partition: number, count: number) =>
      appender.append({ topicId: topic.topicId, partition }, new Array<NewRecord>(count).fill(record)),
  };
};

export type System = Awaited<ReturnType<typeof startSystem>>;

/** What acknowledges all that a poll brought. */
export const acknowledging = ({ records, epochs }: Polled, mode: PulledGroup['mode']) => {
  if (records.length === 0) return {};
  if (mode === 'pull')
    return {
      ack: { offsets: new Map(records.map(({ record: { partition, offset } }) => [partition, offset + 1])) },
      epochs,
    };
  const outcomes = records.map(({ record: { partition, offset } }) => ({
    partition,
    from: offset,
    to: offset + 1,
    outcome: 'ack' as const,
  }));
  return { ack: { records: outcomes }, epochs };
};
