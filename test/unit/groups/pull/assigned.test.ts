import { describe, expect, it } from 'vitest';
import { limits } from '../../../../lib/domain/limits.ts';
import { makeRig, offsetsOf, places } from './rig.ts';

const codeOf = async (request: Promise<unknown>): Promise<string> => {
  try {
    await request;
    return 'done';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe('a poll of a group whose members share the partitions', () => {
  it('hands out what is there in order, and nothing more before it is acknowledged', async () => {
    const { append, poll, ack } = await makeRig();
    append(0, 3);
    expect(places(await poll('a', { maxRecords: 2 }))).toEqual(['0:0', '0:1']);
    expect(places(await poll('a'))).toEqual([]);
    await ack('a', { 0: 2 });
    expect(places(await poll('a'))).toEqual(['0:2']);
  });

  it('goes on before an acknowledgement where it is told what the client has', async () => {
    const { append, poll, ack, cursor } = await makeRig();
    append(0, 3);
    const { epochs } = await poll('a', { maxRecords: 2 });
    const known = { epochs, positions: offsetsOf({ 0: 2 }) };
    expect(places(await poll('a', known))).toEqual(['0:2']);
    // An answer was lost: what was handed out with it comes again.
    expect(places(await poll('a', known))).toEqual(['0:2']);
    // What it got under another lease says nothing.
    expect(places(await poll('a', { ...known, epochs: offsetsOf({ 0: 7 }) }))).toEqual([]);
    await ack('a', { 0: 3 });
    expect(await cursor()).toMatchObject({ committed: 3, attempts: 0 });
    expect((await cursor())?.handedOut).toBeUndefined();
  });

  it('acknowledges what came before in the write that hands out more', async () => {
    const { append, poll, calls, cursor } = await makeRig();
    append(0, 1);
    await poll('a');
    append(0, 1);
    calls.length = 0;
    expect(places(await poll('a', { ack: { offsets: offsetsOf({ 0: 1 }) } }))).toEqual(['0:1']);
    expect(calls).toEqual(['batches.present', 'batches.range', 'cursors.replace']);
    expect(await cursor()).toMatchObject({ committed: 1, handedOut: 2 });
  });

  it('hands out again what was not acknowledged in time', async () => {
    const { append, poll, ack, pass } = await makeRig({ reading: { ackTimeoutSeconds: 5 } });
    append(0, 2);
    await poll('a');
    pass(4999);
    expect(places(await poll('a'))).toEqual([]);
    pass(2);
    expect(places(await poll('a'))).toEqual(['0:0', '0:1']);
    // Late, and still before anybody else has them.
    await ack('a', { 0: 1 });
    pass(5001);
    expect(places(await poll('a'))).toEqual(['0:1']);
  });

  it('hands out at once what was given back, or after its delay', async () => {
    const { append, poll, nack, pass, cursor } = await makeRig({ reading: { sessionTimeoutSeconds: 3600 } });
    append(0, 3);
    await poll('a');
    await nack('a', { 0: 1 });
    expect(places(await poll('a'))).toEqual(['0:1', '0:2']);
    await nack('a', { 0: 1 }, 10_000);
    pass(9_999);
    expect(places(await poll('a'))).toEqual([]);
    pass(1);
    expect(places(await poll('a'))).toEqual(['0:1', '0:2']);
    expect(await cursor()).toMatchObject({ committed: 1, handedOut: 3 });
  });

  it('moves nothing by an acknowledgement of what was not handed out, or is not held', async () => {
    const { append, poll, ack, cursor } = await makeRig({ partitions: 2 });
    append(0, 2);
    append(1, 2);
    await poll('a');
    const before = [await cursor(0), await cursor(1)];
    expect(await codeOf(ack('a', { 0: 1, 1: 3 }))).toBe('not_handed_out');
    expect(await codeOf(ack('b', { 0: 1 }))).toBe('lease_lost');
    expect(await codeOf(ack('a', { 0: 1, 2: 1 }))).toBe('partition_not_found');
    expect([await cursor(0), await cursor(1)]).toEqual(before);
    // The same again is done.
    await ack('a', { 0: 2 });
    await ack('a', { 0: 2 });
    await ack('a', { 0: 1 });
    expect(await cursor(0)).toMatchObject({ committed: 2 });
  });

  it('gives each member no more partitions than its share, and all of them to one that is alone', async () => {
    const { poll } = await makeRig({ partitions: 16 });
    expect((await poll('a')).assignment).toHaveLength(16);
    await poll('b');
    await poll('c');
    const assignments = await Promise.all(['a', 'b', 'c'].map(async (name) => (await poll(name)).assignment));
    expect(assignments.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_none, at) => at));
    for (const assignment of assignments) expect(assignment.length).toBeLessThanOrEqual(6);
  });

  it('takes nothing that another has and may still acknowledge', async () => {
    const { append, poll, ack } = await makeRig({ partitions: 4 });
    for (const partition of [0, 1, 2, 3]) append(partition);
    await poll('a');
    const { assignment } = await poll('b');
    expect(assignment).toHaveLength(2);
    expect(places(await poll('b'))).toEqual([]);
    const [moved = 0] = assignment;
    await ack('a', { [moved]: 1 });
    append(moved);
    expect(places(await poll('b'))).toEqual([`${moved}:1`]);
    expect(await codeOf(ack('a', { [moved]: 1 }))).toBe('lease_lost');
  });

  it('waits for a hand-over no longer than the ack timeout, though the one who has it is alive', async () => {
    const { append, poll, pass, ack } = await makeRig({
      partitions: 2,
      reading: { ackTimeoutSeconds: 5, sessionTimeoutSeconds: 3600 },
    });
    append(0);
    append(1);
    await poll('a');
    const { assignment } = await poll('b');
    const [moved = 0] = assignment;
    pass(4_999);
    await poll('a', { maxRecords: 0 });
    expect(places(await poll('b'))).toEqual([]);
    pass(2);
    expect(places(await poll('b'))).toEqual([`${moved}:0`]);
    expect(await codeOf(ack('a', { [moved]: 1 }))).toBe('lease_lost');
    await ack('b', { [moved]: 1 });
  });

  it('has the partitions of one who left with the next poll', async () => {
    const { append, poll, leave } = await makeRig({ partitions: 8 });
    for (let partition = 0; partition < 8; partition += 1) append(partition);
    await poll('a');
    await poll('b');
    await leave('a');
    const { assignment, records } = await poll('b');
    expect(assignment).toHaveLength(8);
    expect(records).toHaveLength(8);
  });

  it('takes the partitions of a member that died when its session is over, having removed it', async () => {
    const { append, poll, pass, members, ack } = await makeRig({ reading: { sessionTimeoutSeconds: 10 } });
    append(0);
    await poll('a');
    await poll('b');
    pass(10_000 + limits.memberSkewMs - 1);
    expect(places(await poll('b'))).toEqual([]);
    pass(1);
    expect(places(await poll('b'))).toEqual(['0:0']);
    expect((await members.list('g1')).map(({ consumerId }) => consumerId)).toEqual(['b']);
    expect(await codeOf(ack('a', { 0: 1 }))).toBe('lease_lost');
  });

  it('believes no member whose clock is an hour ahead for longer than it may be one', async () => {
    const { append, poll, members, clock } = await makeRig();
    const now = clock.now();
    await members.join('g1', {
      consumerId: 'x',
      memberEpoch: 'e',
      expiresAt: now + 3_600_000,
      joinedAt: now,
      polledAt: now,
    });
    append(0);
    expect(places(await poll('a'))).toEqual(['0:0']);
  });

  it('renews its session once in a third of it, and has another when it was away', async () => {
    const { poll, pass, calls, members } = await makeRig({ reading: { sessionTimeoutSeconds: 30 } });
    await poll('a');
    const [first] = await members.list('g1');
    calls.length = 0;
    for (let second = 0; second < 30; second += 1) {
      pass(1000);
      await poll('a');
    }
    expect(calls.filter((call) => call === 'members.renew')).toHaveLength(3);
    pass(31_000);
    await poll('a');
    const [second] = await members.list('g1');
    expect(second?.memberEpoch).not.toBe(first?.memberEpoch);
  });

  it('keeps its session by acknowledgements alone', async () => {
    const { append, poll, ack, pass } = await makeRig({ reading: { sessionTimeoutSeconds: 10 } });
    append(0, 5);
    await poll('a');
    for (let offset = 1; offset <= 5; offset += 1) {
      pass(6000);
      await ack('a', { 0: offset });
    }
    append(0);
    expect(places(await poll('b'))).toEqual([]);
    expect(places(await poll('a'))).toEqual(['0:5']);
  });

  it('goes on at the start of a partition that retention has moved, and counts what is lost', async () => {
    const { append, poll, partitions, batches, cursor, told } = await makeRig();
    append(0);
    append(0);
    append(0);
    await partitions.advance({ topicId: 't1', partition: 0 }, 'startOffset', 2);
    await batches.delete({ topicId: 't1', partition: 0 }, [0, 1]);
    expect(places(await poll('a'))).toEqual(['0:2']);
    expect(await cursor()).toMatchObject({ committed: 2, lost: 2, handedOut: 3 });
    const details = { partition: 0, from: 0, to: 2, records: 2 };
    expect(told).toMatchObject([{ type: 'records.lost', topic: 'orders', group: 'billing', details }]);
  });

  it('hands out nothing while the group is paused, and keeps its members', async () => {
    const { append, poll, groups, group, pass, members } = await makeRig();
    append(0);
    const paused = await groups.update(group, { pausedSince: 1 });
    expect(places(await poll('a'))).toEqual([]);
    expect(await members.list('g1')).toHaveLength(1);
    if (paused !== undefined) await groups.update(paused, { pausedSince: null });
    pass(5000);
    expect(places(await poll('a'))).toEqual(['0:0']);
  });

  it('serves partitions that are added while it goes on', async () => {
    const { append, poll, grow } = await makeRig();
    await poll('a');
    grow(2);
    append(1);
    expect(places(await poll('a'))).toEqual(['1:0']);
  });

  it('is told of the group that it is gone, or was made again, and of one that is called that it cannot be polled', async () => {
    const { poll, groups, pass, group } = await makeRig();
    await poll('a');
    await groups.delete({ topicId: 't1', group: 'billing' }, 'g1');
    await groups.create({ ...group, groupId: 'g2', mode: 'push', delivery: {} } as never);
    pass(5000);
    expect(await codeOf(poll('a'))).toBe('invalid_request');
    await groups.delete({ topicId: 't1', group: 'billing' }, 'g2');
    expect(await codeOf(poll('a'))).toBe('group_not_found');
  });

  it('serves from several processes as from one', async () => {
    const { append, poll, ack, process } = await makeRig();
    const [one, other] = [process(), process()];
    append(0);
    expect(places(await poll('a', {}, one))).toEqual(['0:0']);
    expect(places(await poll('a', {}, other))).toEqual([]);
    await ack('a', { 0: 1 }, other);
    append(0);
    // This one remembers the cursor as it was: the write tells it better.
    expect(places(await poll('a', {}, one))).toEqual([]);
    expect(places(await poll('a', {}, other))).toEqual(['0:1']);
  });

  it('takes much from few partitions, at a read and a write for each, and others in turn', async () => {
    const { append, poll, ack, pass, calls } = await makeRig({ partitions: 4 });
    for (const partition of [0, 1, 2, 3]) append(partition, 500);
    await poll('a', { maxRecords: 0 });
    const first = new Set<number>();
    for (let second = 0; second < 20; second += 1) {
      calls.length = 0;
      const { records } = await poll('a', { maxRecords: 5 });
      const [partition = -1, ...others] = new Set(records.map(({ record }) => record.partition));
      expect([records.length, others]).toEqual([5, []]);
      expect(calls.filter((name) => name === 'cursors.replace')).toHaveLength(1);
      expect(calls.filter((name) => name === 'batches.range').length).toBeLessThanOrEqual(1);
      first.add(partition);
      await ack('a', { [partition]: (records.at(-1)?.record.offset ?? 0) + 1 });
      pass(1000);
    }
    expect(first).toEqual(new Set([0, 1, 2, 3]));
  });

  it('fills itself from many partitions that have little', async () => {
    const { append, poll } = await makeRig({ partitions: 40 });
    for (let partition = 0; partition < 40; partition += 1) append(partition, 2);
    append(7, 50);
    expect((await poll('a', { maxRecords: 100 })).records).toHaveLength(100);
  });
});
