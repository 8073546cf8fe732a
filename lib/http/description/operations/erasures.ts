import { limits } from '../../../domain/limits.ts';
import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const topic = '/v1/topics/:topic';

const sample = {
  id: '9b1f3c5d7e2a4b6c8d0e',
  topic: 'orders',
  requestedAt: '2026-03-10T05:16:23.000Z',
  status: 'running',
  erased: 12,
  partitions: { done: 3, of: 4 },
};

export const erasureOperations: readonly Operation[] = [
  {
    method: 'DELETE',
    path: `${topic}/records`,
    id: 'eraseRecords',
    tag: 'Erasures',
    summary: 'Erase the records of a key',
    description:
      'Every record that has this key now goes from the archive, whichever partition it is in. What comes with the key afterwards is kept. Asking again is a new erasure.',
    scopes: ['admin'],
    query: {
      key: {
        description: `The key, of ${limits.recordKeyBytes} bytes at most.`,
        required: true,
        schema: { type: 'string', maxLength: limits.recordKeyBytes },
      },
      waitSeconds: {
        description: 'For how long to wait for it to be done.',
        schema: { type: 'integer', minimum: 0, maximum: limits.fetchWaitSeconds, default: 5 },
      },
    },
    answers: {
      200: { description: 'It is done.', content: jsonOf('Erasure') },
      202: { description: 'It goes on: ask for it by its id.', content: jsonOf('Erasure') },
    },
    problems: ['topic_not_found', 'conflict', 'limit_exceeded', 'outcome_unknown'],
    examples: [
      {
        name: 'customer',
        summary: 'Forget a customer',
        path: { topic: 'orders' },
        query: { key: 'customer-7', waitSeconds: 0 },
        status: 202,
        answer: sample,
      },
    ],
  },
  {
    method: 'GET',
    path: `${topic}/erasures`,
    id: 'listErasures',
    tag: 'Erasures',
    summary: 'List erasures',
    description: 'The erasures of the topic, the oldest first. Each is known for 90 days.',
    scopes: ['admin'],
    answers: { 200: { description: 'The erasures.', content: jsonOf('ErasureList') } },
    problems: ['topic_not_found'],
    examples: [
      {
        name: 'orders',
        summary: 'The erasures of a topic',
        path: { topic: 'orders' },
        status: 200,
        answer: { erasures: [sample] },
      },
    ],
  },
  {
    method: 'GET',
    path: `${topic}/erasures/:erasure`,
    id: 'getErasure',
    tag: 'Erasures',
    summary: 'Show an erasure',
    description: 'How far the erasure is.',
    scopes: ['admin'],
    answers: { 200: { description: 'The erasure.', content: jsonOf('Erasure') } },
    problems: ['topic_not_found', 'not_found'],
    examples: [
      {
        name: 'running',
        summary: 'An erasure',
        path: { topic: 'orders', erasure: sample.id },
        status: 200,
        answer: sample,
      },
      {
        name: 'unknown',
        summary: 'There is no such erasure',
        path: { topic: 'orders', erasure: 'none' },
        status: 404,
        answer: sampleProblem('not_found'),
      },
    ],
  },
];
