import type { ColumnSource } from 'hyparquet-writer';
import type { LogRecord } from '../../domain/records/records.ts';
import { archivedHeaders, type Header } from './headers.ts';
import { jsonContentType, layouts } from './schema.ts';

/** The bytes of a value that is JSON, and of one that is not. */
const valueBytes = ({ valueJson, valueBase64 = '' }: LogRecord): Uint8Array =>
  valueJson === undefined ? Buffer.from(valueBase64, 'base64') : Buffer.from(valueJson);

const textBytes = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text));

/** Records by column, as a row group holds them. Null where a record has nothing. */
export class Columns {
  readonly #offset: bigint[] = [];
  readonly #timestamp: bigint[] = [];
  readonly #appendTime: bigint[] = [];
  readonly #key: (string | null)[] = [];
  readonly #value: Uint8Array[] = [];
  readonly #contentType: (string | null)[] = [];
  readonly #headers: (readonly Header[] | null)[] = [];
  readonly #headersJson: (string | null)[] = [];
  #rawBytes = 0;

  get records(): number {
    return this.#offset.length;
  }

  /** Bytes of keys, values and headers, by themselves. */
  get rawBytes(): number {
    return this.#rawBytes;
  }

  add(record: LogRecord): void {
    const { offset, timestamp, appendedAt, key, valueJson, headersJson } = record;
    const value = valueBytes(record);
    const headers = headersJson === undefined ? undefined : archivedHeaders(headersJson);
    this.#offset.push(BigInt(offset));
    this.#timestamp.push(BigInt(timestamp));
    this.#appendTime.push(BigInt(appendedAt));
    this.#key.push(key ?? null);
    this.#value.push(value);
    this.#contentType.push(valueJson === undefined ? null : jsonContentType);
    this.#headers.push(headers?.list ?? null);
    this.#headersJson.push(headers?.exact ?? null);
    this.#rawBytes += value.length + textBytes(key) + textBytes(headersJson);
  }

  /** What a row group is written from. */
  sources(): ColumnSource[] {
    const data = {
      offset: this.#offset,
      timestamp: this.#timestamp,
      append_time: this.#appendTime,
      key: this.#key,
      value: this.#value,
      content_type: this.#contentType,
      headers: this.#headers,
      headers_json: this.#headersJson,
    } satisfies Record<keyof typeof layouts, unknown[]>;
    const names = Object.keys(data) as (keyof typeof data)[];
    // A page a column: what is read of a row group is all of it.
    return names.map((name) => ({ name, data: data[name], offsetIndex: false, ...layouts[name] }));
  }
}
