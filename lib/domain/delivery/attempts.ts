/** What a request to an endpoint came to: as an `Outcome` of delivery. */
export type AttemptOutcome = 'acknowledged' | 'refusal' | 'outage';

export const attemptOutcomes: readonly AttemptOutcome[] = ['acknowledged', 'refusal', 'outage'];

/** One request to an endpoint of a group, as the attempt log keeps it. It holds no secret, and nothing of a record. */
export interface LoggedAttempt {
  /** Unique for ever. */
  readonly attemptId: string;
  /** Whole wall clock ms at which the request was begun. */
  readonly at: number;
  readonly partition: number;
  readonly endpointId: string;
  /** The `webhook-id`: the same on every attempt of a message. */
  readonly messageId: string;
  /** Offset of the message's first record, and the one after its last. */
  readonly from: number;
  readonly to: number;
  readonly records: number;
  /** Which attempt of the message it was, from 1 on. */
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  /** Of the whole exchange. */
  readonly ms: number;
  /** Of a failure: why, for people. */
  readonly reason?: string;
  /** Headers of the request, one a line; none that is a secret, nor any that the endpoint has of its own. */
  readonly request: string;
  /** How the body of the answer began, where that may be told. */
  readonly answer?: string;
  /** Requests of the group which this process should have logged since the one before this, and did not. Absent: none. */
  readonly omitted?: number;
}

/** Where an attempt stands in the log of its group, which is in order of time and, of one time, of id. */
export type AttemptPlace = Pick<LoggedAttempt, 'at' | 'attemptId'>;

/** Below zero where `a` stands before `b` in a list with the newest first. */
export const newestFirst = (a: AttemptPlace, b: AttemptPlace): number =>
  b.at - a.at || (a.attemptId < b.attemptId ? 1 : a.attemptId > b.attemptId ? -1 : 0);
