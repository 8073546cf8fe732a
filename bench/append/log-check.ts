import type { Batch } from '../../lib/domain/records/batches.ts';
import { decodeRecords } from '../../lib/domain/records/encoding.ts';
import { sequenceOf } from './records.ts';
import type { Tally } from './report/tally.ts';

/** Holes in the log: places where a batch does not begin where the one before ended. */
export const holes = (batches: readonly Batch[]): number => {
  let end = 0;
  let count = 0;
  for (const batch of batches) {
    if (batch.base !== end) count += 1;
    end = batch.base + batch.count;
  }
  return count;
};

/**
 * Reads the whole log back and says what is wrong with its records, in words; nothing when every acknowledged record
 * is at the offset that was answered, none is there twice, and none is there that was refused.
 */
export const breaches = (batches: readonly Batch[], tally: Tally): readonly string[] => {
  const found: string[] = [];
  const at = new Map<number, number>();
  let twice = 0;
  for (const batch of batches) {
    for (const record of decodeRecords(batch, 0)) {
      const sequence = sequenceOf(record);
      if (sequence === undefined) found.push(`no sequence number at offset ${record.offset}`);
      else if (at.has(sequence)) twice += 1;
      else at.set(sequence, record.offset);
    }
  }
  if (twice > 0) found.push(`${twice} records stored twice`);
  const misplaced = tally.acknowledged.filter(({ sequence, offset }) => at.get(sequence) !== offset).length;
  if (misplaced > 0) found.push(`${misplaced} acknowledged records not at their offset`);
  const ghosts = tally.refused.filter((sequence) => at.has(sequence)).length;
  if (ghosts > 0) found.push(`${ghosts} refused records stored`);
  if (tally.faults.length > 0) found.push(`${tally.faults.length} faults, the first: ${tally.faults[0]}`);
  return found;
};
