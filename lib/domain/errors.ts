/**
 * Everything that can be wrong with a request, by the code that a client sees
 * (`urn:millrace:problem:<code>`). `lib/http/problems.ts` maps each code to its HTTP status.
 */
export type ProblemCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'topic_not_found'
  | 'partition_not_found'
  | 'group_not_found'
  | 'endpoint_not_found'
  | 'key_not_found'
  | 'schema_not_found'
  | 'topic_exists'
  | 'group_exists'
  | 'endpoint_exists'
  | 'handshake_failed'
  | 'conflict'
  | 'lease_lost'
  | 'invalid_token'
  | 'not_handed_out'
  | 'invalid_schema'
  | 'schema_incompatible'
  | 'schema_mismatch'
  | 'offset_mismatch'
  | 'offset_out_of_range'
  | 'limit_exceeded'
  | 'undecodable_batch'
  | 'too_large'
  | 'request_timeout'
  | 'unsupported_media_type'
  | 'not_acceptable'
  | 'partition_overloaded'
  | 'throttled'
  | 'quota_exceeded'
  | 'partly_written'
  | 'idempotency_mismatch'
  | 'idempotency_taken_over'
  | 'idempotency_unknown'
  | 'sequence_gap'
  | 'sequence_forgotten'
  | 'producer_fenced'
  | 'outcome_unknown'
  | 'unavailable'
  | 'internal';

export interface FieldError {
  /** Where in the input, as `records[3].key`; empty for the input as a whole. */
  path: string;
  message: string;
}

/** As many as an answer tells of: more do not help whoever reads them. */
export const reportedErrors = 20;

/** The first of them as a sentence of a `detail`, with where it is. */
export const firstFault = ([first]: readonly FieldError[]): string =>
  first === undefined ? '' : `${first.path === '' ? '' : `"${first.path}": `}${first.message}`;

export interface ProblemDetails {
  /** Members added to the problem document as they are, as `endOffset` of an `offset_mismatch`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A failure that the caller is told of. `message` is shown to the client: it says what to do, and holds no secret. */
export class Problem extends Error {
  override readonly name: string = 'Problem';
  readonly code: ProblemCode;
  readonly details: ProblemDetails;

  constructor(code: ProblemCode, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

/** A store refused the request for want of capacity. Nothing was written. */
export class ThrottledError extends Error {
  override readonly name = 'ThrottledError';
}

/**
 * A store refused a write for a reason that does not pass by itself, as a right that the writer has not. Nothing was
 * written. The message names the store's error and not what that said, which may hold what was sent.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** A write was sent and no answer came (timeout, abort, 5xx): it may have happened, may happen yet, or never. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/**
 * A write was not sent, or was refused, for a reason that may pass, and certainly changed nothing (its `notAfter`
 * was over, its signature too old).
 */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/**
 * A batch of the log, or a part of a segment, is there and cannot be decoded: a later version wrote it, or it was damaged.
 * It stops whoever reads its partition in order, until it can be decoded or is passed over. The message says why, and has
 * nothing of the records.
 */
export class UndecodableBatchError extends Error {
  override readonly name = 'UndecodableBatchError';
  readonly partition: number;
  /** Offset of its first record. */
  readonly base: number;
  /** The offset after its last one. */
  readonly end: number;

  constructor(
    batch: {
      readonly partition: number;
      readonly base: number;
      readonly count: number;
      /** What it is, where it is no batch any more. */
      readonly what?: string;
    },
    reason: unknown,
  ) {
    const { partition, base, count, what = 'batch' } = batch;
    const why = reason instanceof Error ? reason.message : 'It is not known why.';
    super(`The ${what} at ${base} of partition ${partition} cannot be decoded. ${why}`);
    this.partition = partition;
    this.base = base;
    this.end = base + count;
  }
}
