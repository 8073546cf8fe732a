import {
  DamagedSegmentError,
  type RowGroup,
  type SegmentAbout,
  type SegmentFormat,
  type SegmentIndex,
  type SegmentWriter,
} from '../../lib/archive/format.ts';
import type { LogRecord } from '../../lib/domain/records/records.ts';

interface Footer extends SegmentIndex {
  readonly bodyBytes: number;
}

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new DamagedSegmentError('It is no JSON.');
  }
};

class JsonSegmentWriter implements SegmentWriter {
  readonly #about: SegmentAbout;
  readonly #rowsOfGroup: number;
  readonly #parts: Uint8Array[] = [];
  readonly #groups: RowGroup[] = [];
  #open: LogRecord[] = [];
  #bytes = 0;
  #records = 0;

  constructor(about: SegmentAbout, rowsOfGroup: number) {
    this.#about = about;
    this.#rowsOfGroup = rowsOfGroup;
  }

  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#open.push(record);
      this.#records += 1;
      if (this.#open.length === this.#rowsOfGroup) this.#close();
    }
  }

  finish(end: number) {
    this.#close();
    const footer = bytesOf({ about: this.#about, end, groups: this.#groups, bodyBytes: this.#bytes });
    const body = Buffer.concat([...this.#parts, footer]);
    return { body, footerBytes: footer.length, records: this.#records };
  }

  #close(): void {
    const [first, last] = [this.#open[0], this.#open.at(-1)];
    if (first === undefined || last === undefined) return;
    const part = bytesOf(this.#open);
    const bytes = { from: this.#bytes, to: this.#bytes + part.length };
    const maxTimestamp = Math.max(...this.#open.map(({ timestamp }) => timestamp));
    const records = this.#open.length;
    this.#groups.push({ first: first.offset, last: last.offset, records, maxTimestamp, bytes });
    this.#parts.push(part);
    this.#bytes += part.length;
    this.#open = [];
  }
}

/** Segments of JSON, in row groups of so many records: for tests that are about what is done with segments. */
export const jsonSegmentsOf = (rowsOfGroup: number): SegmentFormat<Footer> => ({
  writer: (about) => new JsonSegmentWriter(about, rowsOfGroup),
  readIndex: (footer, objectBytes) => {
    const index = parse(footer) as Footer;
    if (index.bodyBytes !== objectBytes - footer.length) throw new DamagedSegmentError('It was cut.');
    return index;
  },
  readRowGroup: async (_index, _group, bytes) => parse(bytes) as LogRecord[],
});

/** In row groups of three records. */
export const jsonSegments: SegmentFormat<Footer> = jsonSegmentsOf(3);
