import { describe, expect, test } from 'vitest';
import {
  deliveryDefaults,
  type Group,
  type GroupChange,
  type PulledGroup,
  type PushGroup,
  type Redrive,
  readingDefaults,
} from '../../../lib/domain/groups/groups.ts';
import type { Stores } from '../implementations.ts';

const common = {
  name: 'billing',
  groupId: 'g1',
  topic: 'orders',
  topicId: 't',
  start: 'earliest',
  startOffsets: [0, 0],
  createdAt: 1_790_000_000_000,
} as const;
const pull: PulledGroup = { ...common, mode: 'pull', reading: readingDefaults };
const shared: PulledGroup = {
  ...common,
  mode: 'shared',
  reading: { sessionTimeoutSeconds: 10.5, ackTimeoutSeconds: 60, maxDeliveries: null },
};
const push: PushGroup = {
  ...common,
  mode: 'push',
  delivery: { ...deliveryDefaults, backoff: { initialSeconds: 0.5, maxSeconds: 900 } },
};
const ref = { topicId: 't', group: 'billing' };

const redrive: Redrive = {
  redriveId: 'r1',
  deadTopicId: 'dead',
  ranges: { '0': [3, 7], '1023': [0, 2 ** 53 - 1] },
  through: { '0': 7, '1023': 2 ** 53 - 1 },
  requestedAt: 1_790_000_000_001.5,
};
const slower = { sessionTimeoutSeconds: 60, ackTimeoutSeconds: 1, maxDeliveries: 3 };

export const describePulledGroupStore = (open: () => Promise<Stores>): void => {
  describe('groups that pull', () => {
    test.each<[string, Group]>([
      ['pull', pull],
      ['shared', shared],
      ['shared, redriven', { ...shared, redrive, pausedSince: 0.5 }],
    ])('one of mode %s comes back as it was created', async (_mode, group) => {
      const { groups } = await open();
      expect(await groups.create(group)).toStrictEqual({ created: true, group });
      expect(await groups.create(group)).toStrictEqual({ created: true, group });
      expect(await groups.get(ref)).toStrictEqual({ group, endpoints: [] });
      expect(await groups.list('t')).toStrictEqual([{ group, endpoints: [] }]);
    });

    test.each<[string, Group]>([
      ['push', push],
      ['pull', pull],
      ['shared', shared],
    ])('one of mode %s is paused and goes on, as it was read', async (_mode, group) => {
      const { groups } = await open();
      await groups.create(group);
      const paused = await groups.update(group, { pausedSince: 5.5 });
      expect(paused).toStrictEqual({ ...group, pausedSince: 5.5, version: 2 });
      expect((await groups.get(ref))?.group).toStrictEqual(paused);
      expect(await groups.update(group, { pausedSince: 6 })).toBeUndefined();
      expect(await groups.update(group, { pausedSince: null })).toBeUndefined();
      const resumed = await groups.update(paused ?? group, { pausedSince: null });
      expect(resumed).toStrictEqual({ ...group, version: 3 });
      expect((await groups.get(ref))?.group).toStrictEqual(resumed);
    });

    test('a change that is repeated finds that it was made, what it takes away too', async () => {
      const { groups } = await open();
      await groups.create(shared);
      const change: GroupChange = { pausedSince: 5, reading: slower, redrive };
      const changed = await groups.update(shared, change);
      expect(changed).toStrictEqual({ ...shared, ...change, version: 2 });
      expect(await groups.update(shared, change)).toStrictEqual(changed);
      expect(await groups.update(shared, { ...change, redrive: { ...redrive, redriveId: 'r2' } })).toBe(
        undefined,
      );
      const going = await groups.update(changed ?? shared, { pausedSince: null });
      expect(await groups.update(changed ?? shared, { pausedSince: null })).toStrictEqual(going);
      expect((await groups.get(ref))?.group).toStrictEqual(going);
    });

    test('settings are given whole, and a redrive takes the place of the one before', async () => {
      const { groups } = await open();
      await groups.create(shared);
      const first = (await groups.update(shared, { reading: slower, redrive })) ?? shared;
      const next = { ...redrive, redriveId: 'r2', ranges: { '1': [0, 1] }, through: { '1': 1 } } as const;
      const second = await groups.update(first, { reading: shared.reading, redrive: next });
      expect(second).toStrictEqual({ ...shared, redrive: next, version: 3 });
      expect((await groups.get(ref))?.group).toStrictEqual(second);
    });

    test('of changes of one version one counts', async () => {
      const { groups } = await open();
      await groups.create(shared);
      const changes: GroupChange[] = [
        { pausedSince: 1 },
        { pausedSince: 2 },
        { reading: slower },
        { redrive },
      ];
      const landed = await Promise.all(changes.map((change) => groups.update(shared, change)));
      const [winner, ...others] = landed.filter((each) => each !== undefined);
      expect(others).toStrictEqual([]);
      expect((await groups.get(ref))?.group).toStrictEqual(winner);
    });

    test('a late copy of any change changes nothing, of a successor neither', async () => {
      const { groups, landCopies } = await open();
      const standing = async () => (await groups.get(ref))?.group ?? shared;
      const steps: (() => Promise<unknown>)[] = [
        () => groups.create(shared),
        async () => groups.update(await standing(), { pausedSince: 5 }),
        async () => groups.update(await standing(), { pausedSince: null, redrive }),
        async () => groups.update(await standing(), { reading: slower }),
        async () => groups.update(await standing(), { redrive: { ...redrive, redriveId: 'r2' } }),
        async () => groups.update(await standing(), { pausedSince: 6 }),
        () => groups.delete(ref, 'g1'),
        () => groups.create({ ...pull, groupId: 'g2' }),
        async () => groups.update(await standing(), { pausedSince: 7 }),
      ];
      for (const step of steps) {
        await step();
        const before = await groups.get(ref);
        await landCopies();
        expect(await groups.get(ref)).toStrictEqual(before);
      }
    });

    test('a deleted group takes no change, and leaves its successor nothing', async () => {
      const { groups } = await open();
      await groups.create(shared);
      const paused = (await groups.update(shared, { pausedSince: 5, redrive })) ?? shared;
      await groups.delete(ref, 'g1');
      expect(await groups.update(paused, { pausedSince: null })).toBeUndefined();
      expect(await groups.update(paused, { pausedSince: 5, redrive })).toBeUndefined();
      expect(await groups.get(ref)).toBeUndefined();
      const successor = { ...pull, groupId: 'g2' };
      await groups.create(successor);
      expect(await groups.update(paused, { pausedSince: null })).toBeUndefined();
      expect(await groups.get(ref)).toStrictEqual({ group: successor, endpoints: [] });
    });

    test('what was given in or out cannot change what is stored', async () => {
      const { groups } = await open();
      await groups.create(shared);
      const given = structuredClone(redrive);
      const out = await groups.update(shared, { redrive: given });
      Reflect.set(given.ranges, '0', [0, 0]);
      Reflect.set(out?.redrive?.through ?? {}, '0', 0);
      Reflect.set(out?.reading ?? {}, 'maxDeliveries', 1);
      expect((await groups.get(ref))?.group).toStrictEqual({ ...shared, redrive, version: 2 });
    });
  });
};
