import { expect, it } from 'vitest';
import { ArchiveDue } from '../../../lib/archive/due.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { TopicSettings } from '../../../lib/domain/topics.ts';
import { at, hour, makeRig } from './rig.ts';

const makeSweeps = async (settings: Partial<TopicSettings> = {}, options = archiveDefaults) => {
  const rig = await makeRig(settings);
  const asked: string[] = [];
  const due = new ArchiveDue({
    batches: {
      last: (...query) => {
        asked.push('last');
        return rig.batches.last(...query);
      },
      range: (of, range) => {
        asked.push('range');
        return rig.batches.range(of, range);
      },
    },
    segments: {
      list: (...query) => {
        asked.push('list');
        return rig.segments.list(...query);
      },
    },
    options,
  });
  return {
    ...rig,
    asked,
    /** Whether a sweep finds something to do, and what it asks the stores for that. */
    sweep: async () => {
      asked.length = 0;
      const topic = await rig.topics.get('orders');
      if (topic === undefined) throw new Error('No topic.');
      const end = rig.batches.table.end(at);
      return due.isDue(topic, { at, state: await rig.state(), end }, rig.clock.now());
    },
  };
};

it('is due when the oldest batch that is not archived is an hour old', async () => {
  const rig = await makeSweeps();
  expect(await rig.sweep()).toBe(false);
  rig.append({ value: 1 });
  expect(await rig.sweep()).toBe(false);
  rig.pass(hour);
  expect(await rig.sweep()).toBe(true);
  await rig.archive();
  expect(await rig.sweep()).toBe(false);
});

it('is due when the batches that are not archived are as large as a segment', async () => {
  const rig = await makeSweeps({}, { ...archiveDefaults, segmentMaxBytes: 100 });
  rig.append({ value: 'x'.repeat(60) });
  expect(await rig.sweep()).toBe(false);
  rig.append({ value: 'x'.repeat(60) });
  expect(await rig.sweep()).toBe(true);
});

it('is due when a batch that is archived may be deleted, and not for the last one', async () => {
  const rig = await makeSweeps();
  rig.append({ value: 1 });
  rig.append({ value: 2 });
  rig.pass(hour);
  await rig.archive();
  expect(await rig.sweep()).toBe(false);
  rig.pass(limits.trimMinAgeMs);
  expect(await rig.sweep()).toBe(true);
  await rig.archive();
  expect(rig.bases()).toEqual([1]);
  expect(await rig.sweep()).toBe(false);
});

it('is due when the oldest records are past the retention, be they in a segment or a batch', async () => {
  const rig = await makeSweeps({ retentionHours: 5 });
  rig.append({ value: 1 });
  rig.pass(hour);
  await rig.archive();
  rig.pass(4 * hour - 1);
  expect(await rig.sweep()).toBe(false);
  rig.pass(1);
  expect(await rig.sweep()).toBe(true);
  await rig.archive();
  expect(await rig.sweep()).toBe(false);
  const unarchived = await makeSweeps({ retentionHours: 5, archive: false });
  unarchived.append({ value: 1 });
  unarchived.pass(5 * hour - 1);
  expect(await unarchived.sweep()).toBe(false);
  unarchived.pass(1);
  expect(await unarchived.sweep()).toBe(true);
  await unarchived.archive();
  expect(await unarchived.sweep()).toBe(false);
});

it('is due when there are more bytes than are kept', async () => {
  const rig = await makeSweeps({ retentionBytes: 100, archive: false });
  rig.append({ value: 'x'.repeat(60) });
  expect(await rig.sweep()).toBe(false);
  rig.append({ value: 'x'.repeat(160) });
  expect(await rig.sweep()).toBe(true);
});

it('is due when the manifest names a segment below the start', async () => {
  const rig = await makeSweeps({ retentionHours: 5 });
  rig.append({ value: 1 });
  rig.pass(hour);
  await rig.archive();
  const [segment] = await rig.manifest();
  rig.pass(5 * hour);
  await rig.archive();
  if (segment !== undefined) await rig.segments.add(at, segment);
  // A process that has not looked yet.
  const fresh = new ArchiveDue({ ...rig, options: archiveDefaults });
  const topic = await rig.topics.get('orders');
  const swept = { at, state: await rig.state(), end: rig.batches.table.end(at) };
  expect(topic && (await fresh.isDue(topic, swept, rig.clock.now()))).toBe(true);
});

it('asks the stores for nothing while nothing changes', async () => {
  const rig = await makeSweeps({ retentionHours: 100, retentionBytes: 1e6 });
  rig.append({ value: 1 });
  rig.pass(hour);
  await rig.archive();
  rig.append({ value: 2 });
  await rig.sweep();
  expect(rig.asked.toSorted()).toEqual(['last', 'list', 'range', 'range']);
  rig.pass(60_000);
  expect(await rig.sweep()).toBe(false);
  expect(rig.asked).toEqual([]);
  // The size alone is asked for again where something was appended.
  rig.append({ value: 3 });
  expect(await rig.sweep()).toBe(false);
  expect(rig.asked).toEqual(['last']);
});
