import { describe, expect, test } from 'vitest';
import { objectName, type Segment } from '../../../lib/domain/archive/segments.ts';
import type { Stores } from '../implementations.ts';

const at = (topicId: string, partition: number) => ({ topicId, partition });
const here = at('t', 3);

/** Of ten offsets, by an attempt that no other segment has. */
const segment = (start: number, attempt = `a${start}`): Segment => ({
  start,
  end: start + 10,
  records: 9,
  bytes: 1234,
  bytesBefore: start,
  object: objectName({ topic: 'orders', partition: 3, start, end: start + 10, attempt }),
  objectBytes: 567,
  footerBytes: 89,
  checksum: 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=',
  firstAppendedAt: 1_700_000_000_000.25,
  lastAppendedAt: 1_700_000_000_999,
  maxTimestamp: -1,
});

export const describeSegmentStore = (open: () => Promise<Stores>): void => {
  describe('the manifest of a partition', () => {
    test('gives a segment as it was added', async () => {
      const { segments } = await open();
      expect(await segments.add(here, segment(0))).toStrictEqual(segment(0));
      expect(await segments.floor(here, 0)).toStrictEqual(segment(0));
      expect(await segments.list(here, { from: 0, limit: 10 })).toStrictEqual([segment(0)]);
    });

    test('keeps the segment that came first, and gives it to whoever comes second', async () => {
      const { segments } = await open();
      await segments.add(here, segment(0, 'first'));
      expect(await segments.add(here, segment(0, 'second'))).toStrictEqual(segment(0, 'first'));
      expect(await segments.add(here, segment(0, 'first'))).toStrictEqual(segment(0, 'first'));
      expect(await segments.list(here, { from: 0, limit: 10 })).toStrictEqual([segment(0, 'first')]);
    });

    test('of several that add at once one is kept, and all are told which', async () => {
      const { segments } = await open();
      const attempts = ['a', 'b', 'c', 'd'].map((attempt) => segments.add(here, segment(0, attempt)));
      const answers = await Promise.all(attempts);
      const [kept] = await segments.list(here, { from: 0, limit: 10 });
      for (const answer of answers) expect(answer).toStrictEqual(kept);
    });

    test('the floor is the segment of the highest start that is not above the offset', async () => {
      const { segments } = await open();
      const starts = [0, 10, 9_999_990, 10_000_000, Number.MAX_SAFE_INTEGER - 10];
      for (const start of starts.toReversed()) await segments.add(here, segment(start));
      const floorOf = async (offset: number) => (await segments.floor(here, offset))?.start;
      expect(await floorOf(0)).toBe(0);
      expect(await floorOf(9)).toBe(0);
      expect(await floorOf(10)).toBe(10);
      expect(await floorOf(9_999_989)).toBe(10);
      expect(await floorOf(9_999_999)).toBe(9_999_990);
      expect(await floorOf(10_000_000)).toBe(10_000_000);
      expect(await floorOf(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER - 10);
    });

    test('there is no floor below the first segment', async () => {
      const { segments } = await open();
      expect(await segments.floor(here, 5)).toBeUndefined();
      await segments.add(here, segment(10));
      expect(await segments.floor(here, 9)).toBeUndefined();
    });

    test('lists by start from any offset on, as many as are wanted', async () => {
      const { segments } = await open();
      for (const start of [20, 0, 100, 10]) await segments.add(here, segment(start));
      const startsFrom = async (from: number, limit: number) =>
        (await segments.list(here, { from, limit })).map(({ start }) => start);
      expect(await startsFrom(0, 10)).toEqual([0, 10, 20, 100]);
      expect(await startsFrom(0, 2)).toEqual([0, 10]);
      expect(await startsFrom(1, 2)).toEqual([10, 20]);
      expect(await startsFrom(20, 10)).toEqual([20, 100]);
      expect(await startsFrom(101, 10)).toEqual([]);
    });

    test('no partition sees another’s', async () => {
      const { segments } = await open();
      for (const other of [at('t', 0), at('t', 31), at('t2', 3), at('t/3', 3)])
        await segments.add(other, segment(0));
      expect(await segments.floor(here, 100)).toBeUndefined();
      expect(await segments.list(here, { from: 0, limit: 10 })).toEqual([]);
    });

    test('one that is replaced is another from then on, and may be replaced again', async () => {
      const { segments } = await open();
      const [first, second, third] = ['first', 'second', 'third'].map((attempt) => segment(0, attempt));
      if (!first || !second || !third) throw new Error('three segments');
      await segments.add(here, first);
      expect(await segments.replace(here, first.object, { ...second, records: 3 })).toBe(true);
      expect(await segments.floor(here, 0)).toStrictEqual({ ...second, records: 3 });
      expect(await segments.replace(here, first.object, { ...second, records: 3 })).toBe(true);
      expect(await segments.replace(here, second.object, third)).toBe(true);
      expect(await segments.replace(here, first.object, second)).toBe(false);
      expect(await segments.list(here, { from: 0, limit: 10 })).toStrictEqual([third]);
    });

    test('nothing is put in the place of a segment that is not there', async () => {
      const { segments } = await open();
      expect(await segments.replace(here, segment(0).object, segment(0, 'new'))).toBe(false);
      expect(await segments.floor(here, 0)).toBeUndefined();
    });

    test('deletes a segment of just this object', async () => {
      const { segments } = await open();
      await segments.add(here, segment(0, 'standing'));
      await segments.add(here, segment(10));
      await segments.delete(here, segment(0, 'other'));
      expect(await segments.floor(here, 0)).toStrictEqual(segment(0, 'standing'));
      await segments.delete(here, segment(0, 'standing'));
      await segments.delete(here, segment(0, 'standing'));
      expect(await segments.list(here, { from: 0, limit: 10 })).toStrictEqual([segment(10)]);
      expect(await segments.add(here, segment(0, 'other'))).toStrictEqual(segment(0, 'other'));
    });

    test('the newest is the one that was sealed after the one before it, and nobody else’s', async () => {
      const { segments } = await open();
      const [first, second] = [segment(0, 'first'), segment(10, 'second')];
      expect(await segments.newest(here)).toBeUndefined();
      expect(await segments.seal(here, second, first)).toBe(false);
      expect(await segments.seal(here, first, undefined)).toBe(true);
      expect(await segments.seal(here, segment(0, 'other'), undefined)).toBe(false);
      expect(await segments.newest(here)).toStrictEqual(first);
      expect(await segments.seal(here, second, first)).toBe(true);
      expect(await segments.seal(here, segment(10, 'other'), first)).toBe(false);
      expect(await segments.newest(here)).toStrictEqual(second);
      expect(await segments.newest({ ...here, partition: 4 })).toBeUndefined();
      // It is in no manifest by that.
      expect(await segments.floor(here, 100)).toBeUndefined();
      expect(await segments.list(here, { from: 0, limit: 10 })).toEqual([]);
    });

    test('one that is the newest already is sealed, and was not where another came after it', async () => {
      const { segments } = await open();
      const [first, second] = [segment(0, 'first'), segment(10, 'second')];
      await segments.seal(here, first, undefined);
      expect(await segments.seal(here, first, undefined)).toBe(true);
      await segments.seal(here, second, first);
      expect(await segments.seal(here, first, undefined)).toBe(false);
      expect(await segments.newest(here)).toStrictEqual(second);
    });

    test('of several that seal at once one is the newest, and it alone is told so', async () => {
      const { segments } = await open();
      const all = ['a', 'b', 'c', 'd'].map((attempt) => segment(0, attempt));
      const sealed = await Promise.all(all.map((one) => segments.seal(here, one, undefined)));
      expect(sealed.filter(Boolean)).toHaveLength(1);
      expect(await segments.newest(here)).toStrictEqual(all[sealed.indexOf(true)]);
    });

    test('which was the newest may be forgotten, again and again', async () => {
      const { segments } = await open();
      await segments.seal(here, segment(0), undefined);
      await segments.add(here, segment(0));
      await segments.forgetNewest(here);
      await segments.forgetNewest(here);
      expect(await segments.newest(here)).toBeUndefined();
      expect(await segments.floor(here, 0)).toStrictEqual(segment(0));
    });

    test('a late copy of a seal does not make a former one the newest again', async () => {
      const { segments, landCopies } = await open();
      const all = [0, 10, 20].map((start) => segment(start));
      for (const [index, one] of all.entries()) {
        expect(await segments.seal(here, one, all[index - 1])).toBe(true);
        await landCopies();
        expect(await segments.newest(here)).toStrictEqual(one);
      }
    });

    test('a late copy of any write changes nothing while a segment stands there', async () => {
      const { segments, landCopies } = await open();
      const [first, second] = [segment(0, 'first'), segment(0, 'second')];
      const steps = [
        () => segments.add(here, first),
        () => segments.replace(here, first.object, second),
        () => segments.delete(here, first),
        () => segments.add(here, segment(10)),
      ];
      for (const step of steps) {
        await step();
        const before = await segments.list(here, { from: 0, limit: 10 });
        await landCopies();
        expect(await segments.list(here, { from: 0, limit: 10 })).toStrictEqual(before);
      }
    });

    test('a page and a floor of many segments are whole', async () => {
      const { segments } = await open();
      const starts = Array.from({ length: 150 }, (_, number) => number * 10);
      // A few at a time: a server refuses connections where more of them come at once than it lets wait.
      for (let from = 0; from < starts.length; from += 10)
        await Promise.all(starts.slice(from, from + 10).map((start) => segments.add(here, segment(start))));
      const page = await segments.list(here, { from: 200, limit: 120 });
      expect(page.map(({ start }) => start)).toEqual(starts.slice(20, 140));
      expect((await segments.floor(here, 1234))?.start).toBe(1230);
    });
  });
};
