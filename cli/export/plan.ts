import { parseTimestamp } from '../../lib/domain/text/timestamps.ts';
import type { Broker, PartitionRange, Place } from '../broker/broker.ts';
import { CommandError } from '../failure.ts';

/** The part of a partition that is to be exported. */
export interface ExportRange {
  readonly partition: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** What the partition has: its oldest offset, and the one after its last. */
  readonly start: number;
  readonly end: number;
}

/**
 * An offset, or a time.
 * @throws CommandError
 */
export const placeOf = (option: string, text: string): Place => {
  if (/^\d{1,16}$/.test(text)) return { offset: Number(text) };
  if (parseTimestamp(text) !== undefined) return { timestamp: text };
  throw new CommandError(
    `--${option}: an offset, or a time such as 2026-01-31T12:00:00Z, not ${JSON.stringify(text)}.`,
  );
};

/** Exclusive, as an end: what has that timestamp or a later one, and all behind it, is left out. */
const offsetAt = async (
  broker: Broker,
  topic: string,
  { partition, endOffset }: PartitionRange,
  place: Place,
): Promise<number> => {
  if ('offset' in place) return place.offset;
  const { records, nextOffset } = await broker.fetch(topic, partition, place, 1);
  if (records.length === 0) return endOffset;
  // The place itself: compaction may have taken away what stood between the record and the next offset.
  const [first = '{}'] = records;
  return (JSON.parse(first) as { offset?: number }).offset ?? nextOffset;
};

const numberOf = (place: Place): number =>
  'offset' in place ? place.offset : (parseTimestamp(place.timestamp) ?? 0);

/** @throws CommandError where nothing can be from one place to the other. */
const refuseBackwards = ({ from, to }: PlanRequest): void => {
  if (from === undefined || to === undefined || 'offset' in from !== 'offset' in to) return;
  if (numberOf(from) >= numberOf(to))
    throw new CommandError('--from is not before --to, which is exclusive: nothing lies between them.');
};

export interface PlanRequest {
  readonly topic: string;
  /** Every one, where none is named. */
  readonly partitions: readonly number[];
  readonly from?: Place | undefined;
  readonly to?: Place | undefined;
}

/**
 * What is to be exported of each partition, as the topic is now: up to its end, unless it says how far.
 * @throws CommandError for a partition that the topic has not, and an end that is not behind the beginning.
 */
export const planExport = async (broker: Broker, request: PlanRequest): Promise<readonly ExportRange[]> => {
  const { topic, partitions, from, to } = request;
  refuseBackwards(request);
  const all = await broker.partitions(topic);
  const unknown = partitions.find((partition) => !all.some((range) => range.partition === partition));
  if (unknown !== undefined)
    throw new CommandError(
      `--partition: topic ${topic} has ${all.length} partitions, from 0 on, and not ${unknown}.`,
    );
  const wanted = all.filter(({ partition }) => partitions.length === 0 || partitions.includes(partition));
  const ranges: ExportRange[] = [];
  for (const range of wanted) {
    const first = from === undefined ? range.startOffset : await offsetAt(broker, topic, range, from);
    const last = to === undefined ? range.endOffset : await offsetAt(broker, topic, range, to);
    ranges.push({
      partition: range.partition,
      from: Math.max(first, range.startOffset),
      to: Math.min(last, range.endOffset),
      start: range.startOffset,
      end: range.endOffset,
    });
  }
  return ranges;
};
