import { concurrently } from '../../domain/concurrently.ts';
import { Problem, UndecodableBatchError } from '../../domain/errors.ts';
import { recordBytes } from '../../domain/records/encoding.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import type { Place } from '../../log/read/places.ts';
import type { PullReader } from './deps.ts';

/** What one poll may bring. */
export interface Budget {
  readonly maxRecords: number;
  /** Of the records' JSON; the first record is given whatever its size. */
  readonly maxBytes: number;
}

/** What was read for a place. */
export interface Taken<P extends Place> {
  readonly place: P;
  readonly records: readonly LogRecord[];
  /** Where the partition begins, if that is past the place: what is between was lost. */
  readonly start: number;
  /** Where to go on: past the records, and past what compaction took away behind them. */
  readonly next: number;
  /** There is more behind it, or may be. */
  readonly more: boolean;
}

export interface TakenAll<P extends Place> {
  readonly taken: readonly Taken<P>[];
  /** What stopped a partition that could not be decoded. */
  readonly damage: UndecodableBatchError | undefined;
}

/**
 * Reads records for several places within one budget, from the first places first: who has much to read gets it from few partitions,
 * at a read and a write for each. Two are read at once where the first left room, then four, and so on up to `atOnce`, in equal
 * shares. A place where nothing was found is not among what is given, unless something was lost or taken away by compaction there.
 */
export const takeAll = async <P extends Place>(
  reader: Pick<PullReader, 'take'>,
  places: readonly P[],
  { maxRecords, maxBytes }: Budget,
  atOnce: number,
): Promise<TakenAll<P>> => {
  const taken: Taken<P>[] = [];
  let damage: UndecodableBatchError | undefined;
  let [records, bytes] = [maxRecords, maxBytes];
  let some: readonly P[] = [];
  for (let index = 0; index < places.length && records > 0 && bytes > 0; index += some.length) {
    const count = Math.min(index + 1, atOnce, records);
    some = places.slice(index, index + count);
    const share = {
      maxRecords: Math.max(1, Math.floor(records / some.length)),
      maxBytes: Math.max(1, Math.floor(bytes / some.length)),
    };
    for (const read of await concurrently(atOnce, some, (place) => takeOne(reader, place, share))) {
      if (read instanceof UndecodableBatchError) {
        damage ??= read;
        continue;
      }
      const isFirst = records === maxRecords;
      const fitting = partFitting(read, bytes, isFirst);
      if (fitting === undefined) continue;
      records -= fitting.taken.records.length;
      bytes -= fitting.bytes;
      if (fitting.taken.records.length > 0 || read.next > read.place.offset) taken.push(fitting.taken);
    }
  }
  return { taken: await fill(reader, taken, { maxRecords: records, maxBytes: bytes }), damage };
};

/** What is left of the budget goes to who has more, one after the other. */
const fill = async <P extends Place>(
  reader: Pick<PullReader, 'take'>,
  taken: readonly Taken<P>[],
  budget: Budget,
): Promise<readonly Taken<P>[]> => {
  let { maxRecords, maxBytes } = budget;
  const filled: Taken<P>[] = [];
  for (const each of taken) {
    const { records, next, place, more } = each;
    if (!more || records.length === 0 || maxRecords <= 0 || maxBytes <= 0) {
      filled.push(each);
      continue;
    }
    const further = await takeOne(reader, { ...place, offset: next }, { maxRecords, maxBytes });
    const fitting =
      further instanceof UndecodableBatchError ? undefined : partFitting(further, maxBytes, false);
    if (fitting === undefined || fitting.taken.start > next) {
      filled.push(each);
      continue;
    }
    maxRecords -= fitting.taken.records.length;
    maxBytes -= fitting.bytes;
    const { records: others, next: end, more: isMore } = fitting.taken;
    filled.push({ ...each, records: [...records, ...others], next: end, more: isMore });
  }
  return filled;
};

const takeOne = async <P extends Place>(
  reader: Pick<PullReader, 'take'>,
  place: P,
  share: Budget,
): Promise<Taken<P> | UndecodableBatchError> => {
  let offset = place.offset;
  for (let look = 0; ; look += 1) {
    try {
      const { records, next, more } = await reader.take(place.at, { offset, ...share });
      return { place, records, start: offset, next, more };
    } catch (error) {
      if (error instanceof UndecodableBatchError) return error;
      const start = startAfter(error, offset);
      // It is past the end, as after a seek that another process has not heard of: nothing is there.
      if (start === undefined)
        return { place, records: [], start: place.offset, next: place.offset, more: false };
      if (look === 2) throw error;
      offset = start;
    }
  }
};

/** What was read of a range of offsets. */
export interface TakenRange {
  /** Where it begins: the start of the partition where that is later than it was asked for. */
  readonly from: number;
  /** Exclusive: everything below it was read. Not above `from` where nothing is there. */
  readonly to: number;
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  /** Where the partition begins, if that is past the range's first offset; else 0. */
  readonly start: number;
}

/** Reads records of a range, as many as fit. @param isFirst one record is taken whatever its size. */
export const takeRange = async (
  reader: Pick<PullReader, 'take'>,
  at: Place['at'],
  { from, to }: { readonly from: number; readonly to: number },
  { maxRecords, maxBytes }: Budget,
  isFirst: boolean,
): Promise<TakenRange | UndecodableBatchError> => {
  const share = { maxRecords: Math.min(maxRecords, to - from), maxBytes };
  const read = await takeOne(reader, { at, offset: from }, share);
  if (read instanceof UndecodableBatchError) return read;
  const within = read.records.filter(({ offset }) => offset < to);
  const next = within.length < read.records.length ? to : Math.min(read.next, to);
  const fitting = partFitting({ ...read, records: within, next }, maxBytes, isFirst);
  const start = read.start > from ? read.start : 0;
  if (fitting === undefined) return { from: read.start, to: read.start, records: [], bytes: 0, start };
  const { taken, bytes } = fitting;
  return { from: read.start, to: taken.next, records: taken.records, bytes, start };
};

/** The start of the partition, where `error` says that it is past `offset`; undefined where `offset` is past its end. */
const startAfter = (error: unknown, offset: number): number | undefined => {
  if (!(error instanceof Problem) || error.code !== 'offset_out_of_range') throw error;
  const start = Number(error.details.members?.['startOffset']);
  return start > offset ? start : undefined;
};

/** As many records as there is room for; undefined where there is none for the first. */
const partFitting = <P extends Place>(
  read: Taken<P>,
  maxBytes: number,
  isFirst: boolean,
): { readonly taken: Taken<P>; readonly bytes: number } | undefined => {
  let bytes = 0;
  for (const [index, record] of read.records.entries()) {
    const size = recordBytes(record);
    if (bytes + size > maxBytes && !(isFirst && index === 0)) {
      if (index === 0) return undefined;
      const cut = { ...read, records: read.records.slice(0, index), next: record.offset, more: true };
      return { taken: cut, bytes };
    }
    bytes += size;
  }
  return { taken: read, bytes };
};
