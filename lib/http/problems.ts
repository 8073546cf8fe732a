import {
  NotSentError,
  OutcomeUnknownError,
  Problem,
  type ProblemCode,
  type ProblemDetails,
  RefusedError,
  ThrottledError,
} from '../domain/errors.ts';
import { acceptedCodings } from './bytes/codings.ts';

interface Answer {
  readonly status: number;
  readonly title: string;
}

/** The one error map: what each problem is over HTTP. */
export const problems: Readonly<Record<ProblemCode, Answer>> = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'The API key does not allow this' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  method_not_allowed: { status: 405, title: 'This address does not take that method' },
  topic_not_found: { status: 404, title: 'There is no such topic' },
  partition_not_found: { status: 404, title: 'The topic has no such partition' },
  group_not_found: { status: 404, title: 'The topic has no such group' },
  endpoint_not_found: { status: 404, title: 'The group has no such endpoint' },
  key_not_found: { status: 404, title: 'There is no such key' },
  schema_not_found: { status: 404, title: 'The topic has no such schema' },
  topic_exists: { status: 409, title: 'The topic exists with other settings' },
  group_exists: { status: 409, title: 'The group exists with other settings' },
  endpoint_exists: { status: 409, title: 'The group has an endpoint of this URL' },
  handshake_failed: { status: 422, title: 'The endpoint did not agree to be called' },
  conflict: { status: 409, title: 'The change does not fit what is there' },
  lease_lost: { status: 409, title: "The records are not the consumer's any more" },
  invalid_token: { status: 403, title: 'The token was not signed here' },
  not_handed_out: { status: 409, title: 'The records were not handed out' },
  invalid_schema: { status: 422, title: 'The schema is not valid' },
  schema_incompatible: { status: 409, title: 'The schema is not compatible with the one in force' },
  schema_mismatch: { status: 422, title: 'Records do not fit the schema of the topic' },
  offset_mismatch: { status: 412, title: 'The partition does not end at the expected offset' },
  offset_out_of_range: { status: 416, title: 'The partition does not have that offset' },
  limit_exceeded: { status: 400, title: 'A limit is exceeded' },
  request_timeout: { status: 408, title: 'The request took too long to come in' },
  too_large: { status: 413, title: 'Something is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  not_acceptable: { status: 406, title: 'The answer is not to be had in this form' },
  partition_overloaded: { status: 503, title: 'The partition has more to do than it can' },
  // Only this client has to send less, and what stands between (a proxy that ejects hosts by their 5xx) takes no notice.
  quota_exceeded: { status: 429, title: 'The key has used up its quota' },
  throttled: { status: 503, title: 'The store has no capacity left for a moment' },
  // Sent again as it is, what was written would be there twice: so this is a status that no client repeats by itself.
  // AWS SDKs repeat 429, 500 and 502 to 504 (@smithy/core, submodules/retry), retryablehttp 429 and 5xx but 501, got and
  // ky 408, 413, 429 and 5xx, urllib3 413, 429 and 503 that have Retry-After, Envoy's retriable-4xx 409.
  partly_written: { status: 422, title: 'A part of the request was written' },
  idempotency_mismatch: { status: 422, title: 'The key came before with other records' },
  idempotency_taken_over: { status: 409, title: 'Another request with the key has taken this one over' },
  idempotency_unknown: { status: 409, title: 'It is not known any more what became of the first request' },
  sequence_gap: { status: 409, title: 'An append of the producer is missing before this one' },
  sequence_forgotten: { status: 409, title: 'The append is in the log, and it is not known where' },
  producer_fenced: { status: 403, title: 'The producer has begun a later epoch' },
  outcome_unknown: { status: 504, title: 'It is not known whether this was done' },
  unavailable: { status: 503, title: 'The service is not available for a moment' },
  undecodable_batch: { status: 500, title: 'Records of the partition cannot be decoded' },
  internal: { status: 500, title: 'Something went wrong inside' },
};

const throttled = (cause: ThrottledError): Problem =>
  new Problem(
    'throttled',
    'The store has no capacity left for this request just now. Nothing was changed; try again.',
    { retryAfterSeconds: 1, cause },
  );

const unavailable = (cause: unknown): Problem =>
  new Problem(
    'unavailable',
    'The store could not take the request just now. Nothing was changed; try again.',
    {
      retryAfterSeconds: 1,
      cause,
    },
  );

/** What the client is told of `error`. Anything unexpected is `internal`, and nothing of it is told. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  if (error instanceof ThrottledError) return throttled(error);
  if (error instanceof NotSentError || error instanceof RefusedError) return unavailable(error);
  if (error instanceof OutcomeUnknownError) {
    return new Problem(
      'outcome_unknown',
      'The store did not answer: this may have been done, or may be done yet.',
      {
        cause: error,
      },
    );
  }
  return new Problem(
    'internal',
    'This is a fault of Millrace, not of the request. Its id finds it in the logs.',
    {
      cause: error,
    },
  );
};

/** Members that a client may also read as headers, which is where the Durable Streams protocol has them. */
const memberHeaders: Readonly<Record<string, string>> = {
  expectedSeq: 'producer-expected-seq',
  receivedSeq: 'producer-received-seq',
  currentEpoch: 'producer-epoch',
};

const headersOf = (members: ProblemDetails['members'] = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(memberHeaders).flatMap(([member, header]) =>
      members[member] === undefined ? [] : [[header, String(members[member])]],
    ),
  );

/** `problem` as application/problem+json (RFC 9457). Members it brings along cannot replace the standard ones. */
export const problemResponse = (
  requestId: string,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response => {
  const { status, title } = problems[problem.code];
  const { members, errors, retryAfterSeconds } = problem.details;
  const standard = {
    type: `urn:millrace:problem:${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    requestId,
    ...(errors !== undefined && { errors }),
  };
  const document = { ...standard, ...members, ...standard };
  const retryAfter = retryAfterSeconds ?? (status === 503 ? 1 : undefined);
  return new Response(JSON.stringify(document), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
      // RFC 9110, 15.5.16: it may be the coding of the body that is not supported.
      ...(status === 415 && { 'accept-encoding': acceptedCodings }),
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="millrace"' }),
      ...headersOf(members),
      ...headers,
    },
  });
};
