import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lib/domain/batches.ts';
import {
  batchItemOverheadBytes,
  decodeRecords,
  encodeRecords,
  recordBytes,
} from '../../../lib/domain/encoding.ts';
import { parseJson } from '../../../lib/domain/json.ts';
import type { NewRecord } from '../../../lib/domain/records.ts';

const batchOf = (records: readonly NewRecord[], base = 0): Batch => ({
  base,
  count: records.length,
  data: encodeRecords(records),
  writeId: new Uint8Array(8),
  appendedAt: 1_700_000_000_000,
  bytesBefore: 0,
});

const isCompressed = (data: Uint8Array): boolean => data[0] === 1;
/** Text that does not compress to less than three quarters of its length. */
const noise = (bytes: number): string =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * 7919 * (index + 31)) >> 3)).toString(
    'base64',
  );

const record = fc.record(
  {
    key: fc.string({ unit: 'binary' }),
    value: fc.jsonValue() as fc.Arbitrary<NonNullable<NewRecord['value']>>,
    headers: fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
    timestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  },
  { requiredKeys: ['value'] },
);

describe('a batch', () => {
  it('gives back the records that were put in, with their offsets', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), (records, base) => {
        const decoded = decodeRecords(batchOf(records, base), 3);
        const expected = records.map((given, index) => ({
          timestamp: 1_700_000_000_000,
          ...given,
          partition: 3,
          offset: base + index,
        }));
        // As JSON: -0 is 0 there, and an object from a dictionary may have no prototype.
        expect(JSON.parse(JSON.stringify(decoded))).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });

  it('tells null from no value, and keeps bytes as base64', () => {
    const records = decodeRecords(batchOf([{ value: null }, { valueBase64: 'AP8=' }]), 0);
    expect(records[0]).toHaveProperty('value', null);
    expect(records[1]).not.toHaveProperty('value');
    expect(records[1]).toHaveProperty('valueBase64', 'AP8=');
  });

  it('keeps every digit of numbers that a double cannot hold', () => {
    const text = '{"id":9007199254740993,"price":0.10,"tiny":1e-400}';
    const value = parseJson(text) as NonNullable<NewRecord['value']>;
    const [back] = decodeRecords(batchOf([{ value }]), 0);
    expect(JSON.stringify(back?.value)).toBe(text);
  });

  it('is not compressed while it takes one write unit anyway', () => {
    const data = encodeRecords([{ value: 'a'.repeat(1024 - batchItemOverheadBytes - 20) }]);
    expect(isCompressed(data)).toBe(false);
  });

  it('is compressed as soon as that saves a write unit', () => {
    const data = encodeRecords([{ value: 'a'.repeat(1024) }]);
    expect(isCompressed(data)).toBe(true);
    expect(data.length).toBeLessThan(200);
  });

  it('is not compressed when it would take as many write units then', () => {
    const value = noise(1_300);
    const data = encodeRecords([{ value }]);
    expect(value.length).toBeGreaterThan(1_100);
    expect(isCompressed(data)).toBe(false);
  });

  it('says so when it was written by a later version', () => {
    const batch = batchOf([{ value: 1 }]);
    expect(() => decodeRecords({ ...batch, data: Uint8Array.of(9, 1, 2) }, 0)).toThrow(/cannot read \(9\)/);
  });

  it('says so when it holds another number of records than it should', () => {
    expect(() => decodeRecords({ ...batchOf([{ value: 1 }]), count: 2 }, 0)).toThrow(/holds 1 records/);
  });
});

describe('the size of a record', () => {
  it('is counted in bytes of UTF-8, not in characters', () => {
    expect(recordBytes({ value: 'é€😀' }) - recordBytes({ value: '' })).toBe(2 + 3 + 4);
  });

  it('is what it adds to a batch that is not compressed, but for the comma', () => {
    const [one, two] = [{ value: 1 }, { key: 'k', headers: { h: 'é' }, value: 2 }];
    expect(encodeRecords([one, two]).length - encodeRecords([one]).length).toBe(recordBytes(two) + 1);
  });
});
