import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign } from '../../../lib/domain/groups/assignment.ts';
import { murmur2 } from '../../../lib/domain/records/partitioning.ts';

const names = fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 40,
});
const partitions = fc.integer({ min: 1, max: 200 });
const consumers = (count: number): string[] =>
  Array.from({ length: count }, (_none, index) => `consumer-${index}`);

const loads = (owners: readonly string[], members: readonly string[]): number[] =>
  members.map((member) => owners.filter((owner) => owner === member).length);

/** How many partitions of the others change hands when one member leaves, of each of the first hundred. */
const movesAtLeaves = (count: number, members: readonly string[]): number[] => {
  const before = assign(count, members);
  return members.slice(0, 100).map((gone) => {
    const left = members.filter((member) => member !== gone);
    const after = assign(count, left);
    return before.filter((owner, partition) => owner !== gone && after[partition] !== owner).length;
  });
};
const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;

describe('the members of a group', () => {
  it('have every partition between them, and none more than the partitions by the members, rounded up', () => {
    fc.assert(
      fc.property(partitions, names, (count, members) => {
        const owners = assign(count, members);
        expect(owners).toHaveLength(count);
        const each = loads(owners, members);
        expect(each.reduce((sum, load) => sum + load, 0)).toBe(count);
        expect(Math.max(...each)).toBeLessThanOrEqual(Math.ceil(count / members.length));
      }),
    );
  });

  it('have the same partitions in whatever order they are given', () => {
    const ordered = names.chain((members) =>
      fc.tuple(
        fc.constant(members),
        fc.shuffledSubarray(members, { minLength: members.length, maxLength: members.length }),
      ),
    );
    fc.assert(
      fc.property(partitions, ordered, (count, [members, shuffled]) => {
        expect(assign(count, shuffled)).toEqual(assign(count, members));
      }),
    );
  });

  it('have the same partitions in whatever order, though two names have one hash', () => {
    const alike = ['ce6dva-20dkei', 'j5y6v2-1owv8jm'];
    expect(new Set(alike.map((name) => murmur2(Buffer.from(name)))).size).toBe(1);
    expect(assign(8, [...alike].reverse())).toEqual(assign(8, alike));
  });

  it('have nothing where there are none', () => {
    expect(assign(16, [])).toEqual([]);
    expect(assign(3, ['alone'])).toEqual(['alone', 'alone', 'alone']);
  });

  // Processes of an older version run beside newer ones, and take partitions by the same list of members: this must never change.
  it('have what they always had', () => {
    expect(assign(16, ['a', 'b', 'c', 'd']).join(' ')).toBe('a c a a a d c d c b d d b c b b');
    expect(assign(12, ['orders-1/é', 'orders-2', 'b', 'a', '日本'])).toEqual(
      'a b a a orders-1/é orders-1/é 日本 日本 orders-1/é 日本 b orders-2'.split(' '),
    );
  });

  it('have partitions that are spread as by chance, and not by their number', () => {
    const members = consumers(16);
    const owners = assign(1024, members);
    // By chance 63 of 1,023 neighbours have the same owner; by blocks it would be nearly all, by turns none.
    const alike = owners.filter((owner, partition) => owners[partition + 1] === owner).length;
    expect(alike).toBeGreaterThan(20);
    expect(alike).toBeLessThan(140);
  });
});

describe('when a member leaves', () => {
  it.each([
    { count: 16, members: 4, atMost: 4 },
    { count: 100, members: 10, atMost: 15 },
    { count: 1024, members: 16, atMost: 35 },
    { count: 1024, members: 100, atMost: 24 },
    { count: 1024, members: 1000, atMost: 3 },
  ])(
    'of $count partitions on $members members the others keep on average all but $atMost at most of theirs',
    ({ count, members, atMost }) => {
      const moves = movesAtLeaves(count, consumers(members));
      expect(mean(moves)).toBeLessThanOrEqual(atMost);
    },
  );
});
