import { describe, expect, test } from 'vitest';
import { objectName } from '../../../lib/domain/archive/segments.ts';
import { concurrently } from '../../../lib/domain/concurrently.ts';
import { ObjectMissingError, type ObjectStore, type StoredObject } from '../../../lib/stores/objects.ts';

export interface ObjectStoreKind {
  readonly name: string;
  /** Whether names are in the order of their bytes, as S3 has them. */
  readonly ordersByBytes: boolean;
  /** A store with nothing in it. */
  readonly open: () => Promise<ObjectStore>;
}

const name = objectName({ topic: 'orders', partition: 3, start: 0, end: 10, attempt: 'a1' });
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const namesOf = (objects: readonly StoredObject[]): readonly string[] => objects.map((object) => object.name);

/** Everything in it. */
const whole = async (objects: ObjectStore, object: string, size: number): Promise<Uint8Array> =>
  objects.read(object, { from: 0, to: size });

export const describeObjectStore = ({ name: kind, ordersByBytes, open }: ObjectStoreKind): void => {
  describe(`objects: ${kind}`, () => {
    test('an object is read as it was put, any range of it', async () => {
      const objects = await open();
      const body = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
      await objects.put(name, body);
      body.fill(7);
      const expected = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
      for (const [from, to] of [
        [0, 1000],
        [0, 1],
        [999, 1000],
        [255, 513],
      ] as const)
        expect(await objects.read(name, { from, to })).toStrictEqual(expected.slice(from, to));
    });

    test('a range that is not within the object is an error, not fewer bytes', async () => {
      const objects = await open();
      await objects.put(name, bytes(1, 2, 3));
      for (const range of [
        { from: 1, to: 4 },
        { from: 3, to: 4 },
        { from: -1, to: 2 },
        { from: 2, to: 2 },
      ])
        await expect(objects.read(name, range)).rejects.toBeInstanceOf(RangeError);
    });

    test('an object that is not there is missing', async () => {
      const objects = await open();
      await expect(whole(objects, name, 1)).rejects.toBeInstanceOf(ObjectMissingError);
      await objects.put(name, bytes(1));
      for (const near of [`${name}x`, name.slice(0, -1), 'topic=orders/partition=3'])
        await expect(whole(objects, near, 1)).rejects.toBeInstanceOf(ObjectMissingError);
    });

    test('what is there stays when its name is put again', async () => {
      const objects = await open();
      await objects.put(name, bytes(1, 2, 3));
      await objects.put(name, bytes(4, 5, 6));
      expect(await whole(objects, name, 3)).toStrictEqual(bytes(1, 2, 3));
    });

    test('an object of 20 MiB is whole', async () => {
      const objects = await open();
      const body = Buffer.alloc(20 * 2 ** 20, 'millrace: ');
      await objects.put(name, body);
      expect(await objects.list({ limit: 1 })).toMatchObject([{ name, bytes: body.length }]);
      const last = { from: body.length - 100_000, to: body.length };
      expect(Buffer.from(await objects.read(name, last)).equals(body.subarray(last.from))).toBe(true);
    });

    test('a listing has name, size and time of each, in pages', async () => {
      const objects = await open();
      const before = Date.now();
      expect(await objects.list({ limit: 10 })).toStrictEqual([]);
      for (const object of ['b/2', 'b/10', 'a/1', 'c']) await objects.put(object, bytes(1, 2));
      const listed = await objects.list({ limit: 10 });
      expect(namesOf(listed)).toStrictEqual(['a/1', 'b/10', 'b/2', 'c']);
      for (const object of listed) {
        expect(object.bytes).toBe(2);
        // Clocks of files are coarser than the process's.
        expect(Math.abs(object.storedAt - before)).toBeLessThan(60_000);
      }
      expect(namesOf(await objects.list({ limit: 2 }))).toStrictEqual(['a/1', 'b/10']);
      expect(namesOf(await objects.list({ after: 'b/10', limit: 1 }))).toStrictEqual(['b/2']);
      expect(namesOf(await objects.list({ after: 'b/1', limit: 9 }))).toStrictEqual(['b/10', 'b/2', 'c']);
      expect(namesOf(await objects.list({ after: 'c', limit: 9 }))).toStrictEqual([]);
    });

    test('a prefix may end within a part of a name', async () => {
      const objects = await open();
      const names = [
        'topic=a/partition=0/1',
        'topic=a/partition=1/1',
        'topic=a/partition=10/1',
        'topic=ab/1',
      ];
      for (const object of names) await objects.put(object, bytes(1));
      const under = async (prefix: string, after?: string) =>
        namesOf(await objects.list({ prefix, limit: 9, ...(after === undefined ? {} : { after }) }));
      expect(await under('topic=a/')).toStrictEqual(names.slice(0, 3));
      expect(await under('topic=a/partition=1')).toStrictEqual(names.slice(1, 3));
      expect(await under('topic=a/partition=1/')).toStrictEqual(names.slice(1, 2));
      expect(await under('topic=a')).toStrictEqual(names);
      expect(await under('topic=a/', 'topic=a/partition=1/1')).toStrictEqual(names.slice(2, 3));
      expect(await under('topic=c')).toStrictEqual([]);
    });

    if (ordersByBytes)
      test('names are in the order of their bytes', async () => {
        const objects = await open();
        const names = ['A/1', 'a-b/1', 'a-b/2', 'a.c', 'a/1', 'a0', 'aB/1', 'a_', 'ab/1'];
        for (const object of names.toReversed()) await objects.put(object, bytes(1));
        expect(namesOf(await objects.list({ limit: 20 }))).toStrictEqual(names);
        for (const [index, after] of names.entries())
          expect(namesOf(await objects.list({ after, limit: 20 }))).toStrictEqual(names.slice(index + 1));
      });

    test('more objects than one answer has are listed and deleted', async () => {
      const objects = await open();
      const names = Array.from({ length: 1100 }, (_, index) => `a/${String(index).padStart(4, '0')}`);
      await concurrently(20, names, (object) => objects.put(object, bytes(1)));
      expect(namesOf(await objects.list({ limit: 2000 }))).toStrictEqual(names);
      await objects.delete(names.slice(0, 1090));
      expect(namesOf(await objects.list({ limit: 2000 }))).toStrictEqual(names.slice(1090));
    });

    test('what is deleted is gone, the rest stays, and what is not there does not matter', async () => {
      const objects = await open();
      for (const object of ['a/b/1', 'a/b/2', 'a/c']) await objects.put(object, bytes(1));
      await objects.delete(['a/b/1', 'a/b/none', 'none/b']);
      await objects.delete(['a/b/1']);
      await objects.delete([]);
      await expect(whole(objects, 'a/b/1', 1)).rejects.toBeInstanceOf(ObjectMissingError);
      expect(namesOf(await objects.list({ limit: 9 }))).toStrictEqual(['a/b/2', 'a/c']);
      await objects.delete(['a/b/2', 'a/c']);
      expect(await objects.list({ limit: 9 })).toStrictEqual([]);
      await objects.put('a/b/3', bytes(1));
      expect(namesOf(await objects.list({ limit: 9 }))).toStrictEqual(['a/b/3']);
    });

    test('a read that nobody waits for any more ends', async () => {
      const objects = await open();
      await objects.put(name, bytes(1));
      await expect(objects.read(name, { from: 0, to: 1 }, AbortSignal.abort())).rejects.toThrow();
    });
  });
};
