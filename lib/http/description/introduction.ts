import { keyMaxAgeMs } from '../../auth/authenticator.ts';
import { limitsTable } from './limits.ts';

/** What is said of the interface as a whole, as Markdown. */
export const introduction =
  (): string => `Millrace is a partitioned-log message broker. Producers append records to topics; consumers fetch them, or register a webhook that is called until it acknowledges.

## Keys

An API key goes into \`Authorization: Bearer mr_…\` or \`X-Api-Key: mr_…\`. It has scopes: \`produce\`, \`consume\`, \`groups\`, and \`admin\`, which implies the others; where an operation names several, any of them will do. A key may be for some topics alone. A deleted key may work for ${keyMaxAgeMs / 1000} seconds more.

## Answers

Every answer has \`X-Request-Id\`, by which its request is found in the logs. A failure is an \`application/problem+json\` document (RFC 9457): go by its \`code\`. Times are ISO 8601, in UTC with milliseconds. Fields may be added to answers; unknown fields of requests are refused.

An address that is none is answered 404 \`not_found\`, a method that it does not take 405 \`method_not_allowed\` with \`Allow\`. \`HEAD\` is taken wherever \`GET\` is. On AWS the gateway answers some requests by itself (413, 429, 500, 503), as \`{"message": …}\`: go by the status then.

503 has \`Retry-After\`: nothing was written, try again. After 504 \`outcome_unknown\`, or no answer at all, a request may have been carried out.

## Bodies

Bodies of requests may be compressed, as \`Content-Encoding\` gzip, br or zstd; answers are compressed where \`Accept-Encoding\` asks for it. On AWS a compressed body of JSON is sent as \`Content-Type: application/vnd.millrace+json\`, since the gateway takes \`application/json\` for text.

## Limits

What exceeds one is answered 400 or 413 with its name as \`limit\` and what it allows as \`maximum\`.

${limitsTable()}
`;
