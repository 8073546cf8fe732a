import { describe, expect, test } from 'vitest';
import { jsonText } from '../../../../lib/domain/json/text.ts';
import { limits } from '../../../../lib/domain/limits.ts';
import { recordBytes } from '../../../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../../../lib/domain/records/records.ts';
import { partitionAppends } from '../../../../lib/http/lines/partition-appends.ts';
import { payloadOf } from '../../../../lib/log/append/waiting.ts';

const record = (value: unknown): NewRecord => ({ valueJson: jsonText(value) });

describe('the appends of a request', () => {
  test('are one for each partition, in the order of its records', () => {
    const records = [record('a'), record('b'), record('c')];
    expect(partitionAppends(records, [2, 0, 2])).toEqual([
      [{ partition: 2, chunk: 0, indexes: [0, 2], records: [records[0], records[2]], bytes: 0 }],
      [{ partition: 0, chunk: 0, indexes: [1], records: [records[1]], bytes: 0 }],
    ]);
  });

  test('of lines are as many as one append cannot hold, with every record once and in its order', () => {
    const records = Array.from({ length: 2500 }, (_, number) => record(number));
    const partitions = records.map((_, index) => (index % 5 === 0 ? 1 : 0));
    const bytes = records.map(recordBytes);
    const lanes = partitionAppends(records, partitions, bytes);
    expect(lanes.map((lane) => lane.map((append) => append.records.length))).toEqual([[500], [1000, 1000]]);
    expect(lanes.map((lane) => lane.map(({ chunk }) => chunk))).toEqual([[0], [0, 1]]);
    for (const [lane, partition] of [lanes[0], lanes[1]].map((lane, at) => [lane ?? [], 1 - at] as const)) {
      const indexes = lane.flatMap((append) => append.indexes);
      expect(indexes).toEqual([...partitions.keys()].filter((index) => partitions[index] === partition));
      expect(lane.flatMap((append) => append.records)).toEqual(indexes.map((index) => records[index]));
    }
  });

  test('of lines fit into a batch each, however large the records are', () => {
    const sizes = [1, limits.recordBytes - 10, 100_000, 250_000, 90_000, 10, limits.recordBytes - 10, 20];
    const records = sizes.map((size) => record('x'.repeat(size)));
    const bytes = records.map(recordBytes);
    const [lane = []] = partitionAppends(
      records,
      records.map(() => 0),
      bytes,
    );
    expect(lane.flatMap((append) => append.records)).toEqual(records);
    for (const append of lane) expect(payloadOf(append.records)).not.toHaveProperty('data');
  });
});
