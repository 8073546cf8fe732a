import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParquetSegmentWriter } from '../../../../lib/archive/parquet/segment-writer.ts';
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
