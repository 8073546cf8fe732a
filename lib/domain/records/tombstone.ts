import type { NewRecord } from './records.ts';

/**
 * Whether a record says that its key is deleted: it has a key, and its value is JSON's `null`, or no bytes at all, as what
 * Kafka calls a null payload comes here.
 */
export const isTombstone = ({ key, valueJson, valueBase64 }: NewRecord): boolean =>
  key !== undefined && (valueJson === undefined ? (valueBase64 ?? '') === '' : valueJson.trim() === 'null');
