import { type JsonText, jsonText } from '../json/text.ts';
import type { LogRecord, NewRecord, PartitionRef } from '../records/records.ts';
import { timestampText } from '../text/timestamps.ts';
import type { Unacknowledged } from './cursors.ts';

/** The topic of a group's dead letters. */
export const deadLetterTopicName = (topic: string, group: string): string => `${topic}.${group}.dead`;

/** What is said of a dead letter. */
export interface DeadLetter {
  readonly record: LogRecord;
  /** The name of the topic that it comes from. */
  readonly topic: string;
  readonly group: string;
  /** How often it was handed out, or refused by an endpoint. */
  readonly deliveries: number;
  /** Why it was not acknowledged the last time. */
  readonly reason: Unacknowledged | 'refused';
  /** What the endpoint answered, in words. */
  readonly detail?: string;
  /** Wall clock ms. When it was given up: the same for every attempt to write it. */
  readonly since: number;
}

/** The headers that a dead letter has beside its own. */
const headersOf = ({ record, topic, group, deliveries, reason, detail, since }: DeadLetter) => ({
  'millrace-dead-reason': reason,
  ...(detail !== undefined && { 'millrace-dead-detail': detail }),
  'millrace-dead-at': timestampText(since),
  'millrace-dead-deliveries': String(deliveries),
  'millrace-dead-group': group,
  'millrace-dead-topic': topic,
  'millrace-dead-partition': String(record.partition),
  'millrace-dead-offset': String(record.offset),
  'millrace-dead-timestamp': timestampText(record.timestamp),
});

/** Headers behind those that a record has, whose text stays as it is; of a name that comes again the last counts. */
const joinedHeaders = (own: JsonText | undefined, more: object): JsonText => {
  const text = jsonText(more);
  const before = own?.trim().slice(1, -1).trim() ?? '';
  return (before === '' ? text : `{${before},${text.slice(1)}`) as JsonText;
};

/** The record as it goes to the dead letters: key and value as they are, and headers that say why, when, how often and from where. */
export const deadRecord = (letter: DeadLetter): NewRecord => {
  const { partition: _p, offset: _o, timestamp: _t, appendedAt: _a, headersJson, ...rest } = letter.record;
  return { ...rest, headersJson: joinedHeaders(headersJson, headersOf(letter)) };
};

/** What makes each record of a group a dead letter once: its place. */
export const deadLetterKey = (groupId: string, at: PartitionRef, offset: number): string =>
  `dead/${groupId}/${at.topicId}/${at.partition}/${offset}`;
