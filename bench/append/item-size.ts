import type { Batch } from '../../lib/domain/records/batches.ts';
import { originText } from '../../lib/domain/records/origin.ts';
import { type PartitionRef, partitionKey } from '../../lib/domain/records/records.ts';

const utf8 = (text: string): number => Buffer.byteLength(text);

/**
 * Bytes of a number: one for every two significant digits, and one more.
 * "DynamoDB item sizes and formats" in Amazon's developer guide.
 */
const numberBytes = (value: number): number => {
  const digits = String(Math.abs(value)).replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + 1;
};

/** Bytes of the log table's item for `batch`, names of attributes included, as DynamoDB counts them. */
export const itemBytes = (at: PartitionRef, batch: Batch): number => {
  const keys = batch.idempotencyKeys ?? [];
  return (
    utf8('pk') +
    utf8(partitionKey(at)) +
    utf8('sk') +
    numberBytes(batch.base) +
    utf8('n') +
    numberBytes(batch.count) +
    utf8('d') +
    batch.data.length +
    utf8('id') +
    batch.writeId.length +
    utf8('t') +
    numberBytes(batch.appendedAt) +
    utf8('cum') +
    numberBytes(batch.bytesBefore) +
    (batch.maxTimestamp === undefined ? 0 : utf8('mt') + numberBytes(batch.maxTimestamp)) +
    (batch.origin === undefined ? 0 : utf8('o') + utf8(originText(batch.origin))) +
    (keys.length === 0 ? 0 : utf8('keys') + keys.reduce((sum, key) => sum + utf8(key), 0))
  );
};

/** One unit for each KiB begun. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));

/** One unit for each 4 KiB begun, half of it when eventually consistent; an empty answer costs as one item. */
export const readUnits = (bytes: number, consistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
