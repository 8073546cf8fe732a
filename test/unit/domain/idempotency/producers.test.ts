import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyMark, offsetOfKey, storedKey } from '../../../../lib/domain/idempotency/keys.ts';
import { packProducers, unpackProducers } from '../../../../lib/domain/idempotency/producer-table.ts';
import {
  judgeSequence,
  type ProducerState,
  stateAfter,
} from '../../../../lib/domain/idempotency/producers.ts';

const maxOffset = 2 ** 50;

const producer: fc.Arbitrary<ProducerState> = fc.record({
  id: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => Buffer.from(bytes).toString('base64url')),
  epoch: fc.maxSafeNat(),
  sequence: fc.maxSafeNat(),
  recent: fc.array(
    fc.record({
      base: fc.nat({ max: maxOffset }),
      appendedAt: fc.integer({ min: 0, max: 2 ** 45 }),
      digest: fc
        .uint8Array({ minLength: 4, maxLength: 4 })
        .map((bytes) => Buffer.from(bytes).toString('hex')),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});
const origin = { end: maxOffset + 1, appendedAt: 1_700_000_000_000 };

describe('a table of producers', () => {
  test('is read as it was written, where all have room', () => {
    fc.assert(
      fc.property(fc.array(producer), fc.array(producer), (appending, others) => {
        const { table, left } = packProducers(appending, others, origin, 1_000_000);
        expect(left).toEqual([]);
        expect(unpackProducers(table, origin)).toEqual([...appending, ...others]);
      }),
    );
  });

  test('has all who append, and of the others as many as have room, the last to append first; the rest is told', () => {
    fc.assert(
      fc.property(
        fc.array(producer, { maxLength: 4 }),
        fc.array(producer, { maxLength: 12 }),
        fc.integer({ min: 1, max: 600 }),
        (appending, others, maxBytes) => {
          const { table, left } = packProducers(appending, others, origin, maxBytes);
          const kept = unpackProducers(table, origin);
          expect(kept.map(({ id }) => id)).toEqual(
            [...appending, ...others.slice(0, others.length - left.length)].map(({ id }) => id),
          );
          expect(left).toEqual(others.slice(others.length - left.length));
          // What is known of a producer's last append is never lost.
          for (const [index, state] of [...appending, ...others].slice(0, kept.length).entries())
            expect(kept[index]).toMatchObject({ ...state, recent: kept[index]?.recent });
          expect(kept.every(({ recent }) => recent.length > 0)).toBe(true);
          const others1 = packProducers(appending, [], origin, maxBytes).table?.length ?? 0;
          if (kept.length > appending.length)
            expect(table?.length).toBeLessThanOrEqual(Math.max(maxBytes, others1));
        },
      ),
    );
  });

  test('of a later version or cut off is refused', () => {
    const { table = new Uint8Array() } = packProducers(
      [
        {
          id: 'pppppppppppppppppppppA',
          epoch: 1,
          sequence: 2,
          recent: [{ base: 3, appendedAt: 4, digest: '00000000' }],
        },
      ],
      [],
      origin,
      512,
    );
    expect(() => unpackProducers(table.subarray(0, -1), origin)).toThrow('ends too early');
    expect(() => unpackProducers(Uint8Array.from([2, ...table.subarray(1)]), origin)).toThrow('Format 2');
  });
});

describe('a sequence', () => {
  const at = { base: 0, appendedAt: 0 };
  const append = (epoch: number, sequence: number, digest = 'd') => ({ id: 'p', epoch, sequence, digest });

  test('is the next one in exactly one case, whatever was before', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(6), fc.nat(3), fc.nat(8), (epoch, last, askedEpoch, asked) => {
        let state: ProducerState | undefined;
        for (let sequence = 0; sequence <= last; sequence += 1)
          state = stateAfter(state, append(epoch, sequence), { base: sequence * 10, appendedAt: sequence });
        const verdict = judgeSequence(state, append(askedEpoch, asked));
        const isNext = askedEpoch > epoch ? asked === 0 : askedEpoch === epoch && asked === last + 1;
        expect(verdict.kind === 'next').toBe(isNext);
        if (askedEpoch < epoch) expect(verdict).toEqual({ kind: 'fenced', epoch });
        else if (askedEpoch === epoch && asked <= last)
          expect(verdict).toEqual(
            last - asked < 5
              ? { kind: 'duplicate', base: asked * 10, appendedAt: asked }
              : { kind: 'forgotten' },
          );
        else if (!isNext)
          expect(verdict).toEqual({ kind: 'gap', expected: askedEpoch > epoch ? 0 : last + 1 });
      }),
    );
  });

  test('of other records by a number that was taken is told apart', () => {
    const state = stateAfter(undefined, append(0, 0, 'a'), at);
    expect(judgeSequence(state, append(0, 0, 'b'))).toEqual({ kind: 'mismatch' });
  });
});

describe('a key in a batch', () => {
  test('says where its records begin, and no other key does', () => {
    const [a, b] = [storedKey('a'), storedKey('b')];
    const batch = { base: 100, idempotencyKeys: [keyMark(a, 0), keyMark(b, 12)] };
    expect(offsetOfKey(batch, a)).toBe(100);
    expect(offsetOfKey(batch, b)).toBe(112);
    expect(offsetOfKey(batch, storedKey('c'))).toBeUndefined();
    expect(offsetOfKey({ base: 1 }, a)).toBeUndefined();
    expect(storedKey('a', 1)).not.toBe(a);
  });
});
