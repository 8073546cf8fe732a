import { NotSentError, OutcomeUnknownError, Problem, ThrottledError } from '../../domain/errors.ts';

/** What is read of an error of the SDK or of the socket below it. */
interface RequestFailure extends Error {
  readonly code?: string;
  readonly syscall?: string;
  /** Of an attempt to connect to several addresses. */
  readonly errors?: readonly RequestFailure[];
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/** Refused for want of capacity, before anything was written. */
const throttles = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
]);

/** Whether the store refused a request, or an attempt of one, for want of capacity. */
export const isThrottle = (error: unknown): boolean => throttles.has(asFailure(error).name);

/** Refused for the request's time or the credentials' age, before anything was written: the next one may pass. */
const outdated = new Set([
  'ExpiredTokenException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
]);

const signatureOutdated = ({ name, message }: Error): boolean =>
  name === 'InvalidSignatureException' && /expired|not yet current/i.test(message);

/** No connection came into being, so nothing was sent. */
const neverConnected = ({ syscall, errors }: RequestFailure): boolean =>
  syscall === 'connect' || syscall === 'getaddrinfo' || (errors?.every(neverConnected) ?? false);

/** The answer was a refusal by the store itself. 408 says that it did not read the request to its end. */
const refused = ({ $metadata }: RequestFailure): boolean => {
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 && status !== 408;
};

/** Of several attempts only the last one's answer is known: what an earlier one did is not. */
const attemptedOnce = ({ $metadata }: RequestFailure): boolean => ($metadata?.attempts ?? 1) <= 1;

const asFailure = (error: unknown): RequestFailure =>
  error instanceof Error ? error : new Error(String(error));

/**
 * What a failed write means: `ThrottledError` and `NotSentError` when it certainly changed nothing and may be
 * repeated, `OutcomeUnknownError` when no definite answer came; any other refusal as it is.
 */
export const writeFailure = (error: unknown): Error => {
  const failure = asFailure(error);
  if (failure instanceof NotSentError || failure instanceof OutcomeUnknownError) return failure;
  const options = { cause: error };
  const certain = attemptedOnce(failure);
  if (throttles.has(failure.name)) {
    if (certain) return new ThrottledError('The store refused a write for want of capacity.', options);
  } else if (outdated.has(failure.name) || signatureOutdated(failure) || neverConnected(failure)) {
    if (certain) return new NotSentError(`The store did not take a write: ${failure.name}.`, options);
  } else if (refused(failure)) {
    return failure;
  }
  return new OutcomeUnknownError(`The store gave no definite answer to a write: ${failure.name}.`, options);
};

/**
 * What a failed read means: `ThrottledError`, a `Problem` `unavailable` when no answer came or the reason may pass; any
 * other refusal as it is.
 */
export const readFailure = (error: unknown): Error => {
  const failure = asFailure(error);
  if (throttles.has(failure.name))
    return new ThrottledError('The store refused a read for want of capacity.', { cause: error });
  const mayPass = outdated.has(failure.name) || signatureOutdated(failure);
  if (refused(failure) && !mayPass) return failure;
  return new Problem('unavailable', 'The store did not answer. Nothing was changed: try again.', {
    cause: error,
  });
};
