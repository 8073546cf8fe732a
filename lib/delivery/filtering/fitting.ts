import type { LogRecord } from '../../domain/records/records.ts';
import type { Shaped } from '../../stores/expressions.ts';
import type { Pending } from '../pending.ts';

const withValue = (
  { valueBase64: _bytes, ...record }: LogRecord,
  valueJson: LogRecord['valueJson'],
): LogRecord => ({
  ...record,
  ...(valueJson !== undefined && { valueJson }),
});

const unknown: Shaped = { kind: 'failed', code: 'unknown', reason: 'It was not told what became of it.' };

/**
 * `taken` with what became of the values, up to `maxBytes`: a transform may make them larger. What cannot be shaped stands
 * alone, with why, so that it holds up nothing that is before it and takes nothing with it.
 */
export const withinBytes = (
  taken: readonly Pending[],
  shaped: readonly Shaped[],
  { maxBytes, textOf }: { readonly maxBytes: number; readonly textOf: (record: LogRecord) => string },
): readonly Pending[] => {
  const made: Pending[] = [];
  let bytes = 0;
  for (const [index, pending] of taken.entries()) {
    const value = shaped[index] ?? unknown;
    if (value.kind === 'failed') return made.length > 0 ? made : [{ ...pending, fault: value }];
    const record = withValue(pending.record, value.json);
    const json = textOf(record);
    bytes += Buffer.byteLength(json) + (made.length > 0 ? ','.length : 0);
    if (made.length > 0 && bytes > maxBytes) return made;
    made.push({ ...pending, record, json });
  }
  return made;
};
