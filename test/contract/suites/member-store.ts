import { describe, expect, test } from 'vitest';
import type { Member } from '../../../lib/domain/groups/members.ts';
import type { MemberStore } from '../../../lib/stores/members.ts';
import type { Stores } from '../implementations.ts';

/** A member whose session is over at 30,000. */
const member = (consumerId: string, more: Partial<Member> = {}): Member => ({
  consumerId,
  memberEpoch: `epoch-of-${consumerId}`,
  expiresAt: 30_000,
  joinedAt: 0,
  polledAt: 0,
  ...more,
});

const a = member('a');
/** The same session, renewed. */
const later = { ...a, polledAt: 15_000.25, expiresAt: 45_000.5 };
/** The next session of the same consumer. */
const anew = member('a', { memberEpoch: 'second', joinedAt: 60_000, polledAt: 60_000, expiresAt: 90_000 });

const joinAll = async (members: MemberStore, groupId: string, all: readonly Member[]): Promise<void> => {
  for (const each of all) expect(await members.join(groupId, each)).toStrictEqual(each);
};

export const describeMemberStore = (open: () => Promise<Stores>): void => {
  describe('members', () => {
    test('are listed in order of consumer id, those whose session is over too, and none of another group', async () => {
      const { members } = await open();
      const names = ['b', 'a-1', 'a', 'a.1', 'B', 'a_1', '0'];
      await joinAll(
        members,
        'g',
        names.map((name) => member(name, { expiresAt: 0.5 })),
      );
      for (const groupId of ['g2', 'g.2', 'g/member']) await joinAll(members, groupId, [member('other')]);
      const listed = (await members.list('g')).map(({ consumerId }) => consumerId);
      expect(listed).toStrictEqual([...names].sort());
      expect(await members.list('g2')).toStrictEqual([member('other')]);
      expect(await members.list('none')).toStrictEqual([]);
    });

    test('a list of more than a page is whole', async () => {
      const { members } = await open();
      const epoch = 'x'.repeat(40_000);
      const all = Array.from({ length: 30 }, (_, index) => member(`c-${10 + index}`, { memberEpoch: epoch }));
      await joinAll(members, 'g', all);
      expect(await members.list('g')).toStrictEqual(all);
    });

    test('who joins under a name that stands is told who has it, and whoever repeats it that it is theirs', async () => {
      const { members } = await open();
      expect(await members.join('g', a)).toStrictEqual(a);
      expect(await members.join('g', anew)).toStrictEqual(a);
      expect(await members.join('g', a)).toStrictEqual(a);
      expect(await members.list('g')).toStrictEqual([a]);
    });

    test('of eight that join under one name at once one stands, for all of them', async () => {
      const { members } = await open();
      const epochs = Array.from({ length: 8 }, (_, index) => `epoch-${index}`);
      const joining = async (replaced?: Member): Promise<Member | undefined> => {
        const answers = await Promise.all(
          epochs.map((epoch) => {
            const memberEpoch = `${epoch}-after-${replaced?.memberEpoch}`;
            return members.join('g', { ...anew, memberEpoch }, replaced);
          }),
        );
        const [standing] = await members.list('g');
        expect(answers).toStrictEqual(epochs.map(() => standing));
        return standing;
      };
      const first = await joining();
      const second = await joining(first);
      expect(second?.memberEpoch).not.toBe(first?.memberEpoch);
    });

    test('a session takes the place of one that is as it was read', async () => {
      const { members } = await open();
      await members.join('g', a);
      expect(await members.join('g', anew, a)).toStrictEqual(anew);
      expect(await members.join('g', anew, a)).toStrictEqual(anew);
      expect(await members.list('g')).toStrictEqual([anew]);
    });

    test.each([
      ['that was renewed since', { ...a, expiresAt: 29_999 }],
      ['of another session', { ...a, memberEpoch: 'other' }],
    ])('and not of one %s', async (_name, read) => {
      const { members } = await open();
      await members.join('g', a);
      expect(await members.join('g', anew, read)).toStrictEqual(a);
      expect(await members.list('g')).toStrictEqual([a]);
    });

    test('a session also begins where the one that it was to replace is gone', async () => {
      const { members } = await open();
      expect(await members.join('g', anew, a)).toStrictEqual(anew);
      expect(await members.list('g')).toStrictEqual([anew]);
    });

    test('a session is renewed, and a repetition finds that it is', async () => {
      const { members } = await open();
      await members.join('g', a);
      expect(await members.renew('g', later)).toStrictEqual(later);
      expect(await members.renew('g', later)).toStrictEqual(later);
      expect(await members.list('g')).toStrictEqual([later]);
    });

    test('a renewal changes the times alone, whatever else it is given', async () => {
      const { members } = await open();
      await members.join('g', a);
      expect(await members.renew('g', { ...later, joinedAt: 99 })).toStrictEqual(later);
    });

    test.each([
      ['does not lengthen it', { expiresAt: 30_000 }],
      ['would shorten it', { expiresAt: 29_999.5 }],
      ['comes when it is over', { polledAt: 30_000 }],
      ['is of another session', { memberEpoch: 'other' }],
    ])('a renewal that %s changes nothing, and shows what stands', async (_name, more) => {
      const { members } = await open();
      await members.join('g', a);
      expect(await members.renew('g', { ...later, ...more })).toStrictEqual(a);
      expect(await members.list('g')).toStrictEqual([a]);
    });

    test('who is not a member is not made one by a renewal', async () => {
      const { members } = await open();
      expect(await members.renew('g', later)).toBeUndefined();
      expect(await members.list('g')).toStrictEqual([]);
    });

    test('a member is removed as it was read, once and again', async () => {
      const { members } = await open();
      await joinAll(members, 'g', [a, member('b')]);
      expect(await members.remove('g', a)).toBe(true);
      expect(await members.remove('g', a)).toBe(true);
      expect(await members.list('g')).toStrictEqual([member('b')]);
      expect(await members.renew('g', later)).toBeUndefined();
    });

    test('one that was renewed since it was read stays', async () => {
      const { members } = await open();
      await members.join('g', a);
      await members.renew('g', later);
      expect(await members.remove('g', a)).toBe(false);
      expect(await members.list('g')).toStrictEqual([later]);
      expect(await members.remove('g', later)).toBe(true);
    });

    test('one whose name another session has by now does not stand any more, and that session does', async () => {
      const { members } = await open();
      await members.join('g', a);
      await members.join('g', anew, a);
      expect(await members.remove('g', a)).toBe(true);
      expect(await members.list('g')).toStrictEqual([anew]);
    });

    test('all of a group are removed, and none of another, nor a cursor', async () => {
      const { members, cursors } = await open();
      const all = Array.from({ length: 60 }, (_, index) => member(`c-${index}`));
      await Promise.all(all.map((each) => members.join('g', each)));
      for (const groupId of ['g2', 'g.2']) await members.join(groupId, a);
      const ref = { groupId: 'g', partition: 0 };
      await cursors.acquire(ref, { read: undefined, startOffset: 0, owner: 'o', leaseUntil: 1 });
      await members.deleteAll('g');
      await members.deleteAll('g');
      expect(await members.list('g')).toStrictEqual([]);
      expect([await members.list('g2'), await members.list('g.2')]).toStrictEqual([[a], [a]]);
      expect(await cursors.get(ref)).toBeDefined();
      await cursors.deleteAll('g2');
      expect(await members.list('g2')).toStrictEqual([a]);
    });

    test('a late copy of any write changes nothing of the session that stands', async () => {
      const { members, landCopies } = await open();
      const steps = [
        () => members.join('g', a),
        () => members.renew('g', later),
        () => members.join('g', anew, later),
        () => members.renew('g', { ...anew, polledAt: 70_000, expiresAt: 100_000 }),
        () => members.renew('g', { ...anew, polledAt: 80_000, expiresAt: 110_000 }),
        () => members.join('g', member('a', { memberEpoch: 'third' })),
      ];
      for (const step of steps) {
        await step();
        const before = await members.list('g');
        await landCopies();
        expect(await members.list('g')).toStrictEqual(before);
      }
    });

    test('who left is brought back by a copy of its own session alone, which is over when it would have been', async () => {
      const { members, landCopies } = await open();
      await members.join('g', a);
      await members.renew('g', later);
      await members.join('g', anew, later);
      await members.remove('g', anew);
      await landCopies();
      const [left, ...others] = await members.list('g');
      expect(others).toStrictEqual([]);
      if (left !== undefined) expect([a, later, anew]).toContainEqual(left);
      const next = member('a', { memberEpoch: 'third', expiresAt: 200_000 });
      expect(await members.join('g', next, left)).toStrictEqual(next);
      await landCopies();
      expect(await members.list('g')).toStrictEqual([next]);
    });

    test('what was given in or out cannot change what is stored, and what was given in can be changed', async () => {
      const { members } = await open();
      const given = { ...a };
      const out = await members.join('g', given);
      given.expiresAt = 99;
      Reflect.set(out ?? {}, 'expiresAt', 98);
      Reflect.set((await members.list('g'))[0] ?? {}, 'expiresAt', 97);
      expect(await members.list('g')).toStrictEqual([a]);
    });
  });
};
