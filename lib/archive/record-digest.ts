import { createHash } from 'node:crypto';
import type { LogRecord } from '../domain/records/records.ts';

/** Names and values of headers, without how their JSON was written. */
const headersOf = ({ headersJson }: LogRecord): unknown =>
  headersJson === undefined ? null : Object.entries(JSON.parse(headersJson) as object);

/**
 * A digest over records, one after the other: two runs of records have the same digest when they are the same to whoever
 * reads them, down to each byte of their values. Headers are held against each other as names and values.
 */
export class RecordDigest {
  readonly #hash = createHash('sha256');

  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      const { offset, timestamp, appendedAt, key, valueJson, valueBase64 } = record;
      // As JSON: no text of one member can be taken for the end of it.
      const parts = [offset, timestamp, appendedAt, key ?? null, valueJson ?? null, valueBase64 ?? null];
      this.#hash.update(`${JSON.stringify([...parts, headersOf(record)])}\n`);
    }
  }

  /** As hex. Nothing can be added afterwards. */
  text(): string {
    return this.#hash.digest('hex');
  }
}
