import { archivePartition } from '../../lib/archive/archiver.ts';
import { archiveDefaults } from '../../lib/archive/options.ts';
import { parquetSegments } from '../../lib/archive/parquet/parquet-segments.ts';
import { ArchiveReader, type ArchiveReadOptions } from '../../lib/archive/read/reader.ts';
import { Authenticator } from '../../lib/auth/authenticator.ts';
import { storedKey } from '../../lib/auth/keys.ts';
import { Quotas } from '../../lib/auth/quotas/quotas.ts';
import { AttemptLog } from '../../lib/delivery/attempt-log/attempt-log.ts';
import { deliver } from '../../lib/delivery/deliver.ts';
import { newDeliveryMemory } from '../../lib/delivery/memory.ts';
import { onAppend } from '../../lib/delivery/on-append.ts';
import { Pacing } from '../../lib/delivery/pacing/pacing.ts';
import { deliveryDefaults, type EndpointChange, type Group } from '../../lib/domain/groups/groups.ts';
import { StickyPartition } from '../../lib/domain/records/partitioning.ts';
import { type NewTopic, topicDefaults } from '../../lib/domain/topics.ts';
import { noSystemEvents } from '../../lib/events/system-events.ts';
import { Receivers } from '../../lib/groups/receivers.ts';
import { consumeApp } from '../../lib/http/consume.ts';
import { produceApp } from '../../lib/http/produce.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { RunReader } from '../../lib/log/read/run.ts';
import { memoryExpressions } from '../../lib/stores/memory/expressions.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import type { WakeQueue } from '../../lib/stores/wake-queue.ts';
import type { WebhookAnswer } from '../../lib/stores/webhooks.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { openEmbeddedStores } from '../../test/embedded/stores.ts';
import { ownSecrets } from '../../test/harness/secrets.ts';
import { Meter } from './usage.ts';

/** Stands still where it is not moved, so that what is remembered for some seconds stays so however slow the machine is. */
const stillClock = (): Clock & { readonly pass: (ms: number) => void } => {
  const begin = { now: Date.now(), monotonic: systemClock.monotonic() };
  let passed = 0;
  return {
    ...systemClock,
    now: () => begin.now + passed,
    monotonic: () => begin.monotonic + passed,
    pass: (ms) => {
      passed += ms;
    },
  };
};

/** What one SendMessageBatch takes. */
const wakesOfARequest = 10;
const secrets = ownSecrets();
const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const key = `mr_${'a-key-for-this-benchmark'.padEnd(43, '_')}`;

