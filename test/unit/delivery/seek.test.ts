import { describe, expect, test } from 'vitest';
import type { GroupStart } from '../../../lib/domain/groups/groups.ts';
import { seekGroup } from '../../../lib/groups/seek.ts';
import { answered, makeRig, offsetsOf, ok } from './rig.ts';

const partition = { topicId: 't1', partition: 0 };
const topic = {
  name: 'orders',
  topicId: 't1',
  partitions: 1,
  retentionHours: null,
  archive: false,
  createdAt: 0,
  version: 1,
};

type Made = Awaited<ReturnType<typeof makeRig>>;

const seek = ({ deps, group, ...stores }: Made, to: GroupStart) => {
  const { batches, cursors, groups, partitions, wakes: queue } = stores;
  const endOffset = async () => batches.table.end(partition);
  const reader = { endOffset, offsetAtTime: endOffset };
  const seeking = { ...deps, cursors, groups, partitions, queue, reader };
  return seekGroup(seeking, topic, group, { to, requestId: 'r1' });
};

/** Delivers what is on the queue, and what that puts there, until nothing is. */
const deliverAll = async ({ rig, takeWakes }: Made): Promise<void> => {
  for (let wakes = takeWakes(); wakes.length > 0; wakes = takeWakes()) {
    rig.pass(Math.max(...wakes.map(({ delayMs }) => delayMs)));
    for (const { wake } of wakes) await rig.deliver(wake);
  }
};

describe('a seek of a group that is called', () => {
  test('fences the run that holds the lease, and everything from there on is delivered', async () => {
    const made = await makeRig({ delivery: { batchSize: 2 } });
    const { rig, sent, cursor } = made;
    rig.append({ value: 0 }, { value: 1 }, { value: 2 }, { value: 3 });
    rig.answer = async () => {
      if (sent.length === 2) await seek(made, { offsets: { 0: 1 } });
      return ok;
    };
    await rig.deliver();
    // What it sent meanwhile was acknowledged for nothing.
    expect(sent.map(offsetsOf)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(await cursor()).toMatchObject({ committed: 1, leaseUntil: 0, epoch: 2 });
    await deliverAll(made);
    expect(sent.map(offsetsOf).slice(2)).toEqual([[1, 2], [3]]);
    expect(await cursor()).toMatchObject({ committed: 4, epoch: 3 });
  });

  test('to the end leaves out what is there and nothing that comes, also while a run is under way', async () => {
    const made = await makeRig({ delivery: { batchSize: 1 } });
    const { rig, sent, cursor } = made;
    rig.append({ value: 0 }, { value: 1 }, { value: 2 });
    rig.answer = async () => {
      if (sent.length > 1) return ok;
      await seek(made, 'latest');
      rig.append({ value: 3 });
      // The wake of the append.
      await rig.deliver();
      return ok;
    };
    await rig.deliver();
    await deliverAll(made);
    expect(sent.map(offsetsOf)).toEqual([[0], [3]]);
    expect(await cursor()).toMatchObject({ committed: 4 });
  });

  test('has what is there delivered at once, however far off the retry was', async () => {
    const made = await makeRig({ delivery: { backoff: { initialSeconds: 600, maxSeconds: 900 } } });
    const { rig, sent, cursor } = made;
    rig.append({ value: 0 }, { value: 1 });
    rig.answer = () => answered(503);
    await rig.deliver();
    const [retry] = made.takeWakes();
    rig.answer = () => ok;
    await seek(made, { offsets: { 0: 1 } });
    const at = rig.clock.now();
    await deliverAll(made);
    expect(rig.clock.now()).toBe(at);
    expect(sent.map(offsetsOf)).toEqual([[0, 1], [1]]);
    // The one of before finds nothing to do.
    await rig.deliver(retry?.wake);
    expect(sent).toHaveLength(2);
    expect(await cursor()).toMatchObject({ committed: 2, attempts: 0 });
  });

  test('costs the runs after it no refused write', async () => {
    const made = await makeRig();
    const { rig, calls, cursor } = made;
    rig.append({ value: 0 });
    await seek(made, 'earliest');
    await deliverAll(made);
    for (const value of [1, 2, 3]) {
      calls.length = 0;
      rig.append({ value });
      await rig.deliver();
      expect(calls.filter((call) => call === 'cursors.acquire')).toHaveLength(1);
    }
    expect(await cursor()).toMatchObject({ committed: 4, version: 1 });
  });
});
