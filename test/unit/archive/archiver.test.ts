import { describe, expect, it } from 'vitest';
import { DamagedSegmentError } from '../../../lib/archive/format.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { parseObjectName } from '../../../lib/domain/archive/segments.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { at, hour, makeRig, task } from './rig.ts';

const small = { ...archiveDefaults, segmentMaxBytes: 100 };

describe('sealing', () => {
  it('waits until the batches that are not archived have the size of a segment, or the oldest its age', async () => {
    const rig = await makeRig();
    rig.append({ value: 'a' }, { value: 'b' });
    rig.pass(hour - 1);
    rig.append({ value: 'c' });
    await rig.archive();
    expect(await rig.manifest()).toEqual([]);
    rig.pass(1);
    await rig.archive();
    expect(await rig.manifest()).toMatchObject([{ start: 0, end: 3, records: 3 }]);
    expect(await rig.state()).toMatchObject({ archivedThrough: 3 });
  });

  it('makes one segment after the other of a long run, each as large as a segment is to be, and leaves the rest', async () => {
    const rig = await makeRig();
    for (let batch = 0; batch < 10; batch += 1) rig.append({ value: 'x'.repeat(50) });
    await rig.archive({ options: small });
    const manifest = await rig.manifest();
    expect(manifest.map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2, 4],
      [4, 6],
      [6, 8],
      [8, 10],
    ]);
    rig.append({ value: 'x' });
    await rig.archive({ options: small });
    expect(await rig.state()).toMatchObject({ archivedThrough: 10 });
  });

  it('keeps every record as it was, with where and when', async () => {
    const rig = await makeRig();
    rig.append({ key: 'k', value: { n: 1 }, headers: { a: 'b' } }, { valueBase64: 'AAE=', timestamp: 5 });
    const appendedAt = rig.clock.now();
    rig.pass(hour);
    await rig.archive();
    const of = { partition: 0, appendedAt };
    expect(await rig.recordsAt(0)).toEqual([
      { key: 'k', valueJson: '{"n":1}', headersJson: '{"a":"b"}', offset: 0, timestamp: appendedAt, ...of },
      { valueBase64: 'AAE=', offset: 1, timestamp: 5, ...of },
    ]);
  });

  it('names the object by topic, partition and offsets, and says in the manifest where its bytes belong', async () => {
    const rig = await makeRig();
    rig.append({ value: 1 });
    rig.append({ value: 2 });
    const [first, last] = rig.batches.table.batches(at);
    rig.pass(hour);
    await rig.archive();
    const [segment] = await rig.manifest();
    expect(parseObjectName(segment?.object ?? '')).toMatchObject({
      topic: 'orders',
      partition: 0,
      start: 0,
      end: 2,
    });
    expect(await rig.names()).toEqual([segment?.object]);
    expect(segment).toMatchObject({
      bytesBefore: 0,
      bytes: (first?.data.length ?? 0) + (last?.data.length ?? 0),
      firstAppendedAt: first?.appendedAt,
      lastAppendedAt: last?.appendedAt,
      maxTimestamp: last?.maxTimestamp,
    });
  });

  it('stops before a batch that cannot be decoded, says so, and deletes nothing from there on', async () => {
    const rig = await makeRig();
    rig.append({ value: 1 });
    rig.put(new Uint8Array([9, 9]), 1);
    rig.append({ value: 3 });
    rig.pass(3 * hour);
    await rig.archive();
    await rig.archive();
    expect(await rig.manifest()).toMatchObject([{ start: 0, end: 1 }]);
    expect(rig.bases()).toEqual([1, 2]);
    expect(rig.events).toContainEqual(
      expect.objectContaining({ kind: 'undecodable-batch', topic: 'orders', base: 1, end: 2 }),
    );
  });

  it('leaves a topic alone that keeps its records in the log, is being deleted, or is another of that name', async () => {
    const unarchived = await makeRig({ archive: false });
    const deleted = await makeRig();
    const topic = await deleted.topics.get('orders');
    if (topic !== undefined) await deleted.topics.update(topic, { deletingSince: 1 });
    for (const rig of [unarchived, deleted]) {
      rig.append({ value: 1 });
      rig.pass(2 * hour);
      await rig.archive();
      expect(await rig.names()).toEqual([]);
    }
    const other = await makeRig();
    other.append({ value: 1 });
    other.pass(2 * hour);
    await other.archive({
      topics: { get: async () => ({ ...(await other.topics.get('orders')), topicId: 't2' }) as never },
    });
    expect(await other.names()).toEqual([]);
  });

  it('begins no segment for which there is no time', async () => {
    const rig = await makeRig();
    for (let batch = 0; batch < 10; batch += 1) rig.append({ value: 'x'.repeat(50) });
    let left = 200_000;
    await rig.archive({ options: small }, () => (left -= 50_000));
    expect(await rig.manifest()).toHaveLength(2);
  });
});

