import type { JsonText } from '../json/text.ts';
import { timestampText } from '../text/timestamps.ts';

/**
 * What a producer gives. Exactly one of `valueJson` (any JSON, `null` included) and `valueBase64` is set. JSON is kept as
 * the text it came as, from the request to every answer.
 */
export interface NewRecord {
  readonly key?: string;
  readonly valueJson?: JsonText;
  readonly valueBase64?: string;
  /** An object of strings. */
  readonly headersJson?: JsonText;
  /** Wall clock ms since 1970. Absent: the time of the append. */
  readonly timestamp?: number;
}

/** A record as it stands in the log. */
export interface LogRecord extends NewRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** Wall clock ms of its batch's append. */
  readonly appendedAt: number;
}

/**
 * A record as every answer and message shows it. When it was appended is told where that is not its timestamp; value and
 * headers are the bytes that were given.
 */
export const recordJson = (record: LogRecord): string => {
  const { partition, offset, timestamp, appendedAt, key, valueJson, valueBase64, headersJson } = record;
  let text = `{"partition":${partition},"offset":${offset},"timestamp":"${timestampText(timestamp)}"`;
  if (appendedAt !== timestamp) text += `,"appendedAt":"${timestampText(appendedAt)}"`;
  if (key !== undefined) text += `,"key":${JSON.stringify(key)}`;
  if (valueJson !== undefined) text += `,"value":${valueJson}`;
  if (valueBase64 !== undefined) text += `,"valueBase64":"${valueBase64}"`;
  if (headersJson !== undefined) text += `,"headers":${headersJson}`;
  return `${text}}`;
};

/** One partition of one incarnation of a topic: what the log table is keyed by. */
export interface PartitionRef {
  readonly topicId: string;
  readonly partition: number;
}

/** `<topicId>/<partition>`: the log table's partition key, and a key for maps. */
export const partitionKey = ({ topicId, partition }: PartitionRef): string => `${topicId}/${partition}`;

/** The inverse of `partitionKey`, or undefined for any other text. */
export const parsePartitionKey = (key: string): PartitionRef | undefined => {
  const match = /^([^/]+)\/(0|[1-9]\d{0,3})$/.exec(key);
  return match?.[1] === undefined ? undefined : { topicId: match[1], partition: Number(match[2]) };
};
