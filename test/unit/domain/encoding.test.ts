import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UndecodableBatchError } from '../../../lib/domain/errors.ts';
import type { JsonText } from '../../../lib/domain/json/text.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import {
  batchItemOverheadBytes,
  decodeRecords,
  encodeRecords,
  recordBytes,
} from '../../../lib/domain/records/encoding.ts';
import { serializeRecord } from '../../../lib/domain/records/stored-records.ts';
import { type GivenRecord, recordOf } from '../../harness/records.ts';

/** The records as they are given, encoded. */
const encode = (given: readonly GivenRecord[]): Uint8Array => encodeRecords(given.map(recordOf));

const batchOf = (given: readonly GivenRecord[], base = 0): Batch => ({
  base,
  count: given.length,
  data: encode(given),
  writeId: new Uint8Array(8),
  appendedAt,
  bytesBefore: 0,
});

const appendedAt = 1_700_000_000_000;

const isCompressed = (data: Uint8Array): boolean => data[0] === 1;
/** Text that does not compress to less than three quarters of its length. */
const noise = (bytes: number): string =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * 7919 * (index + 31)) >> 3)).toString(
    'base64',
  );

const fields = {
  key: fc.string({ unit: 'binary' }),
  value: fc.jsonValue(),
  headers: fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
  timestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
};
const record = fc.record(fields, { requiredKeys: ['value'] });

