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
    path: '/v1/.well-known/webhook-keys',
    id: 'getWebhookKeys',
    tag: 'Endpoints',
    summary: 'Public keys of an endpoint',
    description:
      'What verifies the signatures of kind `v1a` (ed25519) on the requests to an endpoint: a set of JSON Web Keys. It is open, so that whoever runs the receiver needs no key of the API, but the ids of the endpoint.',
    scopes: 'open',
    query: {
      topic: { description: 'The name of its topic.', required: true, schema: { type: 'string' } },
      group: { description: 'The name of its group.', required: true, schema: { type: 'string' } },
      endpoint: { description: 'Its id.', required: true, schema: { type: 'string' } },
    },
    answers: {
      200: {
        description: 'Its public keys, newest first; none where it has secrets alone.',
        content: jsonOf('WebhookKeys'),
      },
    },
    problems: ['endpoint_not_found'],
    examples: [
      {
        name: 'keys',
        summary: 'An endpoint that has a key pair',
        query: { topic: 'orders', group: 'billing', endpoint: '0f8c2d6b1a9e4c7f' },
        status: 200,
        answer: {
          keys: [
            {
              kty: 'OKP',
              crv: 'Ed25519',
              use: 'sig',
              alg: 'EdDSA',
              x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
              publicKey: 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
            },
          ],
        },
      },
    ],
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
