import { describe, expect, test } from 'vitest';
import {
  deliveryDefaults,
  disabling,
  type Endpoint,
  enabling,
  type PushGroup,
} from '../../../lib/domain/groups/groups.ts';
import type { GroupStore } from '../../../lib/stores/groups.ts';
import type { Stores } from '../implementations.ts';

const group = (name: string, more: Partial<PushGroup> = {}): PushGroup => ({
  name,
  groupId: `id-of-${name}`,
  topic: 'orders',
  topicId: 't',
  mode: 'push',
  start: { offsets: { '0': 12 } },
  startOffsets: [12, 0, 7],
  delivery: {
    ...deliveryDefaults,
    batchSize: 100,
    timeoutSeconds: 15,
    backoff: { initialSeconds: 0.5, maxSeconds: 900 },
  },
  createdAt: 1_790_000_000_000,
  ...more,
});

const endpoint = (endpointId: string, more: Partial<Endpoint> = {}): Endpoint => ({
  endpointId,
  url: 'https://example.com/hook?x=ü',
  secrets: ['whsec_new', 'whsec_old'],
  status: 'enabled',
  createdAt: 1_790_000_000_000,
  ...more,
});

const ref = (name: string, topicId = 't') => ({ topicId, group: name });

/** The endpoint of the group "billing" as it is now. */
const standing = async (groups: GroupStore, endpointId: string): Promise<Endpoint> => {
  const found = (await groups.get(ref('billing')))?.endpoints.find((each) => each.endpointId === endpointId);
  if (found === undefined) throw new Error(`There is no endpoint ${endpointId}.`);
  return found;
};

const gone = disabling('gone', 1_790_000_000_001);