describe('a batch', () => {
  it('gives back the records that were put in, with their offsets', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), (records, base) => {
        const decoded = decodeRecords(batchOf(records, base), 3);
        expect(decoded).toEqual(
          records.map((given, index) => ({
            timestamp: appendedAt,
            ...recordOf(given),
            partition: 3,
            offset: base + index,
            appendedAt,
          })),
        );
      }),
    );
  });

  it('may be without records, as the one that closes a partition', () => {
    expect(decodeRecords(batchOf([], 7), 0)).toEqual([]);
  });

  it('tells null from no value, and keeps bytes as base64', () => {
    const records = decodeRecords(batchOf([{ value: null }, { valueBase64: 'AP8=' }]), 0);
    expect(records[0]).toHaveProperty('valueJson', 'null');
    expect(records[1]).not.toHaveProperty('valueJson');
    expect(records[1]).toHaveProperty('valueBase64', 'AP8=');
  });

  it.each([
    '{"id":9007199254740993,"price":0.10,"tiny":1e-400,"small":0.0000001,"zero":-0}',
    '{"b":1,"10":3,"a":2,"b":1}',
    '"\\u0041\\/\\ud800"',
    ' [ 1 ,\n{ "a" : "}],\\"" } ] ',
  ])('keeps value and headers as they were written: %s', (text) => {
    const given = {
      valueJson: text.trim() as JsonText,
      headersJson: '{"b": "1",\t"10":"\\u0041"}' as JsonText,
    };
    const batch = {
      ...batchOf([{ value: 1 }, { value: 1 }]),
      data: encodeRecords([given, { ...given, key: '"' }]),
    };
    expect(decodeRecords(batch, 0)).toMatchObject([given, { ...given, key: '"' }]);
  });

  it('is read as it was written before values were kept as text', () => {
    const text =
      '[{"k":"a\\"\\u0001","v":{"a":[1,"]"],"b":null},"h":{"x":"y"},"t":5},{"v":"text"},{"b":"AAE=","t":-1},{"v":-1.5}]';
    const batch = { ...batchOf([]), count: 4 };
    const expected = [
      { key: 'a"\u0001', valueJson: '{"a":[1,"]"],"b":null}', headersJson: '{"x":"y"}', timestamp: 5 },
      { valueJson: '"text"', timestamp: appendedAt },
      { valueBase64: 'AAE=', timestamp: -1 },
      { valueJson: '-1.5' },
    ];
    const plain = Buffer.concat([Uint8Array.of(0), Buffer.from(text)]);
    const compressed = Buffer.concat([Uint8Array.of(1), zstdCompressSync(Buffer.from(text))]);
    for (const data of [plain, compressed])
      expect(decodeRecords({ ...batch, data }, 0)).toMatchObject(expected);
  });

  it('is not compressed while it takes one write unit anyway', () => {
    const data = encode([{ value: 'a'.repeat(1024 - batchItemOverheadBytes - 20) }]);
    expect(isCompressed(data)).toBe(false);
  });

  it('is compressed as soon as that saves a write unit', () => {
    const data = encode([{ value: 'a'.repeat(1024) }]);
    expect(isCompressed(data)).toBe(true);
    expect(data.length).toBeLessThan(200);
  });

  it('is not compressed when it would take as many write units then', () => {
    const value = noise(1_300);
    const data = encode([{ value }]);
    expect(value.length).toBeGreaterThan(1_100);
    expect(isCompressed(data)).toBe(false);
  });

  describe('that cannot be decoded says which it is and why, and nothing of its records:', () => {
    const whole = '[{"k":"secret","v":{"a":["secret"]},"h":{"a":"secret"},"t":5}]';
    const stored = (text: string): Uint8Array => Buffer.concat([Uint8Array.of(0), Buffer.from(text)]);
    const refused = (data: Uint8Array, count: number): UndecodableBatchError => {
      try {
        decodeRecords({ ...batchOf([]), base: 40, count, data }, 3);
      } catch (error) {
        if (error instanceof UndecodableBatchError) return error;
      }
      throw new Error('It was decoded.');
    };

    it.each([
      ['a later version wrote it', Uint8Array.of(9, 1, 2), 1, /cannot read \(9\)/],
      ['it is empty', Uint8Array.of(), 1, /cannot read \(undefined\)/],
      ['it has lost its records', Uint8Array.of(0), 1, /from 0 on/],
      ['it is no zstd', Uint8Array.of(1, 1, 2), 1, /frame|descriptor/],
      ['it has fewer records', stored(whole), 2, /holds 1 records, and should hold 2/],
      ['a key is broken', stored('[{"k":"secret\\x"}]'), 1, /from 3 on/],
      ['a field is unknown', stored('[{"x":"secret"}]'), 1, /from 3 on/],
      ['something follows', stored(`${whole}]`), 1, /from/],
    ])('%s', (_what, data, count, why) => {
      const error = refused(data, count);
      expect(error).toMatchObject({ partition: 3, base: 40, end: 40 + count });
      expect(error.message).toMatch(/^The batch at 40 of partition 3 cannot be decoded\. /);
      expect(error.message).toMatch(why);
      expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('secret');
    });

    it('it ends anywhere', () => {
      for (let length = 0; length < whole.length; length += 1)
        expect(refused(stored(whole.slice(0, length)), 1).message).not.toContain('secret');
    });
  });
});

describe('the size of a record', () => {
  it('is that of its text in a batch, whatever it has', () => {
    const bytes = fc.uint8Array().map((value) => Buffer.from(value).toString('base64'));
    const any = fc.record({ ...fields, valueBase64: bytes }, { requiredKeys: [] });
    fc.assert(
      fc.property(any, (given) => {
        const made = recordOf(given);
        expect(recordBytes(made)).toBe(Buffer.byteLength(serializeRecord(made)));
      }),
    );
    expect(recordBytes({})).toBe(2);
  });

  it('is counted in bytes of UTF-8, not in characters', () => {
    expect(recordBytes(recordOf({ value: 'é€😀' })) - recordBytes(recordOf({ value: '' }))).toBe(2 + 3 + 4);
  });

  it('is what it adds to a batch that is not compressed, but for the comma', () => {
    const one = recordOf({ value: 1 });
    const two = recordOf({ key: 'k', headers: { h: 'é' }, value: 2 });
    expect(encodeRecords([one, two]).length - encodeRecords([one]).length).toBe(recordBytes(two) + 1);
  });
});
