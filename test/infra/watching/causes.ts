import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';
import { createArchiveConsumer } from '../../../functions/archive/queue-events.ts';
import { createQueueConsumer } from '../../../functions/deliver/queue-events.ts';
import { createStreamConsumer } from '../../../functions/on-append/stream-events.ts';
import type { FunctionName } from '../../../infra/constructs/bundling.ts';
import { ArchiveDue } from '../../../lib/archive/due.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../../lib/delivery/sweep/sweep.ts';
import type { Cursor } from '../../../lib/domain/groups/cursors.ts';
import { readingDefaults } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { noSystemEvents } from '../../../lib/events/system-events.ts';
import { dynamoBatchStore } from '../../../lib/stores/dynamodb/batches.ts';
import { createLogClient, createStateClient } from '../../../lib/stores/dynamodb/table/client.ts';
import { dynamoTopicStore } from '../../../lib/stores/dynamodb/topics.ts';
import { taskToMessage } from '../../../lib/stores/sqs/archive-message.ts';
import { wakeToMessage } from '../../../lib/stores/sqs/wake-message.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import type { Telemetry } from '../../../lib/surroundings/telemetry.ts';
import { markDeleted } from '../../../lib/topics/mark-deleted.ts';
import { ownSecrets } from '../../harness/secrets.ts';
import { makeRig as makeArchiveRig } from '../../unit/archive/rig.ts';
import { answered, groupRef, makeRig, type RigOptions, unreachable } from '../../unit/delivery/rig.ts';
import { at, logWorld, type PutFate } from '../../unit/log/scripted-store.ts';

/** What one function does, and tells of. */
export interface Cause {
  readonly by: FunctionName;
  readonly happens: (telemetry: Telemetry) => Promise<void>;
}

const pass = (events: readonly Parameters<Telemetry['record']>[0][], telemetry: Telemetry): void => {
  for (const event of events) telemetry.record(event);
};

/** An append whose puts fare so. */
const append = (...fates: readonly PutFate[]): Cause => ({
  by: 'produce',
  happens: async (telemetry) => {
    const world = logWorld();
    world.store.fates = [...fates];
    await world.outcome(world.appender().append(at, [{ key: 'a' }, { key: 'b' }])).catch(() => undefined);
    pass(world.events, telemetry);
  },
});

/** One run of deliver that an endpoint answers so. */
const delivery = (answer: Parameters<typeof answered>[0] | 'nothing'): Cause => ({
  by: 'deliver',
  happens: async (telemetry) => {
    const made = await makeRig();
    made.append({ value: 1 });
    made.rig.pass(40);
    made.rig.answer = () => (answer === 'nothing' ? unreachable : answered(answer));
    await made.deliver();
    pass(made.events, telemetry);
  },
});

const undecodable: Cause = {
  by: 'deliver',
  happens: async (telemetry) => {
    const made = await makeRig();
    const batch = { base: 0, count: 1, data: Uint8Array.of(9), writeId: new Uint8Array(8), bytesBefore: 0 };
    made.batches.table.put({ topicId: 't1', partition: 0 }, { ...batch, appendedAt: 0 }, 0, 0);
    await made.deliver().catch(() => undefined);
    pass(made.events, telemetry);
  },
};

/** A sweep of a topic with one group, for which a record waits since so long. */
const swept = (waitedMs: number | undefined, options: RigOptions = {}): Cause => ({
  by: 'sweep',
  happens: async (telemetry) => {
    const made = await makeRig(options);
    const settings = { partitions: 1, retentionHours: null, archive: false, createdAt: 0 };
    await made.topics.create({ name: 'orders', topicId: 't1', ...settings });
    await made.topics.create({ name: 'old', topicId: 't2', ...settings });
    const { topics, partitions, removals, schemas, sweepPlaces, members, paces } = made;
    const stores = { topics, partitions, removals, schemas, sweepPlaces, members, paces };
    const deps = { ...made.deps, ...stores, telemetry };
    const ends = new PartitionEnds(made.batches);
    if (waitedMs === undefined) {
      // A deletion that can be finished.
      const appender = { close: async () => undefined };
      await markDeleted(deps, 'old', 't2');
      const run = { remainingMs: () => 240_000 };
      await sweep({ ...deps, ends, appender }, run);
      made.rig.pass(limits.removalMinAgeMs + 1);
      await sweep({ ...deps, ends, appender }, run);
      return;
    }
    made.append({ value: 1 });
    made.rig.pass(waitedMs);
    const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
    await sweep({ ...deps, ends, appender }, { remainingMs: () => 240_000 });
  },
});

