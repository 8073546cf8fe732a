import { type PulledGroup, readingDefaults } from '../../lib/domain/groups/groups.ts';
import { limits } from '../../lib/domain/limits.ts';
import { type NewTopic, topicDefaults } from '../../lib/domain/topics.ts';
import { noSystemEvents } from '../../lib/events/system-events.ts';
import { PullGroups } from '../../lib/groups/pull/pull-groups.ts';
import type { PollRequest } from '../../lib/groups/pull/requests.ts';
import type { LocalStores } from '../../lib/local/stores.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import type { BatchStore } from '../../lib/stores/batches.ts';
import type { RequestUsage } from '../../lib/stores/dynamodb/table/client.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { openEmbeddedStores } from '../../test/embedded/stores.ts';
import { type Item, item } from './idle.ts';
import { accessLogBytes, shortAnswerBytes } from './long-poll.ts';
import { hoursOfAMonth, prices } from './prices.ts';

/** Of the member that is priced: as many as one request asks for. */
export const polledPartitions = 100;

/** What one member that polls without end is charged for, while nothing comes. */
export interface GroupPolls {
  readonly pullMemoryMb: number;
  /** Of one long poll, counted. */
  readonly readUnits: number;
  /** Of one long poll, counted. */
  readonly writeUnits: number;
}

/** What a month costs in which a member of a group polls without end, and nothing comes. */
export const groupPollItems = ({ pullMemoryMb, readUnits, writeUnits }: GroupPolls): readonly Item[] => {
  const seconds = hoursOfAMonth * 3600;
  const polls = seconds / limits.fetchWaitSeconds;
  return [
    item('requests to the API', polls, prices.apiRequest),
    item('calls of pull', polls, prices.lambdaCall),
    item('GB-seconds', (seconds * pullMemoryMb) / 1024, prices.lambdaGbSecond),
    item('read units', polls * readUnits, prices.readUnit),
    item('write units', polls * writeUnits, prices.writeUnit),
    item('GB of logs', (polls * accessLogBytes) / 1024 ** 3, prices.logs),
    item('GB sent out', (polls * shortAnswerBytes) / 1024 ** 3, prices.dataOut),
  ];
};

/** A wait passes at once, in whole ms; the time that a request may take is never over. */
const hastyClock = (): Clock => {
  const begin = Date.now();
  let passed = 0;
  return {
    now: () => begin + passed,
    monotonic: () => passed,
    sleep: async (ms, signal) => {
      if (Number.isFinite(ms)) passed += Math.ceil(ms);
      else await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    },
  };
};

/** Of a batch that is not there, by an eventually consistent read. */
const unitsOfAPlace = 0.5;
/** Of a strongly consistent read, whatever it finds. */
const leastUnits = 1;
const countedPolls = 3;

/** A topic of which each partition has one record, and a group that has read none of it. */
const newGroup = async (
  { topics, groups, batches }: LocalStores,
  clock: Clock,
  partitions: number,
): Promise<{ readonly topic: NewTopic; readonly group: PulledGroup; readonly appender: Appender }> => {
  const createdAt = clock.now();
  const topic: NewTopic = { ...topicDefaults, name: 't', topicId: 't1', partitions, createdAt };
  const group: PulledGroup = {
    name: 'g',
    groupId: 'g1',
    topic: topic.name,
    topicId: topic.topicId,
    mode: 'pull',
    start: 'earliest',
    startOffsets: new Array<number>(partitions).fill(0),
    reading: readingDefaults,
    createdAt,
  };
  await topics.create(topic);
  await groups.create(group);
  const appender = new Appender({ batches, clock, random, telemetry });
  const { topicId } = topic;
  await Promise.all(
    group.startOffsets.map((_none, partition) => appender.append({ topicId, partition }, [{ key: 'a' }])),
  );
  return { topic, group, appender };
};

/**
 * The read and write units of one long poll of a member that has all `partitions` to itself, and has read them, counted at the
 * clients over embedded tables. That of the key is left out, as a process remembers it.
 */
export const groupPollUnits = async (
  partitions: number,
): Promise<Pick<GroupPolls, 'readUnits' | 'writeUnits'>> => {
  const clock = hastyClock();
  const patient: Clock = { ...clock, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
  let [readUnits, writeUnits] = [0, 0];
  const onRequest = ({ access, units = 0 }: RequestUsage): void => {
    if (access === 'write') writeUnits += units;
    else readUnits += Math.max(units, leastUnits);
  };
  const stores = await openEmbeddedStores({ clock: patient, onRequest });
  try {
    const { topic, group, appender } = await newGroup(stores, patient, partitions);
    const batches: BatchStore = {
      ...stores.batches,
      // Nothing comes, so that nothing is there.
      present: async (places) => {
        readUnits += places.length * unitsOfAPlace;
        return places.map(() => false);
      },
    };
    const options = { attemptTimeoutMs: Number.POSITIVE_INFINITY };
    const reader = new Reader({ batches, partitions: stores.partitions, clock, options });
    const directory = new TopicDirectory({ topics: stores.topics, clock });
    const pulls = new PullGroups({
      ...stores,
      systemEvents: noSystemEvents,
      directory,
      reader,
      appender,
      clock,
      random,
      telemetry,
    });
    const asked = { consumerId: 'c', maxRecords: partitions, maxBytes: limits.fetchBytes };
    const poll = async (request: Pick<PollRequest, 'waitMs' | 'ack'>) =>
      pulls.poll(await directory.resolve(topic.name), group.name, { ...asked, ...request });
    const { records } = await poll({ waitMs: 0 });
    if (records.length !== partitions) throw new Error(`${records.length} of ${partitions} records came.`);
    const offsets = new Map(records.map(({ record: { partition, offset } }) => [partition, offset + 1]));
    await poll({ waitMs: 0, ack: { offsets } });
    const waitMs = limits.fetchWaitSeconds * 1000;
    await poll({ waitMs });
    [readUnits, writeUnits] = [0, 0];
    for (let polls = 0; polls < countedPolls; polls += 1) await poll({ waitMs });
    return { readUnits: readUnits / countedPolls, writeUnits: writeUnits / countedPolls };
  } finally {
    await stores.stop();
  }
};
