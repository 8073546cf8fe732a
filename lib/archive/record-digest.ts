import { createHash } from 'node:crypto';
import type { LogRecord } from '../domain/records/records.ts';

/**
 * A digest over records, one after the other: two runs of records have the same digest when they are the same to whoever
 * reads them, down to each byte of their values and headers.
 */
export class RecordDigest {
  readonly #hash = createHash('sha256');

  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      const { offset, timestamp, appendedAt, key, valueJson, valueBase64, headersJson } = record;
      // As JSON: no text of one member can be taken for the end of it.
      const texts = [key, valueJson, valueBase64, headersJson].map((text) => text ?? null);
      this.#hash.update(`${JSON.stringify([offset, timestamp, appendedAt, ...texts])}\n`);
    }
  }

  /** As hex. Nothing can be added afterwards. */
  text(): string {
    return this.#hash.digest('hex');
  }
}