/** A sweep of a topic with a group that is pulled from, in which a record waits. @param runs what its cursor has of it. */
const sweptPulled = (isPolled: boolean, runs: Cursor['runs'] = []): Cause => ({
  by: 'sweep',
  happens: async (telemetry) => {
    const made = await makeRig();
    const { topics, partitions, removals, schemas, sweepPlaces, members, paces, cursors, clock } = made;
    const kept = { retentionHours: null, archive: false, createdAt: 0 };
    await topics.create({ name: 'orders', topicId: 't1', partitions: 1, ...kept });
    await made.groups.delete(groupRef, 'g1');
    const { delivery: _delivery, ...group } = made.group;
    await made.groups.create({ ...group, groupId: 'g2', mode: 'shared', reading: readingDefaults });
    const now = clock.now();
    const times = { expiresAt: now + 30_000, joinedAt: now, polledAt: now };
    if (isPolled) await members.join('g2', { consumerId: 'a', memberEpoch: 'm', ...times });
    const read = { committed: 0, epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0 };
    const ref = { groupId: 'g2', partition: 0 };
    await cursors.replace(ref, undefined, { ...read, version: 1, writeId: 'w', runs });
    made.append({ value: 1 });
    const stores = { topics, partitions, removals, schemas, sweepPlaces, members, paces };
    const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
    const deps = { ...made.deps, ...stores, ends: new PartitionEnds(made.batches), appender, telemetry };
    await sweep(deps, { remainingMs: () => 240_000 });
  },
});

/** A segment is archived, after the oldest record has waited for so long. */
const archived = (waitedMs: number, by: 'archive' | 'sweep'): Cause => ({
  by,
  happens: async (telemetry) => {
    const rig = await makeArchiveRig();
    rig.append({ value: 1 });
    rig.pass(waitedMs);
    if (by === 'archive') {
      await rig.archive({ telemetry });
      return;
    }
    const due = new ArchiveDue({ ...rig, options: archiveDefaults });
    const archive = { ...rig, due, queue: { send: async () => undefined } };
    const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
    const ends = new PartitionEnds(rig.batches);
    await sweep(
      {
        ...rig,
        secrets: ownSecrets(),
        systemEvents: noSystemEvents,
        ends,
        archive,
        appender,
        queue: rig.wakes,
        telemetry,
      },
      { remainingMs: () => 240_000 },
    );
  },
});

const failedTask: Cause = {
  by: 'archive',
  happens: async (telemetry) => {
    const consume = createArchiveConsumer({
      archive: () => Promise.reject(new Error('The bucket is away.')),
      telemetry,
    });
    const body = taskToMessage({ topic: 'orders', topicId: 'T', partition: 0 });
    const event = { Records: [{ messageId: 'm', receiptHandle: 'r', body }] };
    const answer = await consume(event as SQSEvent, { getRemainingTimeInMillis: () => 60_000 });
    if (answer.batchItemFailures.length !== 1) throw new Error('It did not fail.');
  },
};

const wake = wakeToMessage({ kind: 'append', ...groupRef, groupId: 'g1', partition: 0 });

