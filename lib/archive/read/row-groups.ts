import { recordBytes } from '../../domain/records/encoding.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import type { ByteRange } from '../../stores/objects.ts';
import type { SegmentDecoding, SegmentIndex } from '../format.ts';
import { ByteCache } from './byte-cache.ts';

/** The records of a row group, and their bytes of JSON. */
export interface DecodedGroup {
  readonly records: readonly LogRecord[];
  readonly bytes: number;
}

interface Held {
  /** What was read of the object, and where it begins there. */
  readonly window: Promise<Uint8Array>;
  readonly windowFrom: number;
  decoded?: Promise<DecodedGroup>;
}

/** One object of the archive, and what its footer says. */
interface Indexed {
  readonly segment: { readonly object: string };
  readonly index: SegmentIndex;
}

/** What an object's record takes in memory beside its text, about. */
const recordOverheadBytes = 200;

/**
 * The row groups that a process holds: as they were read, or decoded. Each is read once and decoded once for all who ask
 * for it meanwhile, and for as long as there is room.
 */
export class RowGroups {
  readonly #format: SegmentDecoding;
  readonly #read: (object: string, range: ByteRange) => Promise<Uint8Array>;
  readonly #held: ByteCache<Held>;

  constructor(
    format: SegmentDecoding,
    read: (object: string, range: ByteRange) => Promise<Uint8Array>,
    maxBytes: number,
  ) {
    this.#format = format;
    this.#read = read;
    this.#held = new ByteCache(maxBytes);
  }

  has({ segment: { object } }: Indexed, group: number): boolean {
    return this.#held.has(keyOf(object, group));
  }

  /** Reads the groups from `first` to `last`, both included, by one request. Those who ask for them wait for it. */
  fetch({ segment: { object }, index }: Indexed, first: number, last: number): void {
    const groups = index.groups.slice(first, last + 1);
    const [from, to] = [groups[0]?.bytes.from ?? 0, groups.at(-1)?.bytes.to ?? 0];
    const window = this.#read(object, { from, to });
    const keys = groups.map((_, position) => keyOf(object, first + position));
    for (const [position, key] of keys.entries()) {
      const { bytes } = groups[position] ?? { bytes: { from: 0, to: 0 } };
      this.#held.set(key, { window, windowFrom: from }, bytes.to - bytes.from);
    }
    // Who asks for them is told of it; nobody may ask.
    window.catch(() => {
      for (const key of keys) if (this.#held.get(key)?.window === window) this.#held.delete(key);
    });
  }

  /** Takes the groups of an object that was read whole. */
  hold({ segment: { object }, index }: Indexed, bytes: Uint8Array): void {
    const window = Promise.resolve(bytes);
    for (const [group, { bytes: range }] of index.groups.entries()) {
      const key = keyOf(object, group);
      if (!this.#held.has(key)) this.#held.set(key, { window, windowFrom: 0 }, range.to - range.from);
    }
  }

  /**
   * The records of a group: read now, where they are not here.
   * @throws DamagedSegmentError, and what reading throws
   */
  async decoded(open: Indexed, group: number): Promise<DecodedGroup> {
    const key = keyOf(open.segment.object, group);
    if (!this.#held.has(key)) this.fetch(open, group, group);
    const held = this.#held.get(key);
    if (held === undefined) throw new Error(`Row group ${group} of ${open.segment.object} is not held.`);
    held.decoded ??= this.#decode(open, group, held);
    try {
      return await held.decoded;
    } catch (error) {
      if (this.#held.get(key) === held) this.#held.delete(key);
      throw error;
    }
  }

  async #decode({ segment: { object }, index }: Indexed, group: number, held: Held): Promise<DecodedGroup> {
    const { bytes } = index.groups[group] ?? { bytes: { from: 0, to: 0 } };
    const window = await held.window;
    const body = window.subarray(bytes.from - held.windowFrom, bytes.to - held.windowFrom);
    const records = await this.#format.readRowGroup(index, group, body);
    const decoded = { records, bytes: records.reduce((sum, record) => sum + recordBytes(record), 0) };
    const key = keyOf(object, group);
    // In place of the bytes that they came from.
    if (this.#held.get(key) === held) {
      const kept = { window: released, windowFrom: 0, decoded: Promise.resolve(decoded) };
      this.#held.set(key, kept, decoded.bytes + records.length * recordOverheadBytes);
    }
    return decoded;
  }
}

const released = Promise.resolve(new Uint8Array());
const keyOf = (object: string, group: number): string => `${object}#${group}`;
