import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const endpoints = '/v1/topics/:topic/groups/:group/endpoints';
const path = `${endpoints}/:endpoint`;
const group = { topic: 'orders', group: 'billing' };

const sample = {
  id: '0f8c2d6b1a9e4c7f',
  url: 'https://billing.example.com/hook',
  status: 'enabled',
  description: 'The billing service',
  headerNames: ['x-tenant'],
  createdAt: '2026-03-10T05:16:23.000Z',
};
const publicKey = 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const at = { ...group, endpoint: sample.id };
const found = ['topic_not_found', 'group_not_found'] as const;

export const endpointOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: endpoints,
    id: 'listEndpoints',
    tag: 'Endpoints',
    summary: 'List endpoints',
    description: 'The endpoints of the group, without their secrets and the values of their headers.',
    scopes: ['groups'],
    answers: { 200: { description: 'The endpoints.', content: jsonOf('EndpointList') } },
    problems: found,
    examples: [
      {
        name: 'billing',
        summary: 'The endpoints of a group',
        path: group,
        status: 200,
        answer: { endpoints: [sample] },
      },
    ],
  },
  {
    method: 'POST',
    path: endpoints,
    id: 'registerEndpoint',
    tag: 'Endpoints',
    summary: 'Register an endpoint',
    description:
      'Registers a webhook, which is called with the records of the group from now on: by POST, signed by Standard Webhooks (https://www.standardwebhooks.com) with the secret that this answer shows once. Any 2xx acknowledges. A group may have several: the partitions are spread over those that are enabled and well.',
    scopes: ['groups'],
    body: { required: true, content: jsonOf('NewEndpoint') },
    answers: {
      201: { description: 'It was registered.', content: jsonOf('RegisteredEndpoint') },
    },
    problems: [
      ...found,
      'endpoint_exists',
      'handshake_failed',
      'conflict',
      'limit_exceeded',
      'outcome_unknown',
    ],
    examples: [
      {
        name: 'webhook',
        summary: 'A webhook with a header of its own',
        path: { topic: 'orders', group: 'reports' },
        body: {
          url: 'https://billing.example.com/hook',
          headers: { 'x-tenant': 'blue' },
          description: 'The billing service',
        },
        status: 201,
        answer: { ...sample, secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' },
      },
      {
        name: 'another',
        summary: 'The group has an endpoint of this URL',
        path: group,
        body: { url: 'https://billing.example.com/hook' },
        status: 409,
        answer: sampleProblem('endpoint_exists'),
      },
      {
        name: 'unwilling',
        summary: 'It does not agree to be called',
        path: { topic: 'orders', group: 'reports' },
        body: { url: 'https://unwilling.example.com/hook', handshake: true },
        status: 422,
        answer: sampleProblem('handshake_failed'),
      },
    ],
  },
  {
    method: 'GET',
    path,
    id: 'getEndpoint',
    tag: 'Endpoints',
    summary: 'Show an endpoint',
    description: 'The endpoint, without its secret and the values of its headers.',
    scopes: ['groups'],
    answers: { 200: { description: 'The endpoint.', content: jsonOf('Endpoint') } },
    problems: [...found, 'endpoint_not_found'],
    examples: [
      { name: 'billing', summary: 'An endpoint', path: at, status: 200, answer: sample },
      {
        name: 'unknown',
        summary: 'There is no such endpoint',
        path: { ...group, endpoint: 'none' },
        status: 404,
        answer: sampleProblem('endpoint_not_found'),
      },
    ],
  },
  {
    method: 'PATCH',
    path,
    id: 'changeEndpoint',
    tag: 'Endpoints',
    summary: 'Change an endpoint',
    description:
      'Changes what is given. An endpoint that is enabled after it is called at once, whatever pause it had come to.',
    scopes: ['groups'],
    body: { required: true, content: jsonOf('EndpointChange') },
    answers: { 200: { description: 'The endpoint as it is now.', content: jsonOf('Endpoint') } },
    problems: [
      ...found,
      'endpoint_not_found',
      'endpoint_exists',
      'handshake_failed',
      'conflict',
      'outcome_unknown',
    ],
    examples: [
      {
        name: 'disable',
        summary: 'Have it called no more',
        path: at,
        body: { status: 'disabled' },
        status: 200,
        answer: {
          ...sample,
          status: 'disabled',
          disabledReason: 'It was disabled by a request.',
          disabledAt: '2026-03-10T05:16:23.000Z',
        },
      },
    ],
  },
  {
    method: 'POST',
    path: `${path}/rotate-secret`,
    id: 'rotateSecret',
    tag: 'Endpoints',
    summary: 'Give an endpoint a new signing key',
    description:
      'Signs by a new key from now on, in all processes within five seconds. The keys before it go on signing for as long as is said, so that the receiver can change over: a request then has a signature of each. `v1` is a secret that both sides have; of `v1a` (ed25519) receivers have the public key alone.',
    scopes: ['groups'],
    body: { required: false, content: jsonOf('SecretRotation') },
    answers: {
      200: { description: 'The endpoint, with its new key.', content: jsonOf('RotatedEndpoint') },
    },
    problems: [...found, 'endpoint_not_found', 'conflict', 'limit_exceeded', 'outcome_unknown'],
    examples: [
      {
        name: 'hour',
        summary: 'A new secret; the one before it signs for an hour more',
        path: at,
        body: { overlapSeconds: 3600 },
        status: 200,
        answer: {
          ...sample,
          signingKeys: [{ kind: 'v1' }, { kind: 'v1', until: '2026-03-10T06:16:23.000Z' }],
          secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
        },
      },
      {
        name: 'ed25519',
        summary: 'A key pair in the place of every secret',
        path: at,
        body: { kind: 'v1a', overlapSeconds: 0 },
        status: 200,
        answer: {
          ...sample,
          signingKeys: [{ kind: 'v1a', publicKey }],
          publicKey,
        },
      },
    ],
  },
  {
    method: 'DELETE',
    path,
    id: 'deleteEndpoint',
    tag: 'Endpoints',
    summary: 'Delete an endpoint',
    description: 'Deletes the endpoint. It may be called for five seconds more.',
    scopes: ['groups'],
    answers: { 204: { description: 'It is deleted.' } },
    problems: [...found, 'endpoint_not_found', 'conflict', 'outcome_unknown'],
    examples: [{ name: 'billing', summary: 'Delete an endpoint', path: at, status: 204 }],
  },
  {
    method: 'POST',
    path: `${path}/test`,
    id: 'testEndpoint',
    tag: 'Endpoints',
    summary: 'Send a test message',
    description:
      'Sends one message of type "millrace.test" to the endpoint, whether it is enabled or not, and answers with what came back: 200 also where that is a failure. It is signed, and has the headers of the endpoint, as any other message; its data are topic, group and endpoint, and no records. Nothing is kept of it, and no failure counts. It is waited for as long as for a delivery of the group, and for 20 seconds at most.',
    scopes: ['groups'],
    answers: { 200: { description: 'What came of it.', content: jsonOf('EndpointTest') } },
    problems: [...found, 'endpoint_not_found'],
    examples: [
      {
        name: 'billing',
        summary: 'An endpoint that takes messages',
        path: at,
        status: 200,
        answer: { delivered: true, status: 200, durationMs: 38, answer: '{"ok":true}' },
      },
    ],
  },
];
