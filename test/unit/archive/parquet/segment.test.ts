import fc from 'fast-check';
import { ParquetWriter } from 'hyparquet-writer';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ParquetSegmentWriter } from '../../../../lib/archive/parquet/segment-writer.ts';
import type { JsonText } from '../../../../lib/domain/json/text.ts';
import { recordJson } from '../../../../lib/domain/records/records.ts';
import { recordOf } from '../../../harness/records.ts';
import { anyRecords, hardRecords, inLog } from './hard-records.ts';
import { about, endOf, indexOf, readGroups, written } from './written.ts';

const small = (count: number) => Array.from({ length: count }, (_, value) => recordOf({ value }));

describe('a segment', () => {
  it('gives back what was put in, text for text', () => {
    const records = inLog(hardRecords, 41);
    const read = readGroups(written(records)).flat();
    expect(read.map(recordJson)).toEqual(records.map(recordJson));
    expect(read).toStrictEqual(records);
  });

  it.each(hardRecords.map((record, index) => [index, record] as const))(
    'gives back record %i where it is alone',
    (_, record) => {
      const records = inLog([record]);
      expect(readGroups(written(records))).toStrictEqual([records]);
    },
  );

  it('gives back any records, in row groups of any size', () => {
    const property = fc.property(anyRecords, fc.integer({ min: 1, max: 9 }), (records, rowGroupRecords) => {
      expect(readGroups(written(records, { rowGroupRecords })).flat()).toStrictEqual(records);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('gives back offsets up to the largest', () => {
    const records = inLog(small(3), Number.MAX_SAFE_INTEGER - 3);
    expect(readGroups(written(records)).flat()).toStrictEqual(records);
  });

  it('can be without records, where all that it covered were taken away', () => {
    const writer = new ParquetSegmentWriter({ ...about, start: 5 });
    const segment = writer.finish(9);
    expect(segment.records).toBe(0);
    expect(indexOf(segment)).toEqual({ about: { ...about, start: 5 }, end: 9, groups: [] });
  });

  it('is the same whether its records come at once or one by one', () => {
    const records = inLog(hardRecords);
    const writer = new ParquetSegmentWriter(about);
    for (const record of records) writer.add([record]);
    const { body } = writer.finish(endOf(records));
    expect(Buffer.compare(body, written(records).body)).toBe(0);
  });
});

describe('the index of a segment', () => {
  it('says what the segment is of', () => {
    const { groups, ...said } = indexOf(written(inLog(small(10), 7)));
    expect(said).toEqual({ about: { ...about, start: 7 }, end: 17 });
    expect(groups).toHaveLength(1);
  });

  it('says where each row group is: ranges that follow each other, up to the footer', () => {
    const segment = written(inLog(small(10), 7), { rowGroupRecords: 4 });
    const { groups } = indexOf(segment);
    expect(groups.map(({ first, last, records }) => [first, last, records])).toEqual([
      [7, 10, 4],
      [11, 14, 4],
      [15, 16, 2],
    ]);
    const ends = groups.map(({ bytes }) => bytes.to);
    // Parquet's magic comes first.
    expect(groups.map(({ bytes }) => bytes.from)).toEqual([4, ...ends.slice(0, -1)]);
    expect(ends.at(-1)).toBe(segment.body.length - segment.footerBytes);
  });

  it('says which records are there where some are missing', () => {
    const records = inLog(small(6)).filter(({ offset }) => offset === 1 || offset > 3);
    const { groups } = indexOf(written(records));
    expect(groups.map(({ first, last, records: count }) => [first, last, count])).toEqual([[1, 5, 3]]);
  });

  it('is found in more than the footer, too', () => {
    const segment = written(inLog(small(10)));
    expect(indexOf({ ...segment, footerBytes: segment.body.length })).toEqual(indexOf(segment));
  });
});

describe("a segment's writer", () => {
  it('ends a row group at a number of records or of bytes', () => {
    const records = inLog(small(8801));
    const counts = indexOf(written(records)).groups.map((group) => group.records);
    expect(counts).toEqual([4000, 4000, 801]);
    const large = inLog(Array.from({ length: 20 }, () => ({ valueBase64: 'A'.repeat(349_528) })));
    expect(indexOf(written(large)).groups.map((group) => group.records)).toEqual([16, 4]);
  });

  it('counts records, and bytes of keys, values and headers', () => {
    const writer = new ParquetSegmentWriter(about, { rowGroupRecords: 2 });
    expect([writer.records, writer.rawBytes]).toEqual([0, 0]);
    writer.add(
      inLog([
        recordOf({ key: 'é', value: 'abc' }),
        { valueBase64: 'AAAA' },
        recordOf({ value: 1, headers: { a: 'b' } }),
      ]),
    );
    expect([writer.records, writer.rawBytes]).toEqual([3, 2 + 5 + 3 + 1 + 9]);
    expect(writer.finish(3).records).toBe(3);
  });

  it('refuses records that do not follow', () => {
    const writer = new ParquetSegmentWriter({ ...about, start: 10 });
    expect(() => writer.add(inLog(small(1), 9))).toThrow(RangeError);
    writer.add(inLog(small(2), 10));
    expect(() => writer.add(inLog(small(1), 11))).toThrow(RangeError);
    expect(() => writer.add(inLog(small(1), 12, 4))).toThrow(RangeError);
    expect(() => writer.finish(11)).toThrow(RangeError);
    expect(writer.finish(12).records).toBe(2);
  });
});

describe('what a segment would not give back as it was added', () => {
  const headers = (text: string) => ({ valueJson: '1' as JsonText, headersJson: text as JsonText });
  it.each([
    ['bytes in another base64 than its own', { valueBase64: 'AB==' }],
    ['half a pair of surrogates in a key', recordOf({ key: '\ud800', value: 1 })],
    ['half a pair of surrogates in a header', headers('{"a":"\ud800"}')],
    ['half a pair of surrogates in the name of a header', headers('{"\udc00":"a"}')],
    ['a time before the least that is kept', { ...recordOf({ value: 1 }), timestamp: 0.5 }],
  ])('is not written: %s', (_what, record) => {
    expect(() => written(inLog([recordOf({ value: 1 }), record]))).toThrow();
  });

  it('is found at the step after the one that wrote it', () => {
    const writer = new ParquetSegmentWriter(about, { rowGroupRecords: 2 });
    const [first, second, third] = inLog([
      { valueBase64: 'AA==' },
      { valueBase64: 'AB==' },
      { valueBase64: '' },
    ]).map((record) => [record]);
    writer.add(first ?? []);
    writer.add(second ?? []);
    expect(() => writer.add(third ?? [])).toThrow(
      expect.objectContaining({
        name: 'DamagedSegmentError',
        message: expect.stringContaining('row group that begins with record 0'),
      }),
    );
  });
});

describe('the footer of a segment', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is not believed where it says other than was written', () => {
    const { finish } = ParquetWriter.prototype;
    vi.spyOn(ParquetWriter.prototype, 'finish').mockImplementation(function (this: ParquetWriter) {
      this.row_groups.pop();
      return finish.call(this);
    });
    expect(() => written(inLog(small(3)), { rowGroupRecords: 1 })).toThrow();
  });
});

describe('the columns of a row group', () => {
  const many = (count: number, record: (at: number) => Parameters<typeof recordOf>[0]) =>
    inLog(Array.from({ length: count }, (_, at) => recordOf(record(at))));
  it.each([
    [
      'keys and headers of few values, in dictionaries',
      many(500, (at) => ({ key: `k${at % 3}`, value: at, headers: { a: `${at % 2}`, b: 'é' } })),
    ],
    [
      'keys and headers that are all others',
      many(500, (at) => ({ key: `k${at}`, value: at, headers: { [`a${at}`]: `${at * 7919}` } })),
    ],
    [
      'one text that is not ASCII among many that are',
      many(500, (at) => ({
        key: at === 250 ? 'ключ' : `k${at}`,
        value: at === 100 ? 'Grüße' : at,
        headers: { a: at === 77 ? '😀' : `${at}` },
      })),
    ],
    [
      'texts of more than 127 bytes, of which the length before them is no ASCII',
      many(50, (at) => ({ value: at, headers: { a: `${at}`.repeat(200) } })),
    ],
    [
      'keys and headers here and there',
      many(500, (at) => ({
        value: at,
        ...(at % 5 === 3 && { key: `k${at}` }),
        ...(at % 7 === 2 && { headers: { a: `${at}` } }),
      })),
    ],
    [
      'a dictionary that would be too large',
      many(3000, (at) => ({
        key: `${at % 1000} `.repeat(20),
        value: at,
        headers: { a: `${at % 1100} `.repeat(20) },
      })),
    ],
  ])('give back %s', (_what, records) => {
    expect(readGroups(written(records)).flat()).toStrictEqual(records);
  });
});
