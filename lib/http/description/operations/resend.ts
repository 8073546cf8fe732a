import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const path = '/v1/topics/:topic/groups/:group/endpoints/:endpoint/resend';
const at = { topic: 'orders', group: 'billing', endpoint: '0f8c2d6b1a9e4c7f' };
const problems = ['topic_not_found', 'group_not_found', 'endpoint_not_found'] as const;

const partition = { partition: 0, from: 0, to: 1, next: 0, status: 'running', refused: 0, lost: 0 };
const sample = {
  id: '6c8d0e9b1f3c5d7e2a4b',
  requestedAt: '2026-03-10T05:16:23.000Z',
  status: 'running',
  records: 1,
  done: 0,
  left: 1,
  refused: 0,
  partitions: [partition],
};

export const resendOperations: readonly Operation[] = [
  {
    method: 'POST',
    path,
    id: 'resendRecords',
    tag: 'Endpoints',
    summary: 'Send records again',
    description:
      'Has ranges of records, archived ones too, sent to this endpoint once more: signed and formatted as deliveries are, with the `webhook-id` that the same records have there. The group goes on beside it and stays where it is. A message that the endpoint refuses is passed over, and is in the attempt log; one for which it cannot be called is tried again, up to ten times. One resend to an endpoint is under way at a time: the same again, meanwhile, is answered with the one that there is.',
    scopes: ['groups'],
    body: { required: true, content: jsonOf('ResendRequest') },
    answers: { 202: { description: 'It has begun.', content: jsonOf('Resend') } },
    problems: [...problems, 'conflict', 'outcome_unknown'],
    examples: [
      {
        name: 'one-record',
        summary: 'The first record of a partition',
        path: at,
        body: { ranges: [{ partition: 0, from: 0, to: 1 }] },
        status: 202,
        answer: sample,
      },
      {
        name: 'not-there',
        summary: 'Records that are not there',
        path: at,
        body: { ranges: [{ partition: 0, from: 0, to: 1000 }] },
        status: 400,
        answer: sampleProblem('invalid_request'),
      },
    ],
  },
  {
    method: 'GET',
    path,
    id: 'getResend',
    tag: 'Endpoints',
    summary: 'Show what is sent again',
    description: 'The last resend to the endpoint, and how far it is.',
    scopes: ['groups'],
    answers: { 200: { description: 'The resend.', content: jsonOf('Resend') } },
    problems: [...problems, 'not_found'],
    examples: [
      {
        name: 'none',
        summary: 'There was none',
        path: at,
        status: 404,
        answer: sampleProblem('not_found'),
      },
    ],
  },
  {
    method: 'DELETE',
    path,
    id: 'endResend',
    tag: 'Endpoints',
    summary: 'End a resend',
    description: 'Nothing more of it is sent, but for a request that is under way, and it is shown no more.',
    scopes: ['groups'],
    answers: { 204: { description: 'There is none under way.' } },
    problems: [...problems, 'conflict', 'outcome_unknown'],
    examples: [{ name: 'billing', summary: 'End a resend', path: at, status: 204 }],
  },
];
