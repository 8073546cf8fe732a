/**
 * Headers of a request to an endpoint that are Millrace's own and may be told to people: none of them is a secret, or holds
 * anything of a record. Any other may be the endpoint's own, and a secret.
 */
const toldNames: ReadonlySet<string> = new Set([
  'content-type',
  'millrace-appended-at',
  'millrace-group',
  'millrace-offset',
  'millrace-offsets',
  'millrace-partition',
  'millrace-timestamp',
  'millrace-topic',
  'traceparent',
  'webhook-attempt',
  'webhook-id',
  'webhook-request-origin',
  'webhook-timestamp',
]);

/** Own too, and never told. */
const secretNames: ReadonlySet<string> = new Set(['webhook-ack-token', 'webhook-signature']);

type Header = readonly [name: string, value: string];

const isOurAgent = ([name, value]: Header): boolean =>
  name.toLowerCase() === 'user-agent' && value === 'Millrace';

/** Whether people may be told of a header of a request. */
export const isTold = (header: Header): boolean =>
  toldNames.has(header[0].toLowerCase()) || isOurAgent(header);

/** Whether a header of a request is Millrace's own. */
export const isOwn = (header: Header): boolean => secretNames.has(header[0].toLowerCase()) || isTold(header);
