import type { ProducedAppend, ProducerState } from './producers.ts';

/*
 * The producers of a partition as its last batch carries them: a format byte, 1, and then each producer, that which appended last
 * coming first: 16 bytes of id; epoch, sequence and the number of its remembered appends; and of each of these how far its base is
 * before the batch's end, its append time before the batch's, in whole ms, and 4 bytes of digest. Numbers are LEB128, as in
 * WebAssembly; times may lie behind the batch's, so their sign is the lowest bit (zigzag).
 */

const format = 1;
const idBytes = 16;
const digestBytes = 4;

/** What the numbers in a table are counted from: the batch that carries it. */
export interface TableOrigin {
  /** The offset after its last record. */
  readonly end: number;
  /** Wall clock ms. */
  readonly appendedAt: number;
}

const numberInto = (bytes: number[], value: number): void => {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
};

const zigzag = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2);
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

const entryOf = ({ id, epoch, sequence, recent }: ProducerState, origin: TableOrigin): number[] => {
  const bytes = [...Buffer.from(id, 'base64url')];
  numberInto(bytes, epoch);
  numberInto(bytes, sequence);
  numberInto(bytes, recent.length);
  for (const { base, appendedAt, digest } of recent) {
    numberInto(bytes, origin.end - base);
    numberInto(bytes, zigzag(Math.floor(origin.appendedAt) - Math.floor(appendedAt)));
    bytes.push(...Buffer.from(digest, 'hex'));
  }
  return bytes;
};

export interface PackedProducers {
  /** Undefined where there is nobody. */
  readonly table: Uint8Array | undefined;
  /** Of `others`, those for whom there was no room, whole. */
  readonly left: readonly ProducerState[];
}

/**
 * Puts producers into a table of `maxBytes` or so: all of those that append in this batch, and of the others, that which appended last
 * coming first, as many as have room. Where not all have room with all that is remembered of them, each has its newest append alone.
 */
export const packProducers = (
  appending: readonly ProducerState[],
  others: readonly ProducerState[],
  origin: TableOrigin,
  maxBytes: number,
): PackedProducers => {
  const all = [...appending, ...others];
  if (all.length === 0) return { table: undefined, left: [] };
  const whole = all.flatMap((state) => entryOf(state, origin));
  if (whole.length + 1 <= maxBytes) return { table: Uint8Array.from([format, ...whole]), left: [] };
  const bytes = [format];
  const add = (state: ProducerState, mustFit: boolean): boolean => {
    const entry = entryOf({ ...state, recent: state.recent.slice(0, 1) }, origin);
    if (mustFit && bytes.length + entry.length > maxBytes) return false;
    bytes.push(...entry);
    return true;
  };
  for (const state of appending) add(state, false);
  const fitting = others.findIndex((state) => !add(state, true));
  return { table: Uint8Array.from(bytes), left: fitting < 0 ? [] : others.slice(fitting) };
};

/** Reads a table from its first byte on. */
class TableReader {
  readonly #table: Uint8Array;
  #at = 1;

  constructor(table: Uint8Array) {
    this.#table = table;
  }

  get isDone(): boolean {
    return this.#at >= this.#table.length;
  }

  bytes(length: number): Buffer {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#table.length) throw new TypeError('A table of producers ends too early.');
    return Buffer.from(this.#table.subarray(from, this.#at));
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes(1)[0] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}

/**
 * The producers that a batch carries, that which appended last coming first.
 * @throws TypeError for a table that a later version wrote, or that was damaged.
 */
export const unpackProducers = (table: Uint8Array | undefined, origin: TableOrigin): ProducerState[] => {
  if (table === undefined) return [];
  if (table[0] !== format) throw new TypeError(`Format ${table[0]} of a table of producers is not known.`);
  const reader = new TableReader(table);
  const producers: ProducerState[] = [];
  while (!reader.isDone) {
    const id = reader.bytes(idBytes).toString('base64url');
    const [epoch, sequence, count] = [reader.number(), reader.number(), reader.number()];
    const recent = Array.from(
      { length: count },
      (): ProducedAppend => ({
        base: origin.end - reader.number(),
        appendedAt: Math.floor(origin.appendedAt) - unzigzag(reader.number()),
        digest: reader.bytes(digestBytes).toString('hex'),
      }),
    );
    producers.push({ id, epoch, sequence, recent });
  }
  return producers;
};
