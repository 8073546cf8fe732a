import { jsonText } from '../../lib/domain/json/text.ts';
import type { NewRecord } from '../../lib/domain/records/records.ts';

/** A record as a producer writes it in JSON. */
export interface GivenRecord {
  readonly key?: string;
  readonly value?: unknown;
  readonly valueBase64?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestamp?: number;
}

/** `given` as the domain has it: value and headers as JSON text. */
export const recordOf = ({ value, headers, ...record }: GivenRecord): NewRecord => ({
  ...record,
  ...(value !== undefined && { valueJson: jsonText(value) }),
  ...(headers !== undefined && { headersJson: jsonText(headers) }),
});
