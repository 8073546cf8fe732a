import { describe, expect, it } from 'vitest';
import {
  endpointDisabled,
  groupPausedByRequest,
  recordDeadLettered,
  recordsLost,
  type SystemEvent,
} from '../../../lib/domain/events/events.ts';
import { eventsTopicName, eventsTopicSettings } from '../../../lib/domain/events/topic.ts';
import type { Endpoint } from '../../../lib/domain/groups/groups.ts';
import { decodeRecords } from '../../../lib/domain/records/encoding.ts';
import { partitionsOf } from '../../../lib/domain/topics.ts';
import type { SystemEvents } from '../../../lib/events/system-events.ts';
import { newSystemEvents, type TellerDeps } from '../../../lib/events/teller.ts';
import { Appender } from '../../../lib/log/append/appender.ts';
import { MemoryBatchStore } from '../../../lib/stores/memory/batches.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { TopicDirectory } from '../../../lib/topics/directory.ts';
import { ManualClock } from '../../http/manual-clock.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

const hourMs = 3_600_000;
const group = { topic: 'orders', topicId: 't1', name: 'billing', groupId: 'g1' };
const ofEvents = { topic: eventsTopicName, topicId: 't2', name: 'alerts', groupId: 'g2' };
const endpoint = {
  endpointId: 'e1',
  url: 'https://hooks.example.com/',
  secrets: [],
  status: 'disabled',
  createdAt: 0,
  disabledAt: Date.UTC(2026, 2, 1),
  disabledReason: 'It answered 410 (Gone).',
} satisfies Endpoint;
const letter = {
  at: 0,
  topicId: 't1',
  from: 'orders',
  partition: 3,
  offset: 7,
  deliveries: 10,
  reason: 'refused',
  dead: { topic: 'orders.billing.dead', partition: 3, offset: 0 },
};

/** Stores that outlive the processes which tell. */
const makeWorld = () => {
  const clock = new ManualClock();
  const random = seededRandom(1);
  const stores = memoryStores({ clock });
  const batches = new MemoryBatchStore(clock);
  const faults: TelemetryEvent[] = [];
  const telemetry = { record: (event: TelemetryEvent) => void faults.push(event) };
  const process = (replace: Partial<TellerDeps> = {}): SystemEvents =>
    newSystemEvents({
      topics: stores.topics,
      directory: new TopicDirectory({ topics: stores.topics, clock }),
      appender: new Appender({ batches, idempotency: stores, clock, random }),
      clock,
      random,
      telemetry,
      ...replace,
    });
  const records = async () => {
    const topic = await stores.topics.get(eventsTopicName);
    const of = topic === undefined ? [] : partitionsOf(topic);
    return of.flatMap((at) => batches.table.batches(at).flatMap((batch) => decodeRecords(batch, 0)));
  };
  const values = async (): Promise<unknown[]> =>
    (await records()).map(({ valueJson = 'null' }) => JSON.parse(valueJson) as unknown);
  return { clock, stores, batches, faults, process, records, values };
};

