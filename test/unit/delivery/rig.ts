import { ArchiveReader } from '../../../lib/archive/read/reader.ts';
import { AttemptLog } from '../../../lib/delivery/attempt-log/attempt-log.ts';
import { deliver } from '../../../lib/delivery/deliver.ts';
import type { DeliverDeps } from '../../../lib/delivery/deps.ts';
import { newDeliveryMemory } from '../../../lib/delivery/memory.ts';
import { Pacing } from '../../../lib/delivery/pacing/pacing.ts';
import { acknowledgementIn } from '../../../lib/domain/acknowledgements/body-reader.ts';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import type { SystemEvent } from '../../../lib/domain/events/events.ts';
import {
  type DeliverySettings,
  deliveryDefaults,
  type Endpoint,
  type PushGroup,
} from '../../../lib/domain/groups/groups.ts';
import { batchEnd } from '../../../lib/domain/records/batches.ts';
import { decodeRecords, encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { Origin } from '../../../lib/domain/records/origin.ts';
import { wakeFor } from '../../../lib/groups/wake-group.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import type { AttemptStore } from '../../../lib/stores/attempts.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import { MemoryBatchStore } from '../../../lib/stores/memory/batches.ts';
import { memoryExpressions } from '../../../lib/stores/memory/expressions.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { bodyText } from '../../harness/body-text.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { type GivenRecord, recordOf } from '../../harness/records.ts';
import { ownSecrets } from '../../harness/secrets.ts';
import { archive } from '../../harness/segments-by-hand.ts';
import { DeadLetters } from '../../simulation/delivery/dead-letters.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const groupRef = { topicId: 't1', group: 'billing' };
const partition = { topicId: 't1', partition: 0 };
export const cursorRef = { groupId: 'g1', partition: 0 };

export const ok: WebhookAnswer = { kind: 'answered', status: 200 };
/** @param body what the endpoint sends, read as a sender reads it. */
export const answered = (
  status: number,
  { body, ...more }: { body?: string; retryAfter?: string } = {},
): WebhookAnswer => ({
  kind: 'answered',
  status,
  ...(body !== undefined && { acknowledged: acknowledgementIn(body) }),
  ...more,
});
export const unreachable: WebhookAnswer = { kind: 'unreachable', reason: 'Connection refused.' };

/** The offsets that a request delivers. */
export const offsetsOf = (request: WebhookRequest): number[] =>
  (JSON.parse(bodyText(request)) as { data: { records: { offset: number }[] } }).data.records.map(
    ({ offset }) => offset,
  );

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
  readonly delivery?: Partial<DeliverySettings>;
  readonly endpoint?: Partial<Endpoint>;
  readonly group?: Partial<PushGroup>;
}

