import { expect, it } from 'vitest';
import { ArchiveDue } from '../../../lib/archive/due.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { orphanMinAgeMs } from '../../../lib/archive/orphans.ts';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../../lib/delivery/sweep/sweep.ts';
import type { ArchiveTask } from '../../../lib/domain/archive/archive-tasks.ts';
import { objectName } from '../../../lib/domain/archive/segments.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import { noSystemEvents } from '../../../lib/events/system-events.ts';
import { noTelemetry, type TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { ownSecrets } from '../../harness/secrets.ts';
import { at, hour, makeRig } from '../archive/rig.ts';

const orphan = objectName({ topic: 'orders', partition: 0, start: 7, end: 9, attempt: 'dead' });

/** A rig whose sweeps have an archive, with what they queue for it. */
const makeSweeps = async () => {
  const rig = await makeRig();
  const tasks: ArchiveTask[] = [];
  const appender = {
    close: async () => {
      const closing: Batch = {
        base: rig.batches.table.end(at),
        count: 0,
        data: new Uint8Array(0),
        writeId: new Uint8Array(8),
        appendedAt: rig.clock.now(),
        bytesBefore: 0,
      };
      rig.batches.table.put(at, closing, rig.clock.now(), rig.clock.now());
    },
  };
  const archive = {
    ...rig,
    due: new ArchiveDue({ ...rig, options: archiveDefaults }),
    queue: { send: async (sent: readonly ArchiveTask[]) => void tasks.push(...sent) },
  };
  const ends = new PartitionEnds(rig.batches);
  const deps = {
    ...rig,
    secrets: ownSecrets(),
    systemEvents: noSystemEvents,
    ends,
    archive,
    appender,
    queue: rig.wakes,
    telemetry: noTelemetry,
  };
  return {
    ...rig,
    tasks,
    sweep: (other: Partial<typeof deps> = {}) => sweep({ ...deps, ...other }, { remainingMs: () => 240_000 }),
  };
};

it('a sweep queues a task for each partition in which the archiver has something to do', async () => {
  const rig = await makeSweeps();
  rig.append({ value: 1 });
  await rig.sweep();
  expect(rig.tasks).toEqual([]);
  rig.pass(hour);
  await rig.sweep();
  expect(rig.tasks).toEqual([{ topic: 'orders', topicId: 't1', partition: 0 }]);
});

it('a sweep tells of a topic whose archive is late by more than a sweep and a run of the archiver take', async () => {
  const rig = await makeSweeps();
  const lateIn = async (): Promise<unknown[]> => {
    const events: TelemetryEvent[] = [];
    await rig.sweep({ telemetry: { record: (event) => void events.push(event) } });
    return events.filter(({ kind }) => kind === 'archive-late');
  };
  rig.append({ value: 1 });
  rig.pass(hour + 15 * 60_000 - 1);
  expect(await lateIn()).toEqual([]);
  rig.pass(1);
  expect(await lateIn()).toEqual([{ kind: 'archive-late', topic: 'orders', ms: 15 * 60_000 }]);
  await rig.archive();
  rig.pass(10 * hour);
  expect(await lateIn()).toEqual([]);
});

it('a sweep queues nothing for a topic that is being deleted', async () => {
  const rig = await makeSweeps();
  rig.append({ value: 1 });
  rig.pass(hour);
  const topic = await rig.topics.get('orders');
  if (topic !== undefined) await rig.topics.update(topic, { deletingSince: rig.clock.now() });
  await rig.sweep();
  expect(rig.tasks).toEqual([]);
});

it('a partition that cannot be read keeps no other from its task, and the sweep fails in the end', async () => {
  const rig = await makeSweeps();
  const topic = await rig.topics.get('orders');
  if (topic !== undefined) await rig.topics.update(topic, { partitions: 2 });
  rig.append({ value: 1 });
  rig.pass(hour);
  const end: typeof rig.batches.end = (of, query) =>
    of.partition === 1 ? Promise.reject(new Error('hot')) : rig.batches.end(of, query);
  await expect(rig.sweep({ ends: new PartitionEnds({ end }) })).rejects.toThrow('hot');
  expect(rig.tasks).toHaveLength(1);
});

it('once a day sweeps clear the archive of what no manifest names', async () => {
  const rig = await makeSweeps();
  await rig.sweep();
  await rig.objects.put(orphan, new Uint8Array(1));
  rig.pass(orphanMinAgeMs - 1);
  await rig.sweep();
  expect(await rig.names()).toEqual([orphan]);
  rig.pass(1);
  await rig.sweep();
  expect(await rig.names()).toEqual([]);
  await rig.objects.put(orphan, new Uint8Array(1));
  rig.pass(orphanMinAgeMs);
  await rig.sweep();
  expect(await rig.names()).toEqual([]);
});

it('a deleted topic’s segments go with it, objects and manifest, and not before its batches', async () => {
  const rig = await makeSweeps();
  rig.append({ value: 1 });
  rig.pass(hour);
  await rig.archive();
  const topic = await rig.topics.get('orders');
  if (topic !== undefined) await rig.topics.update(topic, { deletingSince: rig.clock.now() });
  const removal = { kind: 'topic', id: 't1', name: 'orders', partitions: 1 } as const;
  await rig.removals.put({ ...removal, requestedAt: rig.clock.now() });
  await rig.sweep();
  expect(await rig.names()).toHaveLength(1);
  rig.pass(limits.removalMinAgeMs);
  // Once more from the beginning, when it got no further than that.
  const segments = Object.assign(Object.create(rig.segments) as typeof rig.segments, {
    list: rig.segments.list.bind(rig.segments),
    delete: () => Promise.reject(new Error('died')),
  });
  const archive = {
    ...rig,
    due: { isDue: async () => false },
    queue: { send: async () => undefined },
    segments,
  };
  await expect(rig.sweep({ archive } as never)).rejects.toThrow('died');
  expect(await rig.names()).toEqual([]);
  await rig.sweep();
  expect(await rig.manifest()).toEqual([]);
  expect(await rig.segments.newest(at)).toBeUndefined();
  expect(rig.bases()).toEqual([]);
  expect(await rig.removals.list('topic', { limit: 1 })).toEqual([]);
});