/** deliver fails at a wake, as Lambda hands it over, for the `receives`th time. */
const failedWake = (receives: number): Cause => ({
  by: 'deliver',
  happens: async (telemetry) => {
    const consume = createQueueConsumer({
      deliver: () => Promise.reject(new Error('The store is away.')),
      receipts: { showAgain: async () => undefined },
      telemetry,
    });
    const attributes = { ApproximateReceiveCount: String(receives) };
    const event = { Records: [{ messageId: 'm', receiptHandle: 'r', body: wake, attributes }] };
    const answer = await consume(event as SQSEvent, { getRemainingTimeInMillis: () => 60_000 });
    if (answer.batchItemFailures.length !== 1) throw new Error('It did not fail.');
  },
});

const failedStream: Cause = {
  by: 'on-append',
  happens: async (telemetry) => {
    const consume = createStreamConsumer({
      onAppend: () => Promise.reject(new Error('The queue is away.')),
      telemetry,
    });
    const dynamodb = { Keys: { pk: { S: 'T/0' }, sk: { N: '0' } }, SequenceNumber: '1' };
    const event = { Records: [{ eventID: 'e', eventName: 'INSERT', dynamodb }] };
    const answer = await consume(event as DynamoDBStreamEvent);
    if (answer.batchItemFailures.length !== 1) throw new Error('It did not fail.');
  },
};

/** Both tables refuse for want of capacity, one read each: 1 attempt at the log's, 4 at the state's. */
const throttled: Cause = {
  by: 'produce',
  happens: async (telemetry) => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'ProvisionedThroughputExceededException' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const connection = { endpoint, region: 'us-east-1', credentials };
    const noting = (table: 'log' | 'state') => ({
      ...connection,
      onThrottle: () => telemetry.record({ kind: 'throttled', table }),
    });
    const log = { client: createLogClient(noting('log')), table: 'log', clock: systemClock };
    const state = { client: createStateClient(noting('state')), table: 'state', clock: systemClock };
    await Promise.allSettled([
      dynamoBatchStore(log).last({ topicId: 't', partition: 0 }),
      dynamoTopicStore(state).get('orders'),
    ]);
    for (const { client } of [log, state]) client.destroy();
    server.close();
  },
};

const hourMs = 3_600_000;

const always = (fate: PutFate): PutFate[] => Array.from({ length: 200 }, () => fate);

/** Everything that the functions tell of, done by the code that tells it. */
export const causes = {
  anAppend: append(),
  aThrottledAppend: append('throttled'),
  anAppendUnderTooMuchLoad: append(...always('throttled')),
  anAppendThatIsNotAnswered: append(...always('lost')),
  anAppendThatIsForbidden: append(...always('forbidden')),
  anAcknowledgement: delivery(200),
  anOutage: delivery('nothing'),
  aRefusal: delivery(400),
  anEndpointThatIsGone: delivery(410),
  anUndecodableBatch: undecodable,
  anIdleSweep: swept(undefined),
  lagOfAMinute: swept(60_000),
  lagOfAnHour: swept(3_600_000),
  aPausedGroup: swept(3_600_000, { endpoint: { status: 'disabled' } }),
  aGroupThatIsPolled: sweptPulled(true),
  aGroupThatNobodyPolls: sweptPulled(false),
  aRecordThatIsStuck: sweptPulled(true, [{ start: 0, end: 1, state: 'stuck', deliveries: 10 }]),
  aWakeThatFails: failedWake(1),
  aWakeThatFailedOften: failedWake(9),
  streamEventsThatFail: failedStream,
  aSegment: archived(hourMs, 'archive'),
  anArchiveInTime: archived(hourMs + 5 * 60_000, 'sweep'),
  anArchiveThatIsLateByAnHour: archived(2 * hourMs, 'sweep'),
  anArchiveThatIsLateByADay: archived(25 * hourMs, 'sweep'),
  aPartitionThatCannotBeArchived: failedTask,
  aTableThatRefuses: throttled,
} satisfies Record<string, Cause>;

export type CauseName = keyof typeof causes;
