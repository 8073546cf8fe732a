import { describe, expect, test } from 'vitest';
import { NotSentError, OutcomeUnknownError } from '../../../lib/domain/errors.ts';
import { type Batch, batchEnd, sameWrite } from '../../../lib/domain/records/batches.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import type { BatchStore, SigningWindow } from '../../../lib/stores/batches.ts';
import type { Stores } from '../implementations.ts';
import { anyTime } from '../windows.ts';

const at: PartitionRef = { topicId: 't1', partition: 0 };

let writes = 0;
const batch = (base: number, count: number, more: Partial<Batch> = {}): Batch => {
  const writeId = new Uint8Array(8);
  new DataView(writeId.buffer).setUint32(0, ++writes);
  return { base, count, data: new Uint8Array([1, 2, 3]), writeId, appendedAt: 5, bytesBefore: 0, ...more };
};

const put = async (batches: BatchStore, ...puts: readonly Batch[]): Promise<void> => {
  for (const each of puts)
    expect(await batches.putIfAbsent(at, each, anyTime)).toStrictEqual({ kind: 'stored' });
};

const all = async (batches: BatchStore): Promise<Batch[]> => {
  const found: Batch[] = [];
  let from = 0;
  for (let more = true; more; ) {
    const page = await batches.range(at, { from, limit: 1000, consistent: true });
    found.push(...page.batches);
    from = (found.at(-1)?.base ?? -1) + 1;
    more = page.more;
  }
  return found;
};

const append = async (batches: BatchStore, count: number): Promise<Batch> => {
  for (;;) {
    const last = await batches.last(at);
    const next = batch(last === undefined ? 0 : batchEnd(last), count);
    if ((await batches.putIfAbsent(at, next, anyTime)).kind === 'stored') return next;
  }
};