export const describeGroupStore = (open: () => Promise<Stores>): void => {
  describe('groups', () => {
    test('a group comes back as it was created, with its endpoints in order of id', async () => {
      const { groups } = await open();
      const second = endpoint('e2', { headers: { 'X-Tenant': 'a' }, description: '' });
      expect(await groups.create(group('billing'))).toStrictEqual({ created: true, group: group('billing') });
      expect(await groups.putEndpoint(ref('billing'), second)).toBe(true);
      await groups.putEndpoint(ref('billing'), endpoint('e1'));
      expect(await groups.get(ref('billing'))).toStrictEqual({
        group: group('billing'),
        endpoints: [endpoint('e1'), second],
      });
      expect(await groups.get(ref('none'))).toBeUndefined();
    });

    test('a name is given once in a topic, and whoever comes later is told who has it', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      const later = await groups.create(group('billing', { groupId: 'other', startOffsets: [] }));
      expect(later).toStrictEqual({ created: false, group: group('billing') });
      const elsewhere = group('billing', { groupId: 'third', topicId: 't2' });
      expect((await groups.create(elsewhere)).created).toBe(true);
      expect((await groups.get(ref('billing')))?.group).toStrictEqual(group('billing'));
    });

    test('a creation that is repeated recognises itself', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      expect((await groups.create(group('billing'))).created).toBe(true);
    });

    test('groups whose names begin alike keep their endpoints apart and are listed in order of name', async () => {
      const { groups } = await open();
      const names = ['a', 'a.b', 'ab', 'a-b', 'a_b', 'a.b.c', 'A'];
      for (const name of names) {
        await groups.create(group(name));
        await groups.putEndpoint(ref(name), endpoint(`of-${name}`));
      }
      const expected = [...names]
        .sort()
        .map((name) => ({ group: group(name), endpoints: [endpoint(`of-${name}`)] }));
      expect(await groups.list('t')).toStrictEqual(expected);
      for (const subscription of expected)
        expect(await groups.get(ref(subscription.group.name))).toStrictEqual(subscription);
      await groups.delete(ref('a'), group('a').groupId);
      expect((await groups.list('t')).map((each) => each.group.name)).toStrictEqual(
        expected.map((each) => each.group.name).filter((name) => name !== 'a'),
      );
      expect((await groups.get(ref('a.b')))?.endpoints).toHaveLength(1);
    });

    test('a list of more than a page is whole', async () => {
      const { groups } = await open();
      const names = Array.from({ length: 30 }, (_, index) => `group-${10 + index}`);
      for (const name of names) {
        await groups.create(group(name));
        await groups.putEndpoint(ref(name), endpoint('e', { description: 'x'.repeat(50_000) }));
      }
      const listed = await groups.list('t');
      expect(listed.map((each) => each.group.name)).toStrictEqual(names);
      expect(listed.map(({ endpoints }) => endpoints.length)).toStrictEqual(names.map(() => 1));
    });

    test('a group that was deleted is not stored again, and its name is free', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.delete(ref('billing'), group('billing').groupId);
      await expect(groups.create(group('billing'))).rejects.toMatchObject({ code: 'conflict' });
      expect(await groups.get(ref('billing'))).toBeUndefined();
      expect(await groups.list('t')).toStrictEqual([]);
      expect(await groups.putEndpoint(ref('billing'), endpoint('e'))).toBe(false);
      for (const groupId of ['second', 'third']) {
        expect((await groups.create(group('billing', { groupId }))).created).toBe(true);
        await groups.delete(ref('billing'), groupId);
      }
    });

    test('a late copy of any write changes nothing', async () => {
      const { groups, landCopies } = await open();
      const steps = [
        () => groups.create(group('billing')),
        () => groups.putEndpoint(ref('billing'), endpoint('e1')),
        async () => groups.updateEndpoint(ref('billing'), await standing(groups, 'e1'), gone),
        async () =>
          groups.updateEndpoint(ref('billing'), await standing(groups, 'e1'), {
            ...enabling(1_790_000_000_002),
            headers: { 'X-Tenant': 'a' },
            description: 'mended',
          }),
        async () =>
          groups.updateEndpoint(ref('billing'), await standing(groups, 'e1'), {
            url: 'https://example.com/other',
            headers: null,
            description: null,
          }),
        async () => groups.updateEndpoint(ref('billing'), await standing(groups, 'e1'), gone),
        () => groups.update(group('billing'), { delivery: { ...group('billing').delivery, batchSize: 1 } }),
        () =>
          groups.update(group('billing', { version: 2 }), {
            delivery: { ...group('billing').delivery, batchSize: 2 },
          }),
        () => groups.deleteEndpoint(ref('billing'), 'e1'),
        () => groups.putEndpoint(ref('billing'), endpoint('e2')),
        () => groups.delete(ref('billing'), group('billing').groupId),
        () => groups.create(group('billing', { groupId: 'second' })),
        () => groups.putEndpoint(ref('billing'), endpoint('e3')),
        () => groups.delete(ref('billing'), 'second'),
        () => groups.create(group('billing', { groupId: 'third' })),
      ];
      for (const step of steps) {
        await step();
        const before = [await groups.get(ref('billing')), await groups.list('t')];
        await landCopies();
        expect([await groups.get(ref('billing')), await groups.list('t')]).toStrictEqual(before);
      }
    });

    test('the delivery of a group changes as it was read, and of no other of its name', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      const faster = { ...group('billing').delivery, timeoutSeconds: 1 };
      const slower = { ...faster, timeoutSeconds: 30 };
      const changed = group('billing', { delivery: faster, version: 2 });
      expect(await groups.update(group('billing'), { delivery: faster })).toStrictEqual(changed);
      expect(await groups.update(group('billing'), { delivery: slower })).toBeUndefined();
      expect((await groups.get(ref('billing')))?.group).toStrictEqual(changed);
      const again = await groups.update(changed, { delivery: slower });
      expect(again).toStrictEqual(group('billing', { delivery: slower, version: 3 }));
      await groups.delete(ref('billing'), group('billing').groupId);
      expect(await groups.update(again ?? changed, { delivery: faster })).toBeUndefined();
      const successor = group('billing', { groupId: 'second' });
      await groups.create(successor);
      expect(await groups.update(group('billing'), { delivery: faster })).toBeUndefined();
      expect((await groups.get(ref('billing')))?.group).toStrictEqual(successor);
    });

    test('a deleted group leaves no endpoints to its successor, however late the deletion is repeated', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), endpoint('old'));
      await groups.delete(ref('billing'), group('billing').groupId);
      expect(await groups.get(ref('billing'))).toBeUndefined();
      const successor = group('billing', { groupId: 'second' });
      await groups.create(successor);
      await groups.putEndpoint(ref('billing'), endpoint('new'));
      await groups.delete(ref('billing'), group('billing').groupId);
      expect(await groups.get(ref('billing'))).toStrictEqual({
        group: successor,
        endpoints: [endpoint('new')],
      });
    });
  });

  describe('endpoints', () => {
    test('an endpoint needs a group', async () => {
      const { groups } = await open();
      expect(await groups.putEndpoint(ref('none'), endpoint('e'))).toBe(false);
      await groups.create(group('none'));
      expect((await groups.get(ref('none')))?.endpoints).toStrictEqual([]);
    });

    test('an endpoint is disabled as it was read, for the first reason', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), endpoint('e'));
      const disabled = endpoint('e', {
        status: 'disabled',
        disabledReason: 'gone',
        disabledAt: 1_790_000_000_001,
        version: 2,
      });
      const late = disabling('out for days', 1_790_000_000_009);
      expect(await groups.updateEndpoint(ref('billing'), endpoint('e'), gone)).toStrictEqual(disabled);
      expect(await groups.updateEndpoint(ref('billing'), endpoint('e'), late)).toBeUndefined();
      expect(await groups.updateEndpoint(ref('billing'), endpoint('none'), gone)).toBeUndefined();
      expect((await groups.get(ref('billing')))?.endpoints).toStrictEqual([disabled]);
      expect(await groups.putEndpoint(ref('billing'), endpoint('e'))).toBe(true);
      expect((await groups.get(ref('billing')))?.endpoints).toStrictEqual([disabled]);
    });

    test('one that was enabled again is not disabled by who saw it before', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), endpoint('e'));
      await groups.updateEndpoint(ref('billing'), endpoint('e'), gone);
      const enabled = await groups.updateEndpoint(ref('billing'), await standing(groups, 'e'), enabling(7));
      expect(enabled).toStrictEqual(endpoint('e', { calledSince: 7, version: 3 }));
      expect(await groups.updateEndpoint(ref('billing'), endpoint('e'), gone)).toBeUndefined();
      const second = endpoint('e', { version: 2 });
      expect(await groups.updateEndpoint(ref('billing'), second, gone)).toBeUndefined();
      expect((await groups.get(ref('billing')))?.endpoints).toStrictEqual([enabled]);
    });

    test('a change that another made just so in between counts as this one', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), endpoint('e'));
      const disabled = await groups.updateEndpoint(ref('billing'), endpoint('e'), gone);
      expect(await groups.updateEndpoint(ref('billing'), endpoint('e'), gone)).toStrictEqual(disabled);
      const delivery = { ...group('billing').delivery, batchSize: 7 };
      const changed = await groups.update(group('billing'), { delivery: delivery });
      expect(changed).toMatchObject({ version: 2 });
      expect(await groups.update(group('billing'), { delivery: delivery })).toStrictEqual(changed);
      expect(
        await groups.update(group('billing'), { delivery: { ...delivery, batchSize: 8 } }),
      ).toBeUndefined();
    });

    test('a header may have any name', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      const odd = endpoint('e', { headers: { constructor: 'a', toString: 'b', hasOwnProperty: 'c' } });
      await groups.putEndpoint(ref('billing'), odd);
      expect((await groups.get(ref('billing')))?.endpoints).toStrictEqual([odd]);
      const changed = await groups.updateEndpoint(ref('billing'), odd, { headers: { constructor: 'd' } });
      expect(changed?.headers).toStrictEqual({ constructor: 'd' });
    });

    test('an endpoint changes in what is given, and loses what is null', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      const first = endpoint('e', { headers: { a: '1' }, description: 'one' });
      await groups.putEndpoint(ref('billing'), first);
      const second = await groups.updateEndpoint(ref('billing'), first, { description: 'two' });
      expect(second).toStrictEqual({ ...first, description: 'two', version: 2 });
      const change = { url: 'https://example.com/', headers: { b: '2' }, description: null };
      const third = await groups.updateEndpoint(ref('billing'), second ?? first, change);
      const { description: _gone, ...rest } = first;
      expect(third).toStrictEqual({
        ...rest,
        url: 'https://example.com/',
        headers: { b: '2' },
        version: 3,
      });
      expect(await standing(groups, 'e')).toStrictEqual(third);
      await groups.updateEndpoint(ref('billing'), third ?? first, { headers: null });
      expect(await standing(groups, 'e')).not.toHaveProperty('headers');
    });

    test('of two changes of one version one counts', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), endpoint('e'));
      const changes = [gone, enabling(5), { url: 'https://example.com/a' }, { description: 'b' }];
      const landed = await Promise.all(
        changes.map((change) => groups.updateEndpoint(ref('billing'), endpoint('e'), change)),
      );
      const [winner, ...others] = landed.filter((each) => each !== undefined);
      expect(others).toStrictEqual([]);
      expect(await standing(groups, 'e')).toStrictEqual(winner);
    });

    test('an endpoint is deleted once and for all', async () => {
      const { groups } = await open();
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), endpoint('e'));
      await groups.putEndpoint(ref('billing'), endpoint('e2'));
      await groups.deleteEndpoint(ref('billing'), 'e');
      await groups.deleteEndpoint(ref('billing'), 'e');
      await groups.deleteEndpoint(ref('billing'), 'none');
      expect(await groups.putEndpoint(ref('billing'), endpoint('e'))).toBe(false);
      expect(await groups.updateEndpoint(ref('billing'), endpoint('e'), gone)).toBeUndefined();
      expect((await groups.get(ref('billing')))?.endpoints).toStrictEqual([endpoint('e2')]);
    });

    test('what was given in or out cannot change what is stored', async () => {
      const { groups } = await open();
      const given = endpoint('e', { secrets: ['whsec_new', 'whsec_old'] });
      await groups.create(group('billing'));
      await groups.putEndpoint(ref('billing'), given);
      const found = await groups.get(ref('billing'));
      Reflect.set(given.secrets, 0, 'changed');
      Reflect.set(found?.endpoints[0]?.secrets ?? [], 1, 'changed');
      Reflect.set(found?.group.startOffsets ?? [], 0, 99);
      expect(await groups.get(ref('billing'))).toStrictEqual({
        group: group('billing'),
        endpoints: [endpoint('e')],
      });
    });
  });
};
