import { S3ServiceException } from '@aws-sdk/client-s3';
import { NotSentError, OutcomeUnknownError, RefusedError, ThrottledError } from '../../domain/errors.ts';
import { readFailure, writeFailure } from '../aws/errors.ts';

/** What S3 calls an error, as `NoSuchKey`, and the status of its answer; undefined of an error that is not S3's. */
export const answerOf = (error: unknown): { readonly code: string; readonly status: number } | undefined =>
  error instanceof S3ServiceException
    ? { code: error.name, status: error.$metadata.httpStatusCode ?? 0 }
    : undefined;

/** What reached S3 was not what was sent, or not all of it: the next may be. */
const damagedOnTheWay = new Set([
  'BadDigest',
  'IncompleteBody',
  'RequestTimeout',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);

/**
 * What a failed attempt of a put means: `ThrottledError`, `NotSentError` or `RefusedError` when it certainly stored nothing,
 * else `OutcomeUnknownError`.
 */
export const attemptFailure = (error: unknown): Error => {
  const answer = answerOf(error);
  if (answer?.status === 503)
    return new ThrottledError('S3 refused a put for want of capacity.', { cause: error });
  if (answer !== undefined && damagedOnTheWay.has(answer.code))
    return new NotSentError(`S3 did not get an object whole: ${answer.code}.`, { cause: error });
  const failure = writeFailure(error);
  const isKnown = [ThrottledError, NotSentError, OutcomeUnknownError].some((kind) => failure instanceof kind);
  return isKnown ? failure : new RefusedError(`S3 refuses a put: ${failure.name}.`, { cause: error });
};

/** What a put means that failed so in each of its attempts: unknown when one of them is. */
export const putFailure = (attempts: readonly Error[]): Error | undefined =>
  attempts.find((failure) => failure instanceof OutcomeUnknownError) ?? attempts.at(-1);

/**
 * What a failed read, or a deletion, which may be repeated, means: `ThrottledError`, a `Problem` `unavailable` when no answer
 * came or the reason may pass; any other refusal as it is.
 */
export const requestFailure = (error: unknown): Error =>
  answerOf(error)?.status === 503
    ? new ThrottledError('S3 refused a request for want of capacity.', { cause: error })
    : readFailure(error);