describe('two archivers of the same records', () => {
  it('make one segment of them: the second finds that, and leaves nothing behind', async () => {
    const rig = await makeRig();
    rig.append({ value: 1 }, { value: 2 });
    rig.pass(hour);
    let second: Promise<void> | undefined;
    const objects = {
      put: async (name: string, body: Uint8Array) => {
        await rig.objects.put(name, body);
        // The other one goes all the way meanwhile, and gets further.
        second ??= (async () => {
          rig.append({ value: 3 });
          await rig.archive();
        })();
        await second;
      },
      read: rig.objects.read.bind(rig.objects),
      list: rig.objects.list.bind(rig.objects),
      delete: rig.objects.delete.bind(rig.objects),
    };
    await rig.archive({ objects });
    const manifest = await rig.manifest();
    expect(manifest).toMatchObject([{ start: 0, end: 3 }]);
    expect(await rig.names()).toEqual([manifest[0]?.object]);
    expect(await rig.state()).toMatchObject({ archivedThrough: 3 });
  });

  it('go on from one end, though one of them knows of no start offset and no archive', async () => {
    const rig = await makeRig();
    for (let value = 0; value < 4; value += 1) rig.append({ value });
    const stale = await rig.state();
    await rig.partitions.advance(at, 'startOffset', 1);
    rig.pass(hour);
    await rig.archive({ options: { ...archiveDefaults, segmentMaxBytes: 1 } });
    const manifest = await rig.manifest();
    expect(manifest.map(({ start, end }) => [start, end])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    const partitions = { get: async () => stale, advance: rig.partitions.advance.bind(rig.partitions) };
    await rig.archive({ partitions });
    expect(await rig.manifest()).toEqual(manifest);
    expect(await rig.names()).toEqual(manifest.map(({ object }) => object).sort());
  });

  it('go on from a manifest whose archiver got no further than that', async () => {
    const rig = await makeRig();
    rig.append({ value: 1 });
    rig.pass(hour);
    const partitions = {
      get: rig.partitions.get.bind(rig.partitions),
      advance: () => Promise.reject(new Error('died')),
    };
    await expect(rig.archive({ partitions })).rejects.toThrow('died');
    const [segment] = await rig.manifest();
    await rig.archive();
    expect(await rig.state()).toMatchObject({ archivedThrough: 1 });
    expect(await rig.names()).toEqual([segment?.object]);
  });
});

describe('what is read back after it was stored', () => {
  const damage: Readonly<Record<string, (body: Uint8Array) => Uint8Array>> = {
    'other bytes': (body) => body.map((byte, index) => (index === 20 ? byte ^ 1 : byte)),
    'no more than its beginning': (body) => body.subarray(0, body.length - 1),
  };
  it.each(Object.entries(damage))(
    'is not believed when it is %s: no manifest names it, nothing is deleted',
    async (_what, damaged) => {
      const rig = await makeRig();
      rig.append({ value: 'something long enough' });
      rig.append({ value: 1 });
      rig.pass(3 * hour);
      const objects = Object.assign(Object.create(rig.objects) as typeof rig.objects, {
        put: rig.objects.put.bind(rig.objects),
        delete: rig.objects.delete.bind(rig.objects),
        read: async (name: string, range: { from: number; to: number }) =>
          damaged(await rig.objects.read(name, range)),
      });
      await expect(rig.archive({ objects })).rejects.toThrow(DamagedSegmentError);
      expect(await rig.manifest()).toEqual([]);
      expect(rig.bases()).toEqual([0, 1]);
    },
  );
});

describe('deleting what is archived', () => {
  it('takes batches that the manifest covers once they are old enough, and never the last', async () => {
    const rig = await makeRig();
    rig.append({ value: 1 });
    rig.append({ value: 2 });
    rig.append({ value: 3 });
    rig.pass(hour);
    await rig.archive();
    expect(rig.bases()).toEqual([0, 1, 2]);
    rig.pass(limits.trimMinAgeMs - hour);
    await rig.archive();
    expect(rig.bases()).toEqual([2]);
    expect(await rig.state()).toMatchObject({ archivedThrough: 3, trimmedThrough: 2, startOffset: 0 });
    rig.append({ value: 4 });
    await rig.archive();
    expect(rig.bases()).toEqual([3]);
    expect(await rig.state()).toMatchObject({ trimmedThrough: 3 });
  });

  it('waits for the archive where there are older ones that it has not', async () => {
    const rig = await makeRig();
    rig.append({ value: 1 });
    rig.append({ value: 2 });
    rig.pass(3 * hour);
    const segments = Object.assign(Object.create(rig.segments) as typeof rig.segments, {
      list: rig.segments.list.bind(rig.segments),
      floor: rig.segments.floor.bind(rig.segments),
      add: () => Promise.reject(new Error('throttled')),
    });
    await expect(rig.archive({ segments })).rejects.toThrow('throttled');
    expect(rig.bases()).toEqual([0, 1]);
  });
});

it('is for the partition that its task names', async () => {
  const rig = await makeRig();
  rig.append({ value: 1 });
  rig.pass(hour);
  const { archivePartition } = await import('../../../lib/archive/archiver.ts');
  await archivePartition(rig.deps, { ...task, partition: 1 }, { remainingMs: () => 600_000 });
  expect(await rig.names()).toEqual([]);
});
