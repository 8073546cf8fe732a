import { createHash } from 'node:crypto';
import type { DeliverySettings, PushGroup } from '../domain/groups/groups.ts';
import type { Origin } from '../domain/records/origin.ts';
import type { LogRecord } from '../domain/records/records.ts';
import { timestampText } from '../domain/text/timestamps.ts';
import type { Failed } from '../stores/expressions.ts';

/** A record of a message, with when it was appended (wall clock ms). */
export interface Pending {
  readonly offset: number;
  readonly appendedAt: number;
  /** The record as JSON (DESIGN §10). */
  readonly json: string;
  /** The same, as it is sent. */
  readonly record: LogRecord;
  /** Of its batch. */
  readonly origin?: Origin | undefined;
  /** Why it cannot be sent: it could not be made what it is to be. */
  readonly fault?: Failed;
}

type Composed = Omit<Pending, 'record' | 'fault'>;

/** One webhook message: the records of one partition from `start` to `end`. */
export interface Message {
  /**
   * `<groupId>-<partition>-<start>-<end>`: the same records have the same id, and the same id the same records. Where a filter
   * or a transform makes others of them, `-` and a digest of these are behind it.
   */
  readonly id: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly records: number;
  /** Of the records, in order. */
  readonly offsets: readonly number[];
  /** Wall clock ms of the oldest record's append. */
  readonly appendedAt: number;
  readonly body: string | Uint8Array;
  /** The call that the first record came with, where its batch knows it. */
  readonly origin?: Origin;
}

type MessageGroup = Pick<PushGroup, 'groupId' | 'name' | 'topic'> & {
  readonly delivery?: Pick<DeliverySettings, 'filter' | 'transform'>;
};

const digestOf = ({ delivery: { filter, transform } = {} }: MessageGroup): string => {
  if (filter === undefined && transform === undefined) return '';
  const digest = createHash('sha256').update(JSON.stringify([filter, transform]));
  return `-${digest.digest('hex').slice(0, 8)}`;
};

/**
 * The message of `records`. Its body depends on nothing but the records and the group's name and topic, so that each
 * attempt sends the same bytes: its timestamp is the append of the last record.
 * @param records contiguous, at least one, JSON as `recordJson` writes it.
 */
export const composeMessage = (
  group: MessageGroup,
  partition: number,
  records: readonly [Composed, ...Composed[]],
): Message => {
  const [first] = records;
  const last = records.at(-1) ?? first;
  const [start, end] = [first.offset, last.offset + 1];
  const head = JSON.stringify({ topic: group.topic, group: group.name, partition }).slice(0, -1);
  const data = `${head},"records":[${records.map(({ json }) => json).join(',')}]}`;
  const timestamp = timestampText(last.appendedAt);
  return {
    id: `${group.groupId}-${partition}-${start}-${end}${digestOf(group)}`,
    start,
    end,
    records: records.length,
    offsets: records.map(({ offset }) => offset),
    appendedAt: first.appendedAt,
    ...(first.origin !== undefined && { origin: first.origin }),
    body: `{"type":"topic.records","timestamp":"${timestamp}","data":${data}}`,
  };
};

/** UTF-8 bytes of a message's body beside its records and the commas between them. */
export const envelopeBytes = (group: MessageGroup, partition: number): number =>
  Buffer.byteLength(composeMessage(group, partition, [{ offset: 0, appendedAt: 0, json: '' }]).body);
