import { describe, expect, it } from 'vitest';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { sweep } from '../../../lib/delivery/sweep/sweep.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { Lease } from '../../../lib/groups/lease.ts';
import { answered, cursorRef, makeRig, ok } from './rig.ts';

const day = 86_400_000;

const makeSwept = async () => {
  const made = await makeRig();
  const settings = { partitions: 1, retentionHours: null, archive: false };
  await made.topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
  const { topics, partitions, removals, schemas, sweepPlaces, members, paces, deps } = made;
  const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
  const ends = new PartitionEnds(deps.batches);
  return {
    ...made,
    sweep: () =>
      sweep(
        { ...deps, ends, topics, partitions, removals, schemas, sweepPlaces, members, paces, appender },
        { remainingMs: () => 240_000 },
      ),
  };
};

describe('a deliverer whose clock is a day ahead', () => {
  it('holds up nobody with the time of its retry', async () => {
    const { rig, deliver, append, takeWakes, cursor, sweep } = await makeSwept();
    append({ value: 0 });
    rig.answer = () => answered(503, { retryAfter: '3600' });
    rig.pass(day);
    await deliver();
    const [retry] = takeWakes();
    rig.pass(-day);
    expect(await sweep()).toMatchObject({ wakes: 1 });
    rig.answer = () => ok;
    await deliver(retry?.wake);
    expect(await cursor()).toMatchObject({ committed: 1, retryAt: 0 });
  });

  it('holds up nobody with a lease that it left behind', async () => {
    const { rig, deliver, append, cursor, sweep } = await makeSwept();
    append({ value: 0 });
    rig.answer = () => Promise.reject(new Error('died'));
    rig.pass(day);
    await expect(deliver()).rejects.toThrow('died');
    rig.pass(-day);
    expect(await sweep()).toMatchObject({ wakes: 1 });
    rig.answer = () => ok;
    await deliver();
    expect(await cursor()).toMatchObject({ committed: 1, epoch: 2 });
  });

  it('sends again at most, and moves no cursor, when it was superseded for its clock', async () => {
    const { rig, deliver, append, sent, cursor } = await makeRig();
    append({ value: 0 }, { value: 1 });
    rig.pass(day);
    rig.answer = async () => {
      rig.answer = () => answered(200, { body: '{"ack":{"offset":1}}' });
      rig.pass(-day);
      await deliver().catch(() => undefined);
      rig.pass(day);
      return ok;
    };
    await deliver();
    expect((await cursor())?.committed).toBeLessThan(2);
    expect(sent.length).toBeGreaterThan(1);
  });
});

describe('a time in a cursor', () => {
  it('of a retry is waited for as long as the settings of its group allow', async () => {
    const { rig, deliver, append, sent, clock, cursors } = await makeRig({
      delivery: { backoff: { initialSeconds: 1, maxSeconds: 20 * 3600 } },
    });
    append({ value: 0 });
    rig.answer = () => answered(500);
    await deliver();
    const retry = { attempts: 20, pendingEnd: 1, lastFailure: 'It was out.' };
    const wait = 20 * 3_600_000;
    await cursors.release(cursorRef, { epoch: 1, retry: { ...retry, retryAt: clock.now() + wait } });
    await deliver();
    rig.pass(wait - 1);
    await deliver();
    expect(sent).toHaveLength(1);
    rig.pass(1);
    await deliver();
    expect(sent).toHaveLength(2);
  });

  it('is believed when the clock that wrote it is ahead by no more than clocks may differ', async () => {
    const { rig, deliver, append, sent } = await makeRig();
    append({ value: 0 });
    rig.pass(limits.clockAllowanceMs);
    rig.answer = () => Promise.reject(new Error('died'));
    await expect(deliver()).rejects.toThrow('died');
    rig.pass(-limits.clockAllowanceMs);
    await deliver();
    expect(sent).toHaveLength(1);
  });
});

describe('a lease', () => {
  const given = async (...asked: Parameters<typeof Lease.acquire>): Promise<Lease | undefined> => {
    const answer = await Lease.acquire(...asked);
    return answer.kind === 'given' ? answer.lease : undefined;
  };
  const request = {
    startOffset: 0,
    durationMs: 25_000,
    pendingEnd: 1,
    longestRetryMs: 3_600_000,
  };

  it('that is renewed late is not taken for the sake of an endpoint that is new', async () => {
    const { rig, cursors, clock, cursor } = await makeRig();
    const first = await given({ cursors, clock }, cursorRef, {
      ...request,
      read: undefined,
      owner: 'm0/a',
      beforeRetry: false,
    });
    const retry = { attempts: 9, retryAt: clock.now() + 3_600_000, pendingEnd: 1, lastFailure: 'x' };
    await first?.release(retry);
    const resuming = { ...request, beforeRetry: true };
    const held = await given({ cursors, clock }, cursorRef, {
      ...resuming,
      read: await cursor(),
      owner: 'm1/b',
    });
    rig.pass(25_001);
    const read = await cursor();
    expect(await held?.commit(1, 2)).toBe(true);
    const other = { ...resuming, read, owner: 'm2/c' };
    expect(await Lease.acquire({ cursors, clock }, cursorRef, other)).toMatchObject({ kind: 'refused' });
    expect(await cursor()).toMatchObject({ owner: 'm1/b', epoch: 2 });
  });

  it('has no time left for its holder when the clock was put back meanwhile', async () => {
    const { rig, cursors, clock } = await makeRig();
    const lease = await given({ cursors, clock }, cursorRef, {
      ...request,
      read: undefined,
      owner: 'm0/a',
      beforeRetry: false,
    });
    expect(lease?.remainingMs()).toBe(25_000);
    rig.pass(-1);
    expect(lease?.remainingMs()).toBe(0);
  });
});
