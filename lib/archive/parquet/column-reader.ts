import { readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressors } from './compression.ts';
import { textOf, textsBetween } from './page-texts.ts';
import { type Leaf, leaves, pathOf } from './schema.ts';
import type { ParquetRowGroup } from './segment-index.ts';

type ColumnDecoder = Parameters<typeof readColumn>[2];

// The library's own decoder leaves a byte order mark out.
const parsers = { ...DEFAULT_PARSERS, stringFromBytes: textOf };

/** @param means whether bytes become what they mean: text. Of a time the library would make a Date. */
const decoderOf = (leaf: Leaf, means: boolean): Omit<ColumnDecoder, 'codec'> => {
  const schemaPath = pathOf(leaf);
  const { type, name = leaf, repetition_type, ...meaning } = schemaPath.at(-1)?.element ?? {};
  if (type === undefined || repetition_type === undefined) throw new Error(`There is no column ${leaf}.`);
  return {
    pathInSchema: leaf.split('.'),
    schemaPath,
    type,
    element: { name, type, repetition_type, ...(means && meaning) },
    parsers,
    compressors: decompressors,
    utf8: false,
  };
};

const decoders = new Map(leaves.map((leaf) => [leaf, decoderOf(leaf, false)]));
const textDecoders = new Map(leaves.map((leaf) => [leaf, decoderOf(leaf, true)]));

/** For each record an array of one list, or an empty one where it has none. */
type TextLists = readonly (readonly (readonly string[])[])[];

const isPresent = (value: Uint8Array | null): value is Uint8Array => value !== null;
const isFilled = ([list]: readonly (readonly Uint8Array[])[]): boolean =>
  list !== undefined && list.length > 0;

/** The columns of a row group, from its bytes. */
export class ColumnReader {
  readonly #group: ParquetRowGroup;
  readonly #bytes: Uint8Array;

  constructor(group: ParquetRowGroup, bytes: Uint8Array) {
    this.#group = group;
    this.#bytes = bytes;
  }

  integers(leaf: Leaf): BigInt64Array {
    const values = this.#values(leaf);
    if (!(values instanceof BigInt64Array)) throw new Error(`Column ${leaf} has no integers.`);
    return values;
  }

  bytes(leaf: Leaf): readonly Uint8Array[] {
    return this.#values(leaf) as Uint8Array[];
  }

  /** Undefined where no record has one. */
  texts(leaf: Leaf): readonly (string | null)[] | undefined {
    const { isEmpty, hasDictionary } = this.#chunk(leaf);
    if (isEmpty) return undefined;
    if (hasDictionary) return this.#values(leaf, textDecoders) as (string | null)[];
    const values = this.#values(leaf) as (Uint8Array | null)[];
    const text = textsBetween(values.find(isPresent), values.findLast(isPresent));
    return values.map((value) => (value === null ? null : text(value)));
  }

  /** Undefined where no record has one. */
  textLists(leaf: Leaf): TextLists | undefined {
    const { isEmpty, hasDictionary } = this.#chunk(leaf);
    if (isEmpty) return undefined;
    if (hasDictionary) return this.#values(leaf, textDecoders) as string[][][];
    const rows = this.#values(leaf) as Uint8Array[][][];
    const text = textsBetween(rows.find(isFilled)?.[0]?.[0], rows.findLast(isFilled)?.[0]?.at(-1));
    return rows.map((lists) => lists.map((list) => list.map(text)));
  }

  #chunk(leaf: Leaf) {
    const chunk = this.#group.chunks.get(leaf);
    if (chunk === undefined) throw new Error(`There is no column ${leaf}.`);
    return chunk;
  }

  #values(leaf: Leaf, by = decoders): ArrayLike<unknown> {
    const { records, bytes: range } = this.#group;
    const { codec, bytes } = this.#chunk(leaf);
    const decoder = by.get(leaf);
    if (decoder === undefined) throw new Error(`There is no column ${leaf}.`);
    const from = this.#bytes.byteOffset + bytes.from - range.from;
    const view = new DataView(this.#bytes.buffer, from, bytes.to - bytes.from);
    const rows = { groupStart: 0, groupRows: records, selectStart: 0, selectEnd: records };
    const { data } = readColumn({ view, offset: 0 }, rows, { ...decoder, codec });
    const [page] = data;
    if (data.length !== 1 || page?.length !== records)
      throw new Error(`Column ${leaf} has not as many values as there are records.`);
    return page;
  }
}
