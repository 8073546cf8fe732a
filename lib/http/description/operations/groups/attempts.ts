import { limits } from '../../../../domain/limits.ts';
import { defaultAttempts, outcomeChoices } from '../../../schemas/attempts.ts';
import { jsonOf, type Operation } from '../../operation.ts';
import { sampleProblem } from '../../problems.ts';
import { at, groupPath } from './samples.ts';

const time = { type: 'string', format: 'date-time' } as const;

const sample = {
  id: '3f7a1c5d7e2a4b6c8d0e',
  at: '2026-03-10T05:16:23.000Z',
  partition: 0,
  endpoint: '9b1f3c5d7e2a4b6c8d0e',
  messageId: '0e8d6c4b2a7e5d3f1b9c-0-0-1',
  from: 0,
  to: 1,
  records: 1,
  attempt: 2,
  outcome: 'refusal',
  status: 500,
  durationMs: 41.5,
  reason: 'The endpoint answered 500.',
  request:
    'user-agent: Millrace\ncontent-type: application/json\nwebhook-id: 0e8d6c4b2a7e5d3f1b9c-0-0-1\nwebhook-timestamp: 1773119783\ncontent-length: 241',
  answer: '{"error":"no such table"}',
};

export const attemptsOperation: Operation = {
  method: 'GET',
  path: `${groupPath}/attempts`,
  id: 'listAttempts',
  tag: 'Groups',
  summary: 'List attempts',
  description:
    'What requests to the endpoints of the group came to in the last seven days, the newest first, a page at a time: each that failed, and as many of the others as the group has logged. An attempt may take a second to be seen.',
  scopes: ['consume', 'groups'],
  query: {
    endpoint: { description: 'Those to one endpoint, by its id.', schema: { type: 'string' } },
    outcome: {
      description: 'Those of one outcome, or "failed": of "refusal" and "outage".',
      schema: { type: 'string', enum: outcomeChoices },
    },
    from: { description: 'Those begun at this time or later.', schema: time },
    to: { description: 'Those begun before this time.', schema: time },
    limit: {
      description: 'Attempts of one page at most.',
      schema: { type: 'integer', minimum: 1, maximum: limits.listAttempts, default: defaultAttempts },
    },
    cursor: {
      description: 'The `nextCursor` of the page before, of the same request otherwise.',
      schema: { type: 'string' },
    },
  },
  answers: { 200: { description: 'A page of attempts.', content: jsonOf('AttemptList') } },
  problems: ['topic_not_found', 'group_not_found', 'limit_exceeded'],
  examples: [
    {
      name: 'failed',
      summary: 'The last attempts that failed',
      path: at,
      query: { outcome: 'failed', limit: 10 },
      status: 200,
      answer: { attempts: [sample] },
    },
    {
      name: 'unknown',
      summary: 'There is no such group',
      path: { topic: 'orders', group: 'nobody' },
      status: 404,
      answer: sampleProblem('group_not_found'),
    },
  ],
};
