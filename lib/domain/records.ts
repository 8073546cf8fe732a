import type { JsonValue } from './json.ts';

/** What a producer gives. Exactly one of `value` (any JSON, `null` included) and `valueBase64` is set. */
export interface NewRecord {
  readonly key?: string;
  readonly value?: JsonValue;
  readonly valueBase64?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Wall clock ms since 1970. Absent: the time of the append. */
  readonly timestamp?: number;
}

/** A record as it stands in the log. */
export interface LogRecord extends NewRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

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
