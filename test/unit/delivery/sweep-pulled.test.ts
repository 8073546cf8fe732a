import { describe, expect, it } from 'vitest';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../../lib/delivery/sweep/sweep.ts';
import type { Cursor } from '../../../lib/domain/groups/cursors.ts';
import { type PulledGroup, readingDefaults } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { groupRef, makeRig } from './rig.ts';

const sessionMs = readingDefaults.sessionTimeoutSeconds * 1000;
const of = { topic: 'orders', group: 'billing' };

/** A topic of one partition with a group that is pulled from, which has no member. */
const makePulled = async (mode: PulledGroup['mode'] = 'pull', more: Partial<PulledGroup> = {}) => {
  const made = await makeRig();
  const { topics, partitions, removals, schemas, sweepPlaces, members, paces, cursors, clock } = made;
  const settings = { partitions: 1, retentionHours: null, archive: false, createdAt: 0 };
  await topics.create({ name: 'orders', topicId: 't1', ...settings });
  await made.groups.delete(groupRef, 'g1');
  const { delivery: _delivery, ...group } = made.group;
  await made.groups.create({ ...group, groupId: 'g2', mode, reading: readingDefaults, ...more });
  const stores = { topics, partitions, removals, schemas, sweepPlaces };
  const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
  const ends = new PartitionEnds(made.deps.batches);
  const listed: string[] = [];
  const list: typeof members.list = (groupId) => {
    listed.push(groupId);
    return members.list(groupId);
  };
  const deps = {
    ...made.deps,
    ...stores,
    members: { list, deleteAll: members.deleteAll.bind(members) },
    paces,
    ends,
    appender,
  };
  return {
    ...made,
    /** The groups whose members were read. */
    listed,
    join: (consumerId: string, expiresAt = clock.now() + sessionMs) =>
      members.join('g2', {
        consumerId,
        memberEpoch: consumerId,
        expiresAt,
        joinedAt: clock.now(),
        polledAt: clock.now(),
      }),
    set: (cursor: Partial<Cursor>, lane?: string) => {
      const empty = { committed: 0, epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0 };
      const ref = { groupId: 'g2', partition: 0, ...(lane !== undefined && { lane }) };
      return cursors.replace(ref, undefined, { ...empty, ...cursor, version: 1, writeId: 'w' });
    },
    /** What it tells. */
    sweep: async () => {
      made.events.length = 0;
      await sweep(deps, { remainingMs: () => 240_000 });
      return [...made.events];
    },
  };
};

const kinds = (events: readonly { kind: string }[]): string[] => events.map(({ kind }) => kind);

describe('a sweep of a group that is pulled from', () => {
  it('tells how far it is behind, and that nobody polls it, and wakes nobody', async () => {
    const made = await makePulled();
    made.append({ value: 1 }, { value: 2 });
    made.rig.pass(5000);
    expect(await made.sweep()).toMatchObject([
      { kind: 'lag', ...of, records: 2, oldestMs: 5000 },
      { kind: 'abandoned', ...of, records: 2 },
      { kind: 'swept', wakes: 0, paused: 0, abandoned: 1, stuckRecords: 0 },
    ]);
    expect(made.takeWakes()).toEqual([]);
  });

  it('finds nothing wrong while one member is live, and reads none where nothing waits', async () => {
    const made = await makePulled();
    expect(kinds(await made.sweep())).toEqual(['swept']);
    expect(made.listed).toEqual([]);
    made.append({ value: 1 });
    await made.join('gone', made.clock.now() - sessionMs);
    expect(kinds(await made.sweep())).toEqual(['lag', 'abandoned', 'swept']);
    await made.join('here');
    expect(kinds(await made.sweep())).toEqual(['lag', 'swept']);
    made.rig.pass(sessionMs + limits.memberSkewMs);
    expect(kinds(await made.sweep())).toEqual(['lag', 'abandoned', 'swept']);
  });

  it('lets one that is paused wait', async () => {
    const made = await makePulled('pull', { pausedSince: 1 });
    made.append({ value: 1 });
    expect(await made.sweep()).toMatchObject([
      { kind: 'paused', ...of, records: 1 },
      { kind: 'swept', paused: 1, abandoned: 0 },
    ]);
  });

  it('counts what is stuck on its way to the dead letters', async () => {
    const made = await makePulled('shared');
    for (let value = 0; value < 9; value += 1) made.append({ value });
    await made.join('here');
    await made.set({
      runs: [
        { start: 0, end: 3, state: 'stuck', deliveries: 10 },
        { start: 3, end: 4, state: 'held', by: 'here/here', deliveries: 1 },
        { start: 4, end: 5, state: 'stuck', deliveries: 10 },
      ],
    });
    expect(await made.sweep()).toMatchObject([
      { kind: 'lag', records: 9 },
      { kind: 'stuck', ...of, records: 4 },
      { kind: 'swept', abandoned: 0, stuckRecords: 4 },
    ]);
  });

  it('finds the dead letters that it was given again and nobody asks for, until it is through with them', async () => {
    const redrive = { redriveId: 'r1', deadTopicId: 't9', ranges: { 0: [4, 7] as const }, through: { 0: 7 } };
    const made = await makePulled('shared', { redrive: { ...redrive, requestedAt: 1 } });
    expect(await made.sweep()).toMatchObject([
      { kind: 'abandoned', ...of, records: 3 },
      { kind: 'swept', abandoned: 1 },
    ]);
    await made.set({ committed: 6, runs: [{ start: 6, end: 7, state: 'stuck', deliveries: 10 }] }, 'r1');
    expect(await made.sweep()).toMatchObject([
      { kind: 'stuck', records: 1 },
      { kind: 'abandoned', records: 1 },
      { kind: 'swept', stuckRecords: 1 },
    ]);
    const through = await makePulled('shared', { redrive: { ...redrive, requestedAt: 1 } });
    await through.set({ committed: 7 }, 'r1');
    expect(kinds(await through.sweep())).toEqual(['swept']);
  });

  it('is not kept from telling the lag by members that cannot be read', async () => {
    const made = await makePulled();
    made.append({ value: 1 });
    made.members.list = () => Promise.reject(new Error('away'));
    await expect(made.sweep()).rejects.toThrow('away');
    expect(made.events).toMatchObject([{ kind: 'lag' }, { kind: 'swept', failures: 1, abandoned: 0 }]);
  });
});
