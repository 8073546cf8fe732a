import { describe, expect, it } from 'vitest';
import { type SweepDeps, sweep } from '../../../lib/delivery/sweep.ts';
import { answered, cursorRef, groupRef, makeRig, type RigOptions } from './rig.ts';

const makeSweep = async (options: RigOptions = {}) => {
  const made = await makeRig(options);
  const settings = { partitions: 2, retentionHours: null, archive: false };
  await made.topics.create({ name: 'orders', topicId: 't1', createdAt: 0, ...settings });
  const { topics, partitions, removals, deps } = made;
  const appender = { close: () => Promise.reject(new Error('Nothing is deleted here.')) };
  const sweepDeps: SweepDeps = { ...deps, topics, partitions, removals, appender };
  return { ...made, sweep: () => sweep(sweepDeps) };
};

describe('sweep', () => {
  it('wakes a partition in which something waits and nobody is at it', async () => {
    const made = await makeSweep();
    expect(await made.sweep()).toEqual({ wakes: 0, removals: 0 });
    made.append({ value: 1 });
    expect(await made.sweep()).toEqual({ wakes: 1, removals: 0 });
    const wakes = made.takeWakes();
    expect(wakes).toMatchObject([
      { wake: { kind: 'append', groupId: 'g1', group: 'billing', partition: 0 } },
    ]);
    for (const { wake } of wakes) await made.deliver(wake);
    expect(made.sent).toHaveLength(1);
    expect(await made.sweep()).toEqual({ wakes: 0, removals: 0 });
  });

  it('leaves live leases and retries that are due later alone, until they are over', async () => {
    const made = await makeSweep();
    made.append({ value: 1 });
    made.rig.answer = async () => {
      expect(await made.sweep()).toMatchObject({ wakes: 0 });
      return answered(429, { retryAfter: '60' });
    };
    await made.deliver();
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
    made.rig.pass(60_000);
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
  });

  it('finds a lease whose holder died', async () => {
    const made = await makeSweep();
    made.append({ value: 1 });
    const taken = { read: undefined, startOffset: 0, owner: 'dead', now: made.clock.now(), pendingEnd: 1 };
    await made.cursors.acquire(cursorRef, { ...taken, leaseUntil: made.clock.now() + 1000 });
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
    made.rig.pass(1000);
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
  });

  it('wakes nobody whose endpoint is disabled, and still tells the lag', async () => {
    const made = await makeSweep({ endpoint: { status: 'disabled' } });
    made.append({ value: 1 }, { value: 2 });
    made.rig.pass(5000);
    made.append({ value: 3 });
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
    const lag = { kind: 'lag', topic: 'orders', group: 'billing', records: 3, oldestMs: 5000 };
    expect(made.events).toContainEqual(lag);
  });

  it('sweeps every topic though one fails, and then throws', async () => {
    const made = await makeSweep();
    const settings = { partitions: 1, retentionHours: null, archive: false, createdAt: 0 };
    for (const name of ['a', 'z']) await made.topics.create({ name, topicId: `t-${name}`, ...settings });
    made.append({ value: 1 });
    const list = made.groups.list.bind(made.groups);
    made.groups.list = (topicId) => (topicId === 't-a' ? Promise.reject(new Error('broken')) : list(topicId));
    await expect(made.sweep()).rejects.toThrow('broken');
    expect(made.takeWakes()).toMatchObject([{ wake: { topicId: groupRef.topicId } }]);
  });

  it('pages through more topics than one page holds', async () => {
    const made = await makeSweep();
    const settings = { partitions: 1, retentionHours: null, archive: false, createdAt: 0 };
    for (let index = 0; index < 250; index += 1)
      await made.topics.create({ name: `a${index}`, topicId: `a${index}`, ...settings });
    made.append({ value: 1 });
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
  });
});
