import type { ProblemCode } from '../../domain/errors.ts';
import { problems } from '../problems.ts';
import type { JsonSchema } from './json-schemas.ts';
import type { Operation } from './operation.ts';
import { anyOfProblems, problemType } from './problems.ts';
import { quotaHeaders } from './quota-headers.ts';
import { examplesOf } from './shown-examples.ts';

const requestId = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };

const retryAfter = {
  'Retry-After': {
    description: 'Seconds after which to try again.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
};
const authenticate = {
  'WWW-Authenticate': {
    description: 'How to show a key.',
    required: true,
    schema: { type: 'string' },
  },
};

const headersOf = (status: number): JsonSchema => ({
  ...requestId,
  ...((status === 503 || status === 429) && retryAfter),
  ...(status === 429 && quotaHeaders),
  ...(status === 401 && authenticate),
});

/** The responses of an operation that can be answered these problems, by status. */
export const problemResponses = (operation: Operation, codes: readonly ProblemCode[]): JsonSchema => {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  const responses = [...byStatus].map(([status, own]) => [
    status,
    {
      description: own.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
      headers: headersOf(status),
      content: {
        [problemType]: { schema: anyOfProblems(own), ...examplesOf(operation, status, problemType) },
      },
    },
  ]);
  return Object.fromEntries(responses);
};
