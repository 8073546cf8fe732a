import { describe, expect, it } from 'vitest';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import { at, hour, makeRig } from './rig.ts';

const eager = { ...archiveDefaults, segmentMaxBytes: 1, trimMinAgeMs: 0 };

/** One segment of one record an hour. */
const hourly = async (hours: number, settings: Parameters<typeof makeRig>[0]) => {
  const rig = await makeRig(settings);
  for (let index = 0; index < hours; index += 1) {
    rig.append({ value: index });
    await rig.archive({ options: eager });
    rig.pass(hour);
  }
  return rig;
};

describe('retention', () => {
  it('by time lets go of segments whose last record is too old: start offset, manifest and objects', async () => {
    const rig = await hourly(5, { retentionHours: 3 });
    await rig.archive({ options: eager });
    expect(await rig.state()).toMatchObject({ startOffset: 3, archivedThrough: 5 });
    expect((await rig.manifest()).map(({ start }) => start)).toEqual([3, 4]);
    expect(await rig.names()).toHaveLength(2);
  });

  it('by bytes lets go of the oldest while what comes after it has the bytes that are to be kept', async () => {
    const { batches } = await hourly(1, {});
    const bytes = batches.table.last(at)?.data.length ?? 0;
    const two = await hourly(5, { retentionBytes: 2 * bytes });
    expect(await two.state()).toMatchObject({ startOffset: 3 });
    const more = await hourly(5, { retentionBytes: 2 * bytes + 1 });
    expect(await more.state()).toMatchObject({ startOffset: 2 });
    // The last one alone has more than that.
    const least = await hourly(5, { retentionBytes: 1 });
    expect(await least.state()).toMatchObject({ startOffset: 4 });
  });

  it('keeps everything where nothing else is said', async () => {
    const rig = await hourly(3, { retentionHours: null, retentionBytes: null });
    rig.pass(10 * 365 * 24 * hour);
    await rig.archive({ options: eager });
    expect(await rig.state()).toMatchObject({ startOffset: 0 });
    expect(await rig.names()).toHaveLength(3);
  });

  it('lets go of batches too, where there is no archive, and keeps the last one for whoever appends next', async () => {
    const rig = await makeRig({ archive: false, retentionHours: 2 });
    for (let batch = 0; batch < 60; batch += 1) rig.append({ value: batch });
    rig.pass(2 * hour);
    await rig.archive();
    expect(await rig.state()).toMatchObject({ startOffset: 60, archivedThrough: 0, trimmedThrough: 59 });
    expect(rig.bases()).toEqual([59]);
    rig.append({ value: 'next' });
    await rig.archive();
    expect(await rig.state()).toMatchObject({ startOffset: 60 });
  });

  it('archives no batch that it lets go of', async () => {
    const rig = await makeRig({ retentionHours: 1 });
    rig.append({ value: 'old' });
    rig.pass(hour);
    rig.append({ value: 'new' });
    await rig.archive({ options: eager });
    expect(await rig.manifest()).toMatchObject([{ start: 1, end: 2 }]);
    expect(await rig.state()).toMatchObject({ startOffset: 1, archivedThrough: 2 });
  });

  it('moves the start offset before it deletes anything', async () => {
    const rig = await hourly(3, { retentionHours: 1000 });
    rig.pass(2000 * hour);
    const partitions = Object.assign(Object.create(rig.partitions) as typeof rig.partitions, {
      get: rig.partitions.get.bind(rig.partitions),
      advance: () => Promise.reject(new Error('died')),
    });
    await expect(rig.archive({ partitions })).rejects.toThrow('died');
    expect(await rig.names()).toHaveLength(3);
    expect(await rig.manifest()).toHaveLength(3);
  });

  it('deletes again what a late copy brought back below the start', async () => {
    const rig = await hourly(4, { retentionHours: 3 });
    const [first] = await rig.manifest();
    await rig.archive({ options: eager });
    const after = await rig.manifest();
    expect(after[0]?.start).toBeGreaterThan(first?.start ?? 0);
    if (first !== undefined) await rig.segments.add(at, first);
    await rig.archive({ options: eager });
    expect(await rig.manifest()).toEqual(after);
  });

  it('goes by a clock that was right when the log answered, and not by one that has jumped ahead since', async () => {
    const rig = await hourly(2, { retentionHours: 100 });
    let asked = 0;
    const clock = { now: () => rig.clock.now() + (asked++ > 0 ? 1000 * hour : 0) };
    await rig.archive({ options: eager, clock });
    expect(await rig.state()).toMatchObject({ startOffset: 0 });
  });
});
