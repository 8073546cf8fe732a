import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PulledGroup, readingDefaults } from '../../lib/domain/groups/groups.ts';
import { type NewTopic, topicDefaults } from '../../lib/domain/topics.ts';
import { noSystemEvents } from '../../lib/events/system-events.ts';
import { PullGroups } from '../../lib/groups/pull/pull-groups.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { Arrivals } from '../../lib/log/read/arrivals.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import { Database } from '../../lib/stores/sqlite/database.ts';
import { sqliteStores } from '../../lib/stores/sqlite/stores.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { noTelemetry as telemetry } from '../../lib/surroundings/telemetry.ts';
import { TopicDirectory } from '../../lib/topics/directory.ts';
import { acknowledging, record } from './system.ts';

const total = 100_000;
const batch = 500;
const pollRecords = 100;

/** Records a second that so many members get of one partition and acknowledge, in one process over SQLite. */
export const sharedSpeed = async (members: number): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-groups-'));
  const database = new Database(join(folder, 'millrace.db'));
  try {
    const stores = sqliteStores(database, { clock });
    const arrivals = new Arrivals({ complete: true });
    const appender = new Appender({ batches: stores.batches, clock, random, telemetry });
    const reader = new Reader({ batches: stores.batches, partitions: stores.partitions, clock, arrivals });
    const directory = new TopicDirectory({ topics: stores.topics, clock });
    const made: NewTopic = {
      ...topicDefaults,
      name: 't',
      topicId: 't1',
      partitions: 1,
      createdAt: clock.now(),
    };
    await stores.topics.create(made);
    const group: PulledGroup = {
      name: 'g',
      groupId: 'g1',
      topic: 't',
      topicId: 't1',
      mode: 'shared',
      start: 'earliest',
      startOffsets: [0],
      reading: readingDefaults,
      createdAt: clock.now(),
    };
    await stores.groups.create(group);
    const at = { topicId: 't1', partition: 0 };
    for (let appended = 0; appended < total; appended += batch)
      await appender.append(at, new Array(batch).fill(record));
    const deps = {
      ...stores,
      systemEvents: noSystemEvents,
      appender,
      directory,
      reader,
      clock,
      random,
      telemetry,
    };
    const pulls = new PullGroups(deps, { isAlone: true });
    const topic = await directory.resolve('t');
    let got = 0;
    const begun = performance.now();
    const consume = async (consumerId: string): Promise<void> => {
      let ack: object = {};
      while (got < total) {
        const request = { consumerId, maxRecords: pollRecords, maxBytes: 4e6, waitMs: 20, ...ack };
        const polled = await pulls.poll(topic, 'g', request);
        got += polled.records.length;
        ack = acknowledging(polled, 'shared');
      }
    };
    await Promise.all(Array.from({ length: members }, (_none, index) => consume(`c${index}`)));
    return (got * 1000) / (performance.now() - begun);
  } finally {
    database.close();
    await rm(folder, { recursive: true });
  }
};
