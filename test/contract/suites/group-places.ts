import { describe, expect, test } from 'vitest';
import { deliveryDefaults, type Endpoint, type PushGroup } from '../../../lib/domain/groups/groups.ts';
import type { GroupStore } from '../../../lib/stores/groups.ts';
import type { Stores } from '../implementations.ts';

const group = (name: string, groupId = `id-of-${name}`): PushGroup => ({
  name,
  groupId,
  topic: 'orders',
  topicId: 't',
  mode: 'push',
  start: 'latest',
  startOffsets: [0],
  delivery: deliveryDefaults,
  createdAt: 1_790_000_000_000,
});

const endpoint = (endpointId: string): Endpoint => ({
  endpointId,
  url: 'https://example.com/hook',
  secrets: ['whsec_a'],
  status: 'enabled',
  createdAt: 1_790_000_000_000,
});

const ref = (name: string) => ({ topicId: 't', group: name });
const place = (name: string) => ({ groupId: `id-of-${name}`, name, takenAt: 1_790_000_000_000 });

const all = async (groups: GroupStore): Promise<unknown> => [
  await groups.list('t'),
  await groups.places('t'),
];

/** The places that endpoints and groups take before they are stored. */
export const describeGroupPlaces = (open: () => Promise<Stores>): void => {
  describe('places of groups', () => {
    test('are changed as they were read, topic by topic, until they are deleted', async () => {
      const { groups } = await open();
      expect(await groups.places('t')).toBeUndefined();
      const first = { version: 1, places: [place('a')] };
      expect(await groups.replacePlaces('t', undefined, [place('a')])).toStrictEqual(first);
      expect(await groups.replacePlaces('t', undefined, [place('b')])).toBeUndefined();
      expect(await groups.places('t')).toStrictEqual(first);
      const second = { version: 2, places: [place('a'), place('b')] };
      expect(await groups.replacePlaces('t', first, [place('a'), place('b')])).toStrictEqual(second);
      expect(await groups.replacePlaces('t', first, [])).toBeUndefined();
      expect(await groups.places('t')).toStrictEqual(second);
      expect(await groups.list('t')).toStrictEqual([]);
      expect(await groups.places('t2')).toBeUndefined();
      await groups.replacePlaces('t2', undefined, []);
      await groups.deletePlaces('t');
      await groups.deletePlaces('t');
      expect(await groups.places('t')).toBeUndefined();
      expect(await groups.places('t2')).toStrictEqual({ version: 1, places: [] });
    });

    test('that were changed recognise a repetition, and no other change', async () => {
      const { groups } = await open();
      const first = await groups.replacePlaces('t', undefined, [place('a')]);
      expect(await groups.replacePlaces('t', undefined, [place('a')])).toStrictEqual(first);
      const second = await groups.replacePlaces('t', first, [place('b')]);
      expect(await groups.replacePlaces('t', first, [place('b')])).toStrictEqual(second);
      expect(await groups.replacePlaces('t', first, [place('c')])).toBeUndefined();
    });

    test('of one version are given to one of those who ask', async () => {
      const { groups } = await open();
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (const read of [undefined, 'as it is now'] as const) {
        const known = read && (await groups.places('t'));
        const given = await Promise.all(
          names.map((name) => groups.replacePlaces('t', known, [...(known?.places ?? []), place(name)])),
        );
        expect(given.filter((each) => each !== undefined)).toStrictEqual([await groups.places('t')]);
      }
    });
  });

  describe('what is barred', () => {
    test('is an endpoint that was deleted, or where nothing stands and it is forsaken', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), endpoint('stands'));
      await groups.putEndpoint(ref('billing'), endpoint('deleted'));
      await groups.deleteEndpoint(ref('billing'), 'deleted');
      expect(await groups.barEndpoint(ref('billing'), 'stands', true)).toBe(false);
      expect(await groups.barEndpoint(ref('billing'), 'deleted', false)).toBe(true);
      expect(await groups.barEndpoint(ref('billing'), 'never', false)).toBe(false);
      expect(await groups.putEndpoint(ref('billing'), endpoint('never'))).toBe(true);
      expect(await groups.barEndpoint(ref('billing'), 'late', true)).toBe(true);
      expect(await groups.barEndpoint(ref('billing'), 'late', false)).toBe(true);
      expect(await groups.putEndpoint(ref('billing'), endpoint('late'))).toBe(false);
      expect((await groups.get(ref('billing')))?.endpoints).toStrictEqual([
        endpoint('never'),
        endpoint('stands'),
      ]);
    });

    test('is a group that was deleted, or where nothing stands under its name and it is forsaken', async () => {
      const { groups } = await open();
      await groups.create(group('stands'));
      await groups.create(group('deleted'));
      await groups.delete(ref('deleted'), 'id-of-deleted');
      expect(await groups.barGroup(ref('stands'), 'id-of-stands', true)).toBe(false);
      expect(await groups.barGroup(ref('stands'), 'another', true)).toBe(false);
      expect(await groups.barGroup(ref('deleted'), 'id-of-deleted', false)).toBe(true);
      expect(await groups.barGroup(ref('deleted'), 'late', false)).toBe(false);
      expect(await groups.barGroup(ref('deleted'), 'late', true)).toBe(true);
      await expect(groups.create(group('deleted', 'late'))).rejects.toMatchObject({ code: 'conflict' });
      expect(await groups.barGroup(ref('never'), 'id-of-never', false)).toBe(false);
      expect(await groups.barGroup(ref('never'), 'id-of-never', true)).toBe(true);
      await expect(groups.create(group('never'))).rejects.toMatchObject({ code: 'conflict' });
      expect((await groups.list('t')).map((each) => each.group.name)).toStrictEqual(['stands']);
      for (const name of ['deleted', 'never'])
        expect((await groups.create(group(name, 'next'))).created).toBe(true);
    });

    test('leaves an endpoint out of a group that bears the name by now', async () => {
      const { groups } = await open();
      await groups.create(group('billing', 'second'));
      const former = { ...ref('billing'), groupId: 'first' };
      expect(await groups.putEndpoint(former, endpoint('e'))).toBe(false);
      expect(await groups.putEndpoint({ ...former, groupId: 'second' }, endpoint('e'))).toBe(true);
    });

    test('stays so when a copy of any of these writes lands late', async () => {
      const { groups, landCopies } = await open();
      const steps = [
        () => groups.replacePlaces('t', undefined, [place('a')]),
        async () => groups.replacePlaces('t', await groups.places('t'), [place('a'), place('b')]),
        () => groups.barGroup(ref('a'), 'id-of-a', true),
        () => groups.create(group('a', 'second')),
        () => groups.update(group('a', 'second'), { places: [] }),
        () => groups.barEndpoint(ref('a'), 'e1', true),
        () => groups.putEndpoint(ref('a'), endpoint('e2')),
        () => groups.updateEndpoint(ref('a'), endpoint('e2'), {}),
        async () => groups.replacePlaces('t', await groups.places('t'), []),
        () => groups.delete(ref('a'), 'second'),
        () => groups.barGroup(ref('a'), 'third', true),
        () => groups.create(group('a', 'fourth')),
      ];
      for (const step of steps) {
        await step();
        const before = await all(groups);
        await landCopies();
        expect(await all(groups)).toStrictEqual(before);
        expect(await groups.barEndpoint(ref('a'), 'e1', false)).toBe(steps.indexOf(step) >= 5);
      }
    });
  });
};