/** A topic of one partition, a group with an endpoint, and a deliverer, all in memory by a clock that the test moves. */
export const makeRig = async ({ delivery, endpoint, group: settings }: RigOptions = {}) => {
  let now = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const stores = memoryStores({ clock });
  const batches = new MemoryBatchStore(clock);
  const events: TelemetryEvent[] = [];
  const told: SystemEvent[] = [];
  const sent: WebhookRequest[] = [];
  const calls: string[] = [];
  let messages = 0;
  const dead = new DeadLetters();
  const group: PushGroup = {
    name: 'billing',
    groupId: 'g1',
    topic: 'orders',
    topicId: 't1',
    mode: 'push',
    start: 'earliest',
    startOffsets: [0],
    delivery: { ...deliveryDefaults, ...delivery },
    createdAt: now,
    ...settings,
  };
  await stores.groups.create(group);
  await stores.groups.putEndpoint(groupRef, {
    endpointId: 'e1',
    url: 'https://hooks.example.com/',
    // In plain, as older versions stored it: what is sealed could not be copied to another endpoint.
    secrets: [secret],
    status: 'enabled',
    createdAt: now,
    ...endpoint,
  });
  const rig = {
    ...stores,
    batches,
    clock,
    events,
    told,
    sent,
    calls,
    group,
    /** A retry comes as late as it may, and so by the queue. */
    random: { ...seededRandom(1), number: () => 0.999_999 },
    remainingMs: () => 120_000,
    /** What the endpoint answers; it may do something else first. */
    answer: (_request: WebhookRequest): WebhookAnswer | Promise<WebhookAnswer> => ok,
    pass: (ms: number) => {
      now += ms;
    },
    append: (...records: readonly GivenRecord[]) => rig.appendFrom(undefined, ...records),
    appendFrom: (origin: Origin | undefined, ...records: readonly GivenRecord[]) => {
      const base = batches.table.end(partition);
      const data = encodeRecords(records.map(recordOf));
      const batch = {
        base,
        count: records.length,
        data,
        writeId: new Uint8Array(8),
        appendedAt: now,
        bytesBefore: 0,
        ...(origin !== undefined && { origin }),
      };
      batches.table.put(partition, batch, now, now);
    },
    /** Archives the batches below `end` that are not yet, or of their records those that `stay`, and deletes them, but for the last. */
    archive: async (end: number, stay: (offset: number) => boolean = () => true) => {
      const { archivedThrough: start } = await stores.partitions.get(partition);
      const going = batches.table.batches(partition).filter(({ base }) => base >= start && base < end);
      const records = going.flatMap((batch) => decodeRecords(batch, 0)).filter(({ offset }) => stay(offset));
      await archive(stores, jsonSegments, partition, { start, end, records, maxTimestamp: now });
      const last = batches.table.last(partition)?.base;
      await batches.delete(
        partition,
        going.map(({ base }) => base).filter((base) => base !== last),
      );
    },
    /** Takes away what is below `start`, as retention does; batches that hold nothing else go with it, but for the last. */
    trim: async (start: number) => {
      await stores.partitions.advance(partition, 'startOffset', start);
      for (const segment of await stores.segments.list(partition, { from: 0, limit: 100 }))
        if (segment.end <= start) await stores.segments.delete(partition, segment);
      const all = batches.table.batches(partition);
      const gone = all.slice(0, -1).filter((batch) => batchEnd(batch) <= start);
      await batches.delete(
        partition,
        gone.map(({ base }) => base),
      );
    },
    /** How an attempt is logged. */
    putAttempt: (...attempt: Parameters<AttemptStore['put']>) => stores.attempts.put(...attempt),
    dead,
    cursor: () => stores.cursors.get(cursorRef),
    /** Each time from another message on the queue, unless one is named. */
    deliver: (wake: Partial<Wake> = {}, messageId = `m${messages++}`) =>
      deliver(
        deps,
        { ...wakeFor(group, 0, 'append').wake, ...wake },
        { messageIds: [messageId], remainingMs: () => rig.remainingMs() },
      ),
    /** Every wake on the queue with its delay, taken off it. */
    takeWakes: () => {
      const wakes: { wake: Wake; delayMs: number }[] = [];
      const from = now;
      for (let next = stores.wakes.nextVisibleAt(); next !== undefined; next = stores.wakes.nextVisibleAt()) {
        now = Math.max(now, next);
        for (const { wake, receipt } of stores.wakes.receive()) {
          wakes.push({ wake, delayMs: next - from });
          stores.wakes.acknowledge(receipt);
        }
      }
      now = from;
      return wakes;
    },
  };
  const telemetry = { record: (event: TelemetryEvent) => void events.push(event) };
  const groups = counted(calls, 'groups', stores.groups);
  const log = counted(calls, 'batches', batches);
  const random = {
    number: () => rig.random.number(),
    bytes: (count: number) => rig.random.bytes(count),
  };
  const deps: DeliverDeps & { readonly batches: BatchStore } = {
    batches: log,
    runs: new RunReader({
      batches: log,
      partitions: counted(calls, 'partitions', stores.partitions),
      archive: new ArchiveReader({ ...stores, format: jsonSegments, clock }),
      clock,
    }),
    cursors: counted(calls, 'cursors', stores.cursors),
    groups,
    memory: newDeliveryMemory({ groups, clock }),
    queue: counted(calls, 'queue', stores.wakes),
    appender: counted(calls, 'appender', dead.appender),
    directory: dead.directory,
    expressions: memoryExpressions(),
    pacing: new Pacing({ paces: counted(calls, 'paces', stores.paces), clock, random: seededRandom(3) }),
    secrets: ownSecrets({ clock, random: seededRandom(1) }),
    webhooks: {
      post: async (request) => {
        calls.push('post');
        sent.push(request);
        return rig.answer(request);
      },
    },
    clock,
    random,
    systemEvents: { tell: async (event) => void told.push(event) },
    telemetry,
    attemptLog: new AttemptLog({
      attempts: { put: (...attempt) => rig.putAttempt(...attempt) },
      // Nothing is waited for that is not written at once.
      clock: { ...clock, sleep: () => new Promise(() => undefined) },
      random: seededRandom(2),
      telemetry,
    }),
  };
  return { ...rig, rig, deps };
};
