import { describe, expect, it } from 'vitest';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../../lib/delivery/sweep/sweep.ts';
import { toldAgainMs } from '../../../lib/domain/events/standing.ts';
import { disabling } from '../../../lib/domain/groups/groups.ts';
import { groupRef, makeRig, type RigOptions } from './rig.ts';

const makeSweep = async (options: RigOptions = {}) => {
  const made = await makeRig(options);
  const settings = { partitions: 1, retentionHours: null, archive: false };
  await made.topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
  const { topics, partitions, removals, schemas, sweepPlaces, members, paces, deps } = made;
  const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
  const ends = new PartitionEnds(deps.batches);
  const stores = { topics, partitions, removals, schemas, sweepPlaces, members, paces };
  /** What a sweep tells. */
  const sweptEvents = async () => {
    made.told.splice(0);
    await sweep({ ...deps, ...stores, ends, appender }, { remainingMs: () => 240_000 });
    return made.told.splice(0);
  };
  return { ...made, sweptEvents };
};

describe('sweep', () => {
  it('tells again what was disabled, in case that whoever did it died, and the same each time', async () => {
    const { sweptEvents, groups, clock, rig } = await makeSweep();
    expect(await sweptEvents()).toEqual([]);
    const [endpoint] = (await groups.get(groupRef))?.endpoints ?? [];
    if (endpoint === undefined) throw new Error('There is no endpoint.');
    await groups.updateEndpoint(groupRef, endpoint, disabling('It answered 410 (Gone).', clock.now()));
    const told = await sweptEvents();
    expect(told).toMatchObject([
      { type: 'endpoint.disabled', topic: 'orders', group: 'billing' },
      { type: 'group.paused', topic: 'orders', group: 'billing' },
    ]);
    rig.pass(toldAgainMs / 2);
    expect(await sweptEvents()).toEqual(told);
    rig.pass(toldAgainMs / 2);
    expect(await sweptEvents()).toEqual([]);
  });

  it('tells of records that retention took from a group that is given nothing', async () => {
    const { sweptEvents, append, trim, clock } = await makeSweep({ group: { pausedSince: 1 } });
    for (const value of [1, 2, 3, 4]) append({ value });
    expect(await sweptEvents()).toEqual([]);
    await trim(2);
    const lost = { type: 'records.lost', at: clock.now(), key: 'g1/0/0' };
    expect(await sweptEvents()).toMatchObject([
      { ...lost, details: { partition: 0, from: 0, to: 2, records: 2 } },
    ]);
    // It goes on, and is the same loss.
    await trim(4);
    expect(await sweptEvents()).toMatchObject([{ ...lost, details: { from: 0, to: 4, records: 4 } }]);
  });
});
