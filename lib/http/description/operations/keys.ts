import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const sample = {
  id: '4e07408562bedb8b60ce',
  name: 'billing',
  scopes: ['consume', 'groups'],
  topics: ['orders', 'billing-*'],
  createdAt: '2026-03-10T05:16:23.000Z',
};

export const keyOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/v1/keys',
    id: 'listKeys',
    tag: 'Keys',
    summary: 'List API keys',
    description: 'The keys, without themselves. It takes an admin key that is for every topic.',
    scopes: ['admin'],
    answers: { 200: { description: 'The keys.', content: jsonOf('KeyList') } },
    problems: [],
    examples: [{ name: 'all', summary: 'All keys', status: 200, answer: { keys: [sample] } }],
  },
  {
    method: 'POST',
    path: '/v1/keys',
    id: 'createKey',
    tag: 'Keys',
    summary: 'Create an API key',
    description:
      'Creates a key, which this answer shows once: only its hash is stored. It takes an admin key that is for every topic.',
    scopes: ['admin'],
    body: { required: true, content: jsonOf('NewKey') },
    answers: { 201: { description: 'It was created.', content: jsonOf('CreatedKey') } },
    problems: ['conflict', 'outcome_unknown'],
    examples: [
      {
        name: 'billing',
        summary: 'A key for some topics',
        body: { name: 'billing', scopes: ['consume', 'groups'], topics: ['orders', 'billing-*'] },
        status: 201,
        answer: { ...sample, key: 'mr_fjX2mMlTsVNo0ZbJfQzQ3vM4pGmJ1o8Qe5cBz0b7f1A' },
      },
      {
        name: 'expired',
        summary: 'A key that would be expired at once',
        body: { name: 'late', scopes: ['produce'], expiresAt: '2001-01-01T00:00:00Z' },
        status: 400,
        answer: {
          ...sampleProblem('invalid_request'),
          detail: 'The key would be expired at once.',
          errors: [{ path: 'expiresAt', message: 'Give a time that is to come.' }],
        },
      },
    ],
  },
  {
    method: 'PATCH',
    path: '/v1/keys/:key',
    id: 'changeKey',
    tag: 'Keys',
    summary: 'Change an API key',
    description:
      'Changes its name, when it expires, or its quota. What is left out stays as it is; what it may do is never changed. Other processes go by it within 15 seconds. It takes an admin key that is for every topic.',
    scopes: ['admin'],
    body: { required: true, content: jsonOf('KeyChange') },
    answers: { 200: { description: 'The key as it is now.', content: jsonOf('Key') } },
    problems: ['key_not_found', 'conflict', 'outcome_unknown'],
    examples: [
      {
        name: 'quota',
        summary: 'A quota of records',
        path: { key: sample.id },
        body: { quota: { recordsPerSecond: 1000, burstSeconds: 10 } },
        status: 200,
        answer: { ...sample, quota: { recordsPerSecond: 1000, burstSeconds: 10 } },
      },
      {
        name: 'unknown',
        summary: 'There is no such key',
        path: { key: '00000000000000000000' },
        body: { name: 'billing' },
        status: 404,
        answer: sampleProblem('key_not_found'),
      },
    ],
  },
  {
    method: 'DELETE',
    path: '/v1/keys/:key',
    id: 'deleteKey',
    tag: 'Keys',
    summary: 'Delete an API key',
    description:
      'Deletes a key by its id. It may work for 15 seconds more. The last key that can make others is not deleted. It takes an admin key that is for every topic.',
    scopes: ['admin'],
    answers: { 204: { description: 'It is deleted.' } },
    problems: ['key_not_found', 'conflict', 'outcome_unknown'],
    examples: [
      { name: 'billing', summary: 'Delete a key', path: { key: sample.id }, status: 204 },
      {
        name: 'unknown',
        summary: 'There is no such key',
        path: { key: '00000000000000000000' },
        status: 404,
        answer: sampleProblem('key_not_found'),
      },
    ],
  },
];
