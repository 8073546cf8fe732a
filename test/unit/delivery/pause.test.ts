import { describe, expect, test } from 'vitest';
import { partitionsOf } from '../../../lib/domain/topics.ts';
import { pauseGroup, resumeGroup } from '../../../lib/groups/pause.ts';
import { makeRig, offsetsOf, ok } from './rig.ts';

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

const pause = ({ deps, groups, clock }: Made) => pauseGroup({ ...deps, groups, clock }, topic, 'billing');

const resume = ({ deps, ...stores }: Made) => {
  const { batches, cursors, groups, partitions, wakes: queue } = stores;
  const reader = {
    endOffset: async () => batches.table.end(partitionsOf(topic)[0] ?? { topicId: '', partition: 0 }),
  };
  const request = { group: 'billing', requestId: 'r1' };
  return resumeGroup({ ...deps, cursors, groups, partitions, queue, reader }, topic, request);
};

/** Delivers what is on the queue, and what that puts there, until nothing is. */
const deliverAll = async ({ rig, takeWakes }: Made): Promise<void> => {
  for (let wakes = takeWakes(); wakes.length > 0; wakes = takeWakes()) {
    rig.pass(Math.max(...wakes.map(({ delayMs }) => delayMs)));
    for (const { wake } of wakes) await rig.deliver(wake);
  }
};

describe('a group that is paused', () => {
  test('is called no more within seconds by a run that is under way, and goes on where that stopped', async () => {
    const made = await makeRig({ delivery: { batchSize: 1 } });
    const { rig, sent, cursor } = made;
    rig.append({ value: 'a' }, { value: 'b' }, { value: 'c' }, { value: 'd' });
    rig.answer = async () => {
      if (sent.length === 1) await pause(made);
      // As long as a process goes by what it knows of a group.
      rig.pass(3000);
      return ok;
    };
    await rig.deliver();
    expect(sent.map(offsetsOf)).toEqual([[0], [1]]);
    expect(await cursor()).toMatchObject({ committed: 2, leaseUntil: 0 });
    await deliverAll(made);
    expect(sent).toHaveLength(2);

    rig.append({ value: 'e' });
    await rig.deliver();
    expect(sent).toHaveLength(2);
    await resume(made);
    await deliverAll(made);
    expect(sent.map(offsetsOf)).toEqual([[0], [1], [2], [3], [4]]);
    expect(await cursor()).toMatchObject({ committed: 5 });
  });

  test('is called again at once when it is resumed, however far off its retry was, and forgets none', async () => {
    const made = await makeRig({ delivery: { backoff: { initialSeconds: 600, maxSeconds: 900 } } });
    const { rig, sent, cursor } = made;
    rig.append({ value: 'a' });
    rig.answer = () => ({ kind: 'unreachable', reason: 'Connection refused.' });
    await rig.deliver();
    expect((await cursor())?.retryAt).toBeGreaterThan(rig.clock.now() + 500_000);
    await pause(made);
    rig.pass(10_000);
    rig.answer = () => ok;
    // The retry's own wake comes while nobody is to be called, and is gone.
    await deliverAll(made);
    expect(sent).toHaveLength(1);
    await resume(made);
    await deliverAll(made);
    expect(sent).toHaveLength(2);
    expect(await cursor()).toMatchObject({ committed: 1 });
  });

  test('that is resumed while a run still calls it loses nothing', async () => {
    const made = await makeRig({ delivery: { batchSize: 1 } });
    const { rig, sent, cursor } = made;
    rig.append({ value: 'a' }, { value: 'b' }, { value: 'c' });
    rig.answer = async () => {
      if (sent.length === 1) {
        await pause(made);
        rig.pass(1000);
        await resume(made);
        // What it sent finds the lease of this run.
        for (const { wake } of made.takeWakes()) await rig.deliver(wake);
      }
      rig.pass(3000);
      return ok;
    };
    await rig.deliver();
    await deliverAll(made);
    expect(sent.map(offsetsOf)).toEqual([[0], [1], [2]]);
    expect(await cursor()).toMatchObject({ committed: 3 });
  });
});