export const describeBatchStore = (open: () => Promise<Stores>, tellsWinner: boolean): void => {
  describe('putting batches', () => {
    test('a batch comes back with every byte and number that was put', async () => {
      const { batches } = await open();
      const stored = batch(2 ** 52, 1000, {
        data: Uint8Array.from({ length: 256 }, (_, byte) => byte),
        appendedAt: 1_790_000_000_123,
        bytesBefore: 2 ** 53 - 1,
        maxTimestamp: -62_135_596_800_000,
        idempotencyKeys: ['a', 'b/ü'],
        producers: new Uint8Array([1, 0, 255]),
      });
      await put(batches, stored);
      expect(await batches.last(at)).toStrictEqual(stored);
    });

    test('a batch comes back with the call that it came from, with a trace and without', async () => {
      const { batches } = await open();
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const stored = [
        batch(0, 1, { origin: { requestId: 'JKJaXmPLvHcESHA=', traceparent } }),
        batch(1, 1, { origin: { requestId: '0123456789abcdef01234567' } }),
        batch(2, 1),
      ];
      await put(batches, ...stored);
      expect(await all(batches)).toStrictEqual(stored);
    });

    test('a batch that closes its partition holds no records', async () => {
      const { batches } = await open();
      const closing = batch(0, 0, { data: new Uint8Array(0) });
      await put(batches, closing);
      expect(await batches.last(at)).toStrictEqual(closing);
    });

    test('a slot is taken once, and the batch that has it stays as it is', async () => {
      const { batches } = await open();
      const first = batch(0, 2);
      await put(batches, first);
      const outcome = await batches.putIfAbsent(at, batch(0, 9), anyTime);
      expect(outcome).toStrictEqual({ kind: 'taken', ...(tellsWinner && { winner: first }) });
      expect(await all(batches)).toStrictEqual([first]);
    });

    test('a write that is repeated finds itself at its slot and is stored once', async () => {
      const { batches } = await open();
      const first = batch(0, 2);
      await put(batches, first);
      expect((await batches.putIfAbsent(at, first, anyTime)).kind).toBe('taken');
      const standing = await batches.floor(at, 0, true);
      expect(standing && sameWrite(standing.writeId, first.writeId)).toBe(true);
      expect(await all(batches)).toHaveLength(1);
    });

    test.each<[string, () => Partial<SigningWindow>]>([
      ['any more', () => ({ notAfter: Date.now() - 1 })],
      ['any more by the monotonic clock', () => ({ notAfterMonotonic: performance.now() - 1 })],
      ['yet, as by a clock that has stepped back', () => ({ notBefore: Date.now() + 60_000 })],
    ])('a put that may not be signed %s is not sent, and nothing is stored', async (_name, bound) => {
      const { batches } = await open();
      const refused = batches.putIfAbsent(at, batch(0, 1), { ...anyTime, ...bound() });
      await expect(refused).rejects.toBeInstanceOf(NotSentError);
      expect(await batches.last(at)).toBeUndefined();
    });

    test('a put is sent within its window', async () => {
      const { batches } = await open();
      const window = {
        notBefore: Date.now(),
        notAfter: Date.now() + 60_000,
        notAfterMonotonic: performance.now() + 60_000,
      };
      expect(await batches.putIfAbsent(at, batch(0, 1), window)).toStrictEqual({ kind: 'stored' });
    });

    test('a put that was given up has an unknown outcome', async () => {
      const { batches } = await open();
      const put = batches.putIfAbsent(at, batch(0, 1), { ...anyTime, signal: AbortSignal.abort() });
      await expect(put).rejects.toBeInstanceOf(OutcomeUnknownError);
    });

    test('sixteen writers at once leave neither a hole nor a loss', async () => {
      const { batches } = await open();
      const writer = async (number: number): Promise<Batch[]> => {
        const mine: Batch[] = [];
        for (let turn = 0; turn < 4; turn += 1) mine.push(await append(batches, 1 + ((number + turn) % 3)));
        return mine;
      };
      const acknowledged = (await Promise.all(Array.from({ length: 16 }, (_, n) => writer(n)))).flat();
      const stored = await all(batches);
      expect(stored).toStrictEqual(acknowledged.sort((a, b) => a.base - b.base));
      expect(stored.map(({ base }) => base)).toStrictEqual([0, ...stored.slice(0, -1).map(batchEnd)]);
    });
  });

  describe('reading batches', () => {
    test('a range begins at the first base that is not below its start and says whether there is more', async () => {
      const { batches } = await open();
      const stored = [batch(0, 3), batch(3, 2), batch(5, 95), batch(100, 1)];
      await put(batches, ...stored);
      const from = (start: number, limit: number) =>
        batches.range(at, { from: start, limit, consistent: true });
      expect(await from(1, 2)).toStrictEqual({ batches: stored.slice(1, 3), more: true });
      expect(await from(3, 10)).toStrictEqual({ batches: stored.slice(1), more: false });
      expect(await from(101, 10)).toStrictEqual({ batches: [], more: false });
    });

    test('a range of more than a page goes on where it stopped', async () => {
      const { batches } = await open();
      const stored = Array.from({ length: 8 }, (_, index) =>
        batch(index, 1, { data: new Uint8Array(300_000).fill(index) }),
      );
      await put(batches, ...stored);
      const first = await batches.range(at, { from: 0, limit: 1000, consistent: false });
      expect(first.more).toBe(true);
      expect(first.batches.length).toBeLessThan(stored.length);
      expect(await all(batches)).toStrictEqual(stored);
    });

    test('the last batch is that of the highest number, not of the last in text order', async () => {
      const { batches } = await open();
      expect(await batches.last(at)).toBeUndefined();
      const stored = [batch(9, 1), batch(10, 90), batch(100, 1)];
      await put(batches, ...stored);
      expect(await batches.last(at)).toStrictEqual(stored[2]);
    });

    test('a partition ends where its last batch ends, at 0 while it is empty, and where it was closed', async () => {
      const { batches } = await open();
      const whole = { from: 0, consistent: true };
      expect(await batches.end(at, whole)).toBe(0);
      await put(batches, batch(0, 3), batch(3, 1000, { data: new Uint8Array(300_000) }));
      expect(await batches.end(at, whole)).toBe(1003);
      await put(batches, batch(1003, 0, { data: new Uint8Array(0) }));
      expect(await batches.end(at, whole)).toBe(1003);
      expect(await batches.end({ ...at, partition: 1 }, whole)).toBe(0);
    });

    test.each([true, false])('an end is found from an earlier one (consistent: %s)', async (consistent) => {
      const { batches } = await open();
      await put(batches, batch(0, 3), batch(3, 10));
      const endFrom = (from: number) => batches.end(at, { from, consistent });
      // The same, whether it was the end of the last batch, of one before, or of none.
      expect(await Promise.all([0, 3, 13].map(endFrom))).toEqual([13, 13, 13]);
      await put(batches, batch(13, 2), batch(15, 1));
      expect(await Promise.all([0, 3, 13, 15, 16].map(endFrom))).toEqual([16, 16, 16, 16, 16]);
      // That what began there has been trimmed meanwhile hides nothing of what came after it.
      await batches.delete(at, [0, 3, 13]);
      expect(await Promise.all([0, 3, 13].map(endFrom))).toEqual([16, 16, 16]);
      await put(batches, batch(16, 0, { data: new Uint8Array(0) }));
      expect(await endFrom(16)).toBe(16);
    });

    test('the batch that covers an offset is the one with the highest base not above it', async () => {
      const { batches } = await open();
      const stored = [batch(4, 3), batch(7, 3)];
      await put(batches, ...stored);
      const floors = await Promise.all([3, 4, 6, 7, 99].map((offset) => batches.floor(at, offset, false)));
      expect(floors).toStrictEqual([undefined, stored[0], stored[0], stored[1], stored[1]]);
    });

    test('partitions and topics whose names begin alike do not meet', async () => {
      const { batches } = await open();
      const places: PartitionRef[] = [
        { topicId: 'a', partition: 1 },
        { topicId: 'a', partition: 10 },
        { topicId: 'a.b', partition: 1 },
        { topicId: 'ab', partition: 1 },
      ];
      const stored = places.map((_, index) => batch(index * 10, 1));
      for (const [index, place] of places.entries())
        await batches.putIfAbsent(place, stored[index] ?? batch(0, 1), anyTime);
      for (const [index, place] of places.entries()) {
        const page = await batches.range(place, { from: 0, limit: 10, consistent: true });
        expect(page).toStrictEqual({ batches: [stored[index]], more: false });
      }
    });

    test('what begins at a place is told of many at once, in the order that they are asked in', async () => {
      const { batches } = await open();
      const places = Array.from({ length: 100 }, (_, index) => ({
        at: { topicId: 't1', partition: index },
        base: index % 3 === 0 ? 0 : 7,
      }));
      const stored = places.filter((_, index) => index % 2 === 0);
      await Promise.all(stored.map(({ at, base }) => batches.putIfAbsent(at, batch(base, 2), anyTime)));
      expect(await batches.present(places)).toStrictEqual(places.map((place) => stored.includes(place)));
      expect(await batches.present([...places].reverse())).toStrictEqual(
        places.map((place) => stored.includes(place)).reverse(),
      );
      expect(await batches.present([])).toStrictEqual([]);
    });

    test('a batch is where it begins, and nowhere else', async () => {
      const { batches } = await open();
      const end = batch(12, 0, { data: new Uint8Array(0) });
      await put(batches, batch(9, 3), end);
      const askedOf = (...bases: number[]) => batches.present(bases.map((base) => ({ at, base })));
      expect(await askedOf(8, 9, 10, 11, 12, 13)).toStrictEqual([false, true, false, false, true, false]);
      const elsewhere = [
        { topicId: 't1', partition: 1 },
        { topicId: 't1', partition: 9 },
        { topicId: 't', partition: 0 },
      ];
      const none = await batches.present(elsewhere.map((place) => ({ at: place, base: 9 })));
      expect(none).toStrictEqual([false, false, false]);
      await batches.delete(at, [9]);
      expect(await askedOf(9, 12)).toStrictEqual([false, true]);
    });

    test('a place may be given twice', async () => {
      const { batches } = await open();
      await put(batches, batch(0, 3));
      const bases = [0, 3, 0, 3, 3];
      const found = await batches.present(bases.map((base) => ({ at: { ...at }, base })));
      expect(found).toStrictEqual([true, false, true, false, false]);
    });

    test('deleting takes exactly the batches it names, and may be repeated', async () => {
      const { batches } = await open();
      const stored = Array.from({ length: 60 }, (_, index) => batch(index * 2, 2));
      await put(batches, ...stored);
      const bases = stored.slice(0, 58).map(({ base }) => base);
      await batches.delete(at, [...bases, 1, 9999]);
      await batches.delete(at, bases);
      await batches.delete(at, []);
      expect(await all(batches)).toStrictEqual(stored.slice(58));
    });
  });
};
