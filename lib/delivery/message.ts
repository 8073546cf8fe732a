import type { Group } from '../domain/groups/groups.ts';
import type { Origin } from '../domain/records/origin.ts';
import { timestampText } from '../domain/text/timestamps.ts';

/** A record of a message, with when it was appended (wall clock ms). */
export interface Pending {
  readonly offset: number;
  readonly appendedAt: number;
  /** The record as JSON (DESIGN §10). */
  readonly json: string;
  /** Of its batch. */
  readonly origin?: Origin | undefined;
}

/** One webhook message: the records of one partition from `start` to `end`. */
export interface Message {
  /** `<groupId>-<partition>-<start>-<end>`: the same records have the same id, and the same id the same records. */
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

/**
 * The message of `records`. Its body depends on nothing but the records and the group's name and topic, so that each
 * attempt sends the same bytes: its timestamp is the append of the last record.
 * @param records contiguous, at least one, JSON as `recordJson` writes it.
 */
export const composeMessage = (
  group: Pick<Group, 'groupId' | 'name' | 'topic'>,
  partition: number,
  records: readonly [Pending, ...Pending[]],
): Message => {
  const [first] = records;
  const last = records.at(-1) ?? first;
  const [start, end] = [first.offset, last.offset + 1];
  const head = JSON.stringify({ topic: group.topic, group: group.name, partition }).slice(0, -1);
  const data = `${head},"records":[${records.map(({ json }) => json).join(',')}]}`;
  const timestamp = timestampText(last.appendedAt);
  return {
    id: `${group.groupId}-${partition}-${start}-${end}`,
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
export const envelopeBytes = (group: Pick<Group, 'groupId' | 'name' | 'topic'>, partition: number): number =>
  Buffer.byteLength(composeMessage(group, partition, [{ offset: 0, appendedAt: 0, json: '' }]).body);
