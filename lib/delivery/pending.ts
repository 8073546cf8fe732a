import type { Origin } from '../domain/records/origin.ts';
import type { LogRecord } from '../domain/records/records.ts';
import type { Failed } from '../stores/expressions.ts';

/** A record of a message, with when it was appended (wall clock ms). */
export interface Pending {
  readonly offset: number;
  readonly appendedAt: number;
  /** The record as it stands in the body: as JSON (DESIGN §10), unless the group's format has it otherwise. */
  readonly json: string;
  /** The same, as it is sent. */
  readonly record: LogRecord;
  /** Of its batch. */
  readonly origin?: Origin | undefined;
  /** Why it cannot be sent: it could not be made what it is to be. */
  readonly fault?: Failed;
}
