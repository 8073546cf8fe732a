import { describe, expect, it } from 'vitest';
import { readingDefaults } from '../../../lib/domain/groups/groups.ts';
import { endLeases } from '../../../lib/groups/end-leases.ts';
import { cursorRef, makeRig, offsetsOf, ok } from '../delivery/rig.ts';

describe('endLeases', () => {
  it('ends the leases of a process that died, so that delivery goes on at once with the same message', async () => {
    const { rig, deps, deliver, append, sent, topics, paces, random, takeWakes, cursor } = await makeRig();
    const settings = { partitions: 1, retentionHours: null, archive: false };
    await topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
    append({ value: 0 });
    rig.answer = () => Promise.reject(new Error('killed'));
    await expect(deliver()).rejects.toThrow('killed');
    append({ value: 1 });
    await deliver();
    expect(sent).toHaveLength(1);
    const pace = { version: 1, writeId: 'w', held: [{ holder: 'a', slots: 1, until: 9 }] };
    const ref = { groupId: 'g1', endpointId: 'e1' };
    await paces.replace(ref, undefined, { ...pace, bookedUntil: 0, waitedFor: 0 });
    expect(await endLeases({ ...deps, topics, paces, random })).toBe(1);
    expect(await paces.get(ref)).toBeUndefined();
    expect(await endLeases({ ...deps, topics, paces, random })).toBe(0);
    rig.answer = () => ok;
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([[0], [0], [1]]);
    expect([await cursor(), takeWakes()]).toMatchObject([{ committed: 2, epoch: 3 }, []]);
  });

  it('leaves what a group that pulls has handed out: its holders are clients, who go on with the next process', async () => {
    const { deps, topics, paces, groups, group, random, cursors, calls } = await makeRig();
    const settings = { partitions: 1, retentionHours: null, archive: false };
    await topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
    const { delivery: _none, ...push } = group;
    await groups.create({ ...push, name: 'g2', groupId: 'g2', mode: 'pull', reading: readingDefaults });
    const ref = { groupId: 'g2', partition: 0 };
    const ackUntil = deps.clock.now() + 60_000;
    const held = { committed: 0, epoch: 1, owner: 'c/m', leaseUntil: 0, attempts: 0, retryAt: 0 };
    const standing = { ...held, handedOut: 5, ackUntil, version: 1, writeId: 'w' };
    await cursors.replace(ref, undefined, standing);
    calls.length = 0;
    expect(await endLeases({ ...deps, topics, paces, random })).toBe(0);
    expect(await cursors.get(ref)).toEqual(standing);
    // Those of the other group alone are read.
    expect(calls.filter((call) => call === 'cursors.list')).toHaveLength(1);
  });

  it('ends those on dead letters that the group was given again, too', async () => {
    const { deps, topics, paces, groups, group, random, cursors } = await makeRig();
    const settings = { partitions: 1, retentionHours: null, archive: false };
    await topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
    const redrive = { redriveId: 'r1', deadTopicId: 'd1', ranges: { 0: [0, 1] as const }, through: {} };
    await groups.update(group, { redrive: { ...redrive, requestedAt: 0 } });
    const ref = { groupId: 'g1', partition: 0, lane: 'r1' };
    const leaseUntil = deps.clock.now() + 20_000;
    await cursors.acquire(ref, { read: undefined, startOffset: 0, owner: 'gone', leaseUntil });
    expect(await endLeases({ ...deps, topics, paces, random })).toBe(1);
    expect(await cursors.get(ref)).toMatchObject({ epoch: 2, leaseUntil: 0 });
  });

  it('fences a holder that is left all the same', async () => {
    const { rig, deps, deliver, append, topics, paces, random, cursors } = await makeRig();
    const settings = { partitions: 1, retentionHours: null, archive: false };
    await topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
    append({ value: 0 });
    rig.answer = async () => {
      await endLeases({ ...deps, topics, paces, random });
      return ok;
    };
    await deliver();
    expect(await cursors.get(cursorRef)).toMatchObject({ committed: 0, epoch: 2 });
  });
});
