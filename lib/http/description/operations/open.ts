import { json, jsonOf, type Operation } from '../operation.ts';

export const openOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/v1/health',
    id: 'getHealth',
    tag: 'Broker',
    summary: 'Whether requests are served',
    description: 'Says only that requests are served.',
    scopes: 'open',
    answers: { 200: { description: 'They are.', content: jsonOf('Health') } },
    problems: [],
    examples: [{ name: 'ok', summary: 'It is well', status: 200, answer: { status: 'ok' } }],
  },
  {
    method: 'GET',
    path: '/v1/openapi.json',
    id: 'getDescription',
    tag: 'Broker',
    summary: 'This description',
    description: 'The interface as an OpenAPI 3.1 document. /docs shows it in a browser.',
    scopes: 'open',
    headers: {
      'If-None-Match': {
        description: 'The `ETag` of the description that one has.',
        schema: { type: 'string' },
      },
    },
    answers: {
      200: {
        description: 'The description.',
        content: { [json]: { schema: { type: 'object', additionalProperties: true } } },
        headers: {
          ETag: { description: 'Changes with the description.', required: true, schema: { type: 'string' } },
        },
      },
      304: { description: 'It is still the one that the request names.' },
    },
    problems: [],
    examples: [
      {
        name: 'description',
        summary: 'The description',
        status: 200,
        answer: { openapi: '3.1.1' },
      },
    ],
  },
];