describe('a system event', () => {
  it('is a record of a topic that is made with the first', async () => {
    const { stores, process, records } = makeWorld();
    const { tell } = process();
    expect(await stores.topics.get(eventsTopicName)).toBeUndefined();
    await tell(endpointDisabled(group, endpoint));
    expect(await stores.topics.get(eventsTopicName)).toMatchObject(eventsTopicSettings);
    const [record, ...others] = await records();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ key: 'orders/billing' });
    expect(JSON.parse(record?.headersJson ?? '')).toEqual({ 'millrace-event': 'endpoint.disabled' });
    expect(JSON.parse(record?.valueJson ?? '')).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/) as string,
      type: 'endpoint.disabled',
      time: '2026-03-01T00:00:00.000Z',
      topic: 'orders',
      group: 'billing',
      endpoint: 'e1',
      by: 'failures',
      reason: 'It answered 410 (Gone).',
    });
  });

  it('is there once, however often it is told within a day and by whomever', async () => {
    const { clock, process, records } = makeWorld();
    const event = endpointDisabled(group, endpoint);
    const first = process();
    await Promise.all([first.tell(event), first.tell(event), process().tell(event)]);
    clock.advance(20 * hourMs);
    await first.tell(event);
    await process().tell(event);
    expect(await records()).toHaveLength(1);
  });

  it('is there once where another told it in other words', async () => {
    const { process, records, faults } = makeWorld();
    const lost = { partition: 0, from: 5, to: 9, records: 4 };
    await process().tell(recordsLost(group, lost, 1000));
    await process().tell(recordsLost(group, { ...lost, to: 12, records: 7 }, 2000));
    expect(await records()).toHaveLength(1);
    expect(faults).toEqual([]);
  });

  it('costs a process that told it nothing more', async () => {
    const { clock, stores, batches, process } = makeWorld();
    const appender = new Appender({ batches, idempotency: stores, clock, random: seededRandom(2) });
    let appends = 0;
    const counting: TellerDeps['appender'] = {
      append: (...call) => {
        appends += 1;
        return appender.append(...call);
      },
    };
    const { tell } = process({ appender: counting });
    const event = groupPausedByRequest(group, 1);
    await tell(event);
    await tell(event);
    expect(appends).toBe(1);
  });

  it('goes to whatever topic of the name is there', async () => {
    const { stores, process, records } = makeWorld();
    const settings = { partitions: 1, retentionHours: 24, archive: true };
    await stores.topics.create({ name: eventsTopicName, topicId: 'own', createdAt: 0, ...settings });
    await process().tell(groupPausedByRequest(group, 1));
    expect(await stores.topics.get(eventsTopicName)).toMatchObject({ topicId: 'own', ...settings });
    expect(await records()).toHaveLength(1);
  });

  it('goes to the topic that another made with other settings meanwhile', async () => {
    const { stores, process, records, faults } = makeWorld();
    const settings = { partitions: 1, retentionHours: 24, archive: true };
    const { topics } = stores;
    const create: typeof topics.create = async (topic) => {
      await topics.create({ name: eventsTopicName, topicId: 'own', createdAt: 0, ...settings });
      return topics.create(topic);
    };
    const late = { create, get: topics.get.bind(topics) } as TellerDeps['topics'];
    await process({ topics: late }).tell(groupPausedByRequest(group, 1));
    expect(faults).toEqual([]);
    expect(await records()).toHaveLength(1);
  });
});

describe('an event that cannot be told', () => {
  it('fails nothing, is a fault, and can be told later', async () => {
    const { process, records, faults, stores, batches, clock } = makeWorld();
    const appender = new Appender({ batches, idempotency: stores, clock, random: seededRandom(2) });
    let fails = true;
    const failing: TellerDeps['appender'] = {
      append: (...call) => (fails ? Promise.reject(new Error('No.')) : appender.append(...call)),
    };
    const { tell } = process({ appender: failing });
    await tell(groupPausedByRequest(group, 1));
    expect(faults).toMatchObject([{ kind: 'fault', where: 'telling group.paused' }]);
    fails = false;
    await tell(groupPausedByRequest(group, 1));
    expect(await records()).toHaveLength(1);
  });

  it.each(['append', 'topic'] as const)('holds nobody up for more than seconds (%s)', async (what) => {
    const { process, clock, faults, stores } = makeWorld();
    const hung = new Promise<never>(() => undefined);
    let signal: AbortSignal | undefined;
    const replaced: Partial<TellerDeps> =
      what === 'append'
        ? {
            appender: {
              append: (_at, _records, call) => {
                signal = call?.signal;
                return hung;
              },
            },
          }
        : {
            directory: new TopicDirectory({ topics: { ...stores.topics, get: () => hung }, clock }),
          };
    const begun = clock.now();
    await clock.until(process(replaced).tell(groupPausedByRequest(group, 1)));
    expect(clock.now() - begun).toBeLessThanOrEqual(3000);
    expect(faults).toHaveLength(1);
    if (what === 'append') expect(signal?.aborted).toBe(true);
  });
});

describe('events of groups that read events', () => {
  const told = async (event: SystemEvent): Promise<number> => {
    const { process, records } = makeWorld();
    await process().tell(event);
    return (await records()).length;
  };

  it('are not told of their records, which would be events again for ever', async () => {
    const dead = { ...ofEvents, topic: `${eventsTopicName}.alerts.dead` };
    for (const each of [ofEvents, dead]) {
      expect(await told(recordDeadLettered(each, letter))).toBe(0);
      expect(await told(recordsLost(each, { partition: 0, from: 0, to: 1, records: 1 }, 0))).toBe(0);
    }
    expect(await told(recordDeadLettered(group, letter))).toBe(1);
  });

  it('are told of their endpoints and pauses, which come to an end', async () => {
    expect(await told(endpointDisabled(ofEvents, endpoint))).toBe(1);
    expect(await told(groupPausedByRequest(ofEvents, 1))).toBe(1);
  });
});