/** The product over embedded stores, each request to them metered, with one topic of one partition and one group. */
export const startSystem = async () => {
  const meter = new Meter();
  const clock = stillClock();
  const opened = await openEmbeddedStores({ clock, onRequest: meter.count });
  const stores = { ...opened, objects: meter.counting(opened.objects) };
  const topic: NewTopic = {
    ...topicDefaults,
    name: 'orders',
    topicId: 'orders1',
    partitions: 1,
    createdAt: clock.now(),
  };
  const group: Group = {
    name: 'audit',
    groupId: 'audit1',
    topic: topic.name,
    topicId: topic.topicId,
    mode: 'push',
    start: 'earliest',
    startOffsets: [0],
    delivery: deliveryDefaults,
    createdAt: clock.now(),
  };
  const endpoint = {
    endpointId: 'endpoint1',
    url: 'https://example.com/hook',
    secrets: [secret],
    status: 'enabled',
    createdAt: clock.now(),
  } as const;
  await stores.topics.create(topic);
  await stores.keys.put(storedKey(key, { name: 'bench', scopes: ['produce', 'consume'] }, clock.now()));
  await stores.groups.create(group);
  await stores.groups.putEndpoint({ topicId: topic.topicId, group: group.name }, endpoint);

  let sendRequests = 0;
  /** As SQS takes them. */
  const countSends = (wakes: number): void => {
    sendRequests += Math.ceil(wakes / wakesOfARequest);
  };
  const { batches, partitions } = stores;
  const newRuns = () => new RunReader({ batches, partitions, clock });
  const newReader = (options: Partial<ArchiveReadOptions> = {}) => {
    const archive = new ArchiveReader({ ...stores, format: parquetSegments, clock, options });
    return new Reader({ batches, partitions, archive, clock });
  };
  const deps = {
    ...stores,
    appender: new Appender({ batches: stores.batches, idempotency: stores, clock, random, telemetry }),
    reader: newReader(),
    authenticator: new Authenticator({ keys: stores.keys, clock }),
    directory: new TopicDirectory({ topics: stores.topics, clock }),
    sticky: new StickyPartition({ clock, random }),
    quotas: new Quotas({ clock }),
    clock,
    random,
    telemetry,
    systemEvents: noSystemEvents,
  };
  const producing = produceApp(deps);
  let consuming = consumeApp(deps);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const checked = async (answer: Response | Promise<Response>): Promise<unknown> => {
    const response = await answer;
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response.json();
  };
  const receivers = new Receivers({ groups: stores.groups, clock });
  const pacing = new Pacing(deps);
  let memory = newDeliveryMemory({ groups: stores.groups, clock });
  let runs = newRuns();
  const attemptLog = new AttemptLog(deps);
  return {
    meter,
    topicId: topic.topicId,
    /** Requests so far by which wakes were sent to the queue. */
    sendRequests: () => sendRequests,
    pass: clock.pass,
    /** From now on the endpoint is called at its pace. */
    pace: async (settings: EndpointChange) => {
      await stores.groups.updateEndpoint({ topicId: topic.topicId, group: group.name }, endpoint, settings);
      memory = newDeliveryMemory({ groups: stores.groups, clock });
    },
    /** From now on a new process delivers. */
    startCold: () => {
      memory = newDeliveryMemory({ groups: stores.groups, clock });
      runs = newRuns();
    },
    /** From now on a new process reads; who calls it is known. */
    startReader: (options: Partial<ArchiveReadOptions> = {}) => {
      consuming = consumeApp({ ...deps, reader: newReader(options) });
    },
    /** Everything is archived, and the batches deleted, but for the last. */
    archive: async () => {
      clock.pass(2 * 60 * 60_000);
      const archiver = {
        ...stores,
        format: parquetSegments,
        clock,
        random,
        telemetry,
        options: archiveDefaults,
      };
      await archivePartition(
        archiver,
        { topic: topic.name, topicId: topic.topicId, partition: 0 },
        {
          remainingMs: () => 900_000,
        },
      );
    },
    /** What an event of the stream comes to, with an append to a topic. */
    tell: (topicId: string) => {
      const queue = { send: async (wakes: readonly object[]) => countSends(wakes.length) };
      return onAppend({ receivers, queue }, [{ topicId, partition: 0 }]);
    },
    stop: stores.stop,
    /** One produce request of `records`. */
    produce: (records: readonly object[], more: Readonly<Record<string, string>> = {}) =>
      checked(
        producing.request('/v1/topics/orders/records', {
          method: 'POST',
          headers: { ...headers, ...more },
          body: JSON.stringify({ records }),
        }),
      ),
    /** One fetch of at most 100 records from `offset`. */
    fetch: (offset: number) =>
      checked(
        consuming.request(`/v1/topics/orders/partitions/0/records?offset=${offset}&limit=100`, { headers }),
      ),
    /** One run of the deliverer; `onRequest` is told before each webhook request, which is then acknowledged unless it is `answered` otherwise. */
    deliverAll: (onRequest: () => void, answered: WebhookAnswer = { kind: 'answered', status: 204 }) => {
      const post = async () => {
        onRequest();
        return answered;
      };
      const wake = {
        kind: 'append',
        topicId: topic.topicId,
        groupId: group.groupId,
        group: group.name,
        partition: 0,
      } as const;
      const queue: WakeQueue = {
        send: (wakes) => {
          countSends(wakes.length);
          return stores.queue.send(wakes);
        },
      };
      const own = { runs, memory, secrets, pacing, attemptLog, queue, expressions: memoryExpressions() };
      const delivering = { ...deps, ...own };
      return deliver({ ...delivering, webhooks: { post } }, wake, {
        messageIds: ['m'],
        remainingMs: () => 900_000,
      });
    },
  };
};

export type System = Awaited<ReturnType<typeof startSystem>>;
