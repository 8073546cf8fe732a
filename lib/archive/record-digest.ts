import { createHash } from 'node:crypto';
import type { LogRecord } from '../domain/records/records.ts';

/** A text with its length before it, so that no text can be taken for the end of it; what is not there is no text. */
const measured = (text: string | undefined): string => (text === undefined ? '-' : `${text.length}:${text}`);

const textOf = ({
  offset,
  timestamp,
  appendedAt,
  key,
  valueJson,
  valueBase64,
  headersJson,
}: LogRecord): string =>
  `${offset} ${timestamp} ${appendedAt} ${measured(key)}${measured(valueJson)}${measured(valueBase64)}${measured(headersJson)}\n`;

/**
 * A digest over records, one after the other: two runs of records have the same digest when they are the same to whoever
 * reads them, down to each byte of their values and headers.
 */
export class RecordDigest {
  readonly #hash = createHash('sha256');

  /** It does not matter how many of them come together. */
  add(records: readonly LogRecord[]): void {
    // One text for all: each update costs as much as a small record.
    this.#hash.update(records.map(textOf).join(''));
  }

  /** As hex. Nothing can be added afterwards. */
  text(): string {
    return this.#hash.digest('hex');
  }
}
