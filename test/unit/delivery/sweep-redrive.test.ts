import { expect, it } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { makeSweep } from './sweep-rig.ts';

const ranges = { 0: [4, 7], 1: [0, 2] } as const;
const redrive = { redriveId: 'r1', deadTopicId: 'dead', ranges, through: {}, requestedAt: 1 };
const idle = { epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0 };

/** A group that was given dead letters again of which no wake is on the queue, and how it sets the cursors that go through them. */
const forsaken = async (paused: object = {}) => {
  const made = await makeSweep({ group: { redrive, ...paused } });
  let writes = 0;
  const set = async (partition: number, cursor: object): Promise<void> => {
    const ref = { groupId: 'g1', partition, lane: 'r1' };
    const standing = await made.cursors.get(ref);
    writes += 1;
    const next = { committed: 0, ...idle, ...cursor, version: (standing?.version ?? 0) + 1 };
    await made.cursors.replace(ref, standing, { ...next, writeId: `w${writes}` });
  };
  const partitionsWoken = async (): Promise<number[]> => {
    await made.sweep();
    return made.takeWakes().map(({ wake }) => {
      expect(wake).toMatchObject({ kind: 'continue', groupId: 'g1', redriveId: 'r1' });
      return wake.partition;
    });
  };
  return { ...made, set, partitionsWoken };
};

it('wakes what is left of dead letters that a push group was given again, until it is through with them', async () => {
  const { set, partitionsWoken, rig } = await forsaken();
  expect(await partitionsWoken()).toEqual([0, 1]);
  const now = rig.clock.now();
  await set(0, { committed: 5, leaseUntil: now + 20_000, owner: 'run' });
  await set(1, { committed: 0, attempts: 1, retryAt: now + 10_000 });
  expect(await partitionsWoken()).toEqual([]);
  rig.pass(10_000);
  expect(await partitionsWoken()).toEqual([1]);
  rig.pass(10_000 + limits.leaseMarginMs);
  expect(await partitionsWoken()).toEqual([0, 1]);
  await set(0, { committed: 7 });
  await set(1, { committed: 2 });
  expect(await partitionsWoken()).toEqual([]);
});

it('counts dead letters that a paused group was given again as waiting, and wakes nobody', async () => {
  const { partitionsWoken, events } = await forsaken({ pausedSince: 1 });
  expect(await partitionsWoken()).toEqual([]);
  expect(events.find(({ kind }) => kind === 'paused')).toMatchObject({ records: 5 });
});
