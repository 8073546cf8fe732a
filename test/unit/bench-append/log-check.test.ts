import { describe, expect, it } from 'vitest';
import { breaches, holes } from '../../../bench/append/log-check.ts';
import { orderEvent } from '../../../bench/append/records.ts';
import { Tally } from '../../../bench/append/report/tally.ts';
import { Problem } from '../../../lib/domain/errors.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import { encodeRecords, recordBytes } from '../../../lib/domain/records/encoding.ts';
import { seededRandom } from '../../simulation/scheduler.ts';

const random = seededRandom(1);

const batchOf = (base: number, sequences: readonly number[]): Batch => ({
  base,
  count: sequences.length,
  data: encodeRecords(sequences.map((sequence) => orderEvent(random, sequence, 0, 300))),
  writeId: new Uint8Array(8),
  appendedAt: 0,
  bytesBefore: 0,
});

const tallyOf = (
  acknowledged: readonly { sequence: number; offset: number }[],
  refused: readonly number[] = [],
) => {
  const tally = new Tally(0, 1000);
  for (const record of acknowledged) {
    tally.arrive(0);
    tally.acknowledge({ ...record, process: 0, arrivedAt: 0, now: 5 });
  }
  for (const sequence of refused) {
    tally.arrive(0);
    tally.fail(sequence, new Problem('partition_overloaded', 'Try later.'));
  }
  return tally;
};

describe('what the benchmark finds wrong with a log', () => {
  const log = [batchOf(0, [0, 2]), batchOf(2, [1])];
  const acknowledged = [
    { sequence: 0, offset: 0 },
    { sequence: 2, offset: 1 },
    { sequence: 1, offset: 2 },
  ];

  it('is nothing when every record is where its answer said', () => {
    expect(breaches(log, tallyOf(acknowledged, [3]))).toEqual([]);
    expect(holes(log)).toBe(0);
  });

  it('is a hole where a batch is missing', () => {
    expect(holes([batchOf(0, [0]), batchOf(2, [1])])).toBe(1);
    expect(holes([batchOf(1, [0])])).toBe(1);
  });

  it('is a record that was acknowledged and is not there, or elsewhere', () => {
    expect(breaches(log.slice(0, 1), tallyOf(acknowledged))).toEqual([
      '1 acknowledged records not at their offset',
    ]);
    expect(breaches(log, tallyOf([{ sequence: 0, offset: 1 }]))).toEqual([
      '1 acknowledged records not at their offset',
    ]);
  });

  it('is a record stored twice, and one stored though it was refused', () => {
    expect(breaches([...log, batchOf(3, [1])], tallyOf([]))).toEqual(['1 records stored twice']);
    expect(breaches(log, tallyOf([], [2]))).toEqual(['1 refused records stored']);
  });

  it('is any answer that no append should have', () => {
    const tally = tallyOf(acknowledged);
    tally.arrive(0);
    tally.fail(9, new TypeError('broken'));
    expect(breaches(log, tally)).toEqual(['1 faults, the first: TypeError: broken']);
  });
});

describe('the records of the benchmark', () => {
  it('are 300 bytes as they are stored', () => {
    for (const sequence of [0, 17, 123_456]) {
      expect(recordBytes(orderEvent(random, sequence, 1_767_225_600_123, 300))).toBe(300);
    }
  });
});
