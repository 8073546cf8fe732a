/**
 * The call that a batch comes from, so that it can be followed from its answer to the webhook that its records reach.
 * A batch of several appends has the origin of the first.
 */
export interface Origin {
  /** What the call's answer has as `x-request-id`: visible ASCII, `requestIdLength` characters at most. */
  readonly requestId: string;
  /** The call's `traceparent` (https://www.w3.org/TR/trace-context/), if it came with a valid one. */
  readonly traceparent?: string;
}

/** API Gateway's ids have 16 characters, ours 24. */
const requestIdLength = 64;

const fits = (requestId: string): boolean =>
  requestId.length <= requestIdLength && /^[\x21-\x7e]+$/.test(requestId);

/**
 * Whether `header` is a `traceparent` as version 00 of the recommendation has it: version, trace id, parent id and flags
 * in lower-case hex. Version ff and ids of zeros are invalid. What a later version may add is not taken.
 */
const isTraceparent = (header: string): boolean =>
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(header);

/** The origin of a call; undefined when its id is none that can be stored. A `traceparent` that is not valid is left out. */
export const originOf = (requestId: string, traceparent?: string): Origin | undefined =>
  fits(requestId)
    ? { requestId, ...(traceparent !== undefined && isTraceparent(traceparent) && { traceparent }) }
    : undefined;

/** One line: the request id and, after a space, the `traceparent`; 120 bytes at most. */
export const originText = ({ requestId, traceparent }: Origin): string =>
  traceparent === undefined ? requestId : `${requestId} ${traceparent}`;

/** The inverse of `originText`; undefined for what is no origin: nothing depends on one. */
export const parseOrigin = (text: string): Origin | undefined => {
  const [requestId = '', traceparent] = text.split(' ');
  return originOf(requestId, traceparent);
};
