import { deliveryDefaults, readingDefaults } from '../../../../domain/groups/groups.ts';
import { jsonOf, type Operation } from '../../operation.ts';
import { sampleProblem } from '../../problems.ts';
import { at, groupsPath as groups, groupPath as path, sample } from './samples.ts';

const filtered = {
  filter: 'headers.source = "shop" and value.amount > 100',
  transform: '{"order": key, "amount": value.amount}',
};
const { delivery: _pushedTo, ...pulled } = sample;
const { sessionTimeoutSeconds, ackTimeoutSeconds } = readingDefaults;
const reading = { sessionTimeoutSeconds, ackTimeoutSeconds };
const workers = { ...pulled, name: 'workers', mode: 'pull', ...reading, endpoints: 0 };
const audit = { ...sample, name: 'audit', endpoints: 0 };
const waiting = { for: 'wake', reason: 'The next attempt is due.' };
const behind = { partition: 0, committed: 0, end: 1, lag: 1, lost: 0, owner: null };
const worker = {
  consumerId: 'worker-1',
  partitions: [0],
  lastPoll: '2026-03-10T05:16:23.000Z',
  expiresAt: '2026-03-10T05:16:53.000Z',
  handedOut: 1,
};
const waited = { oldestUnacknowledgedSeconds: 12.5 };

export const groupOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: groups,
    id: 'listGroups',
    tag: 'Groups',
    summary: 'List groups',
    description:
      'The groups of the topic, each with its totals over all partitions. It takes the broker a query for each partition of the topic, and one or two for each group.',
    scopes: ['consume', 'groups'],
    answers: { 200: { description: 'The groups.', content: jsonOf('GroupList') } },
    problems: ['topic_not_found'],
    examples: [
      {
        name: 'orders',
        summary: 'The groups of a topic',
        path: { topic: 'orders' },
        status: 200,
        answer: { groups: [{ ...sample, lag: 1, lost: 0 }] },
      },
    ],
  },
  {
    method: 'PUT',
    path,
    id: 'createGroup',
    tag: 'Groups',
    summary: 'Create a group',
    description:
      'Creates the group, or says that it is there with these settings already. It reads the whole topic for itself, from `start` on, as soon as it has an endpoint.',
    scopes: ['groups'],
    body: { required: true, content: jsonOf('GroupSettings') },
    answers: {
      201: { description: 'It was created.', content: jsonOf('Group') },
      200: { description: 'It was there, with the same settings.', content: jsonOf('Group') },
    },
    problems: ['topic_not_found', 'group_exists', 'conflict', 'limit_exceeded', 'outcome_unknown'],
    examples: [
      {
        name: 'from-the-oldest',
        summary: 'A group that reads from the oldest record on',
        path: { topic: 'orders', group: 'audit' },
        body: { mode: 'push', start: 'earliest' },
        status: 201,
        answer: audit,
      },
      {
        name: 'from-offsets',
        summary: 'A group that begins at given offsets, and is sent ten records at once',
        path: { topic: 'orders', group: 'audit' },
        body: { mode: 'push', start: { offsets: { 0: 0 } }, delivery: { batchSize: 10 } },
        status: 201,
        answer: {
          ...audit,
          start: { offsets: { 0: 0 } },
          delivery: { ...deliveryDefaults, batchSize: 10 },
        },
      },
      {
        name: 'filtered',
        summary: 'A group that is sent large orders alone, and of these what it needs',
        path: { topic: 'orders', group: 'audit' },
        body: { mode: 'push', start: 'earliest', delivery: filtered },
        status: 201,
        answer: { ...audit, delivery: { ...deliveryDefaults, ...filtered } },
      },
      {
        name: 'as-cloud-events',
        summary: 'A group that is sent CloudEvents, a list of them at once',
        path: { topic: 'orders', group: 'audit' },
        body: { mode: 'push', delivery: { format: 'cloudevents-batch' } },
        status: 201,
        answer: { ...audit, start: 'latest', delivery: { ...deliveryDefaults, format: 'cloudevents-batch' } },
      },
      {
        name: 'other-settings',
        summary: 'A group of that name has other settings',
        path: at,
        body: { mode: 'push', start: { timestamp: '2024-05-01T12:00:00Z' } },
        status: 409,
        answer: sampleProblem('group_exists'),
      },
    ],
  },
  {
    method: 'GET',
    path,
    id: 'getGroup',
    tag: 'Groups',
    summary: 'Show a group',
    description:
      'The group, how far it is in each partition and, where it is pulled from, who its members are. It takes the broker a query for each partition of the topic, and one more for each in which the group lags.',
    scopes: ['consume', 'groups'],
    answers: { 200: { description: 'The group.', content: jsonOf('GroupProgress') } },
    problems: ['topic_not_found', 'group_not_found'],
    examples: [
      {
        name: 'billing',
        summary: 'A group',
        path: at,
        status: 200,
        answer: { ...sample, lag: 1, lost: 0, ...waited, partitions: [{ ...behind, ...waited, waiting }] },
      },
      {
        name: 'workers',
        summary: 'A group whose consumers pull, of which one has a record in hand',
        path: { topic: 'orders', group: 'workers' },
        status: 200,
        answer: {
          ...workers,
          lag: 1,
          lost: 0,
          ...waited,
          members: [worker],
          partitions: [{ ...behind, owner: 'worker-1', handedOut: 1, ...waited }],
        },
      },
      {
        name: 'unknown',
        summary: 'There is no such group',
        path: { topic: 'orders', group: 'nobody' },
        status: 404,
        answer: sampleProblem('group_not_found'),
      },
    ],
  },
  {
    method: 'PATCH',
    path,
    id: 'changeGroup',
    tag: 'Groups',
    summary: 'Change a group',
    description: 'Changes settings of delivery. What is left out stays as it is.',
    scopes: ['groups'],
    body: { required: true, content: jsonOf('GroupChange') },
    answers: { 200: { description: 'The group as it is now.', content: jsonOf('Group') } },
    problems: ['topic_not_found', 'group_not_found', 'conflict', 'outcome_unknown'],
    examples: [
      {
        name: 'smaller-batches',
        summary: 'Ten records at once, and a pause of a minute at most',
        path: at,
        body: { delivery: { batchSize: 10, backoff: { maxSeconds: 60 } } },
        status: 200,
        answer: {
          ...sample,
          delivery: { ...deliveryDefaults, batchSize: 10, backoff: { initialSeconds: 1, maxSeconds: 60 } },
        },
      },
    ],
  },
  {
    method: 'DELETE',
    path,
    id: 'deleteGroup',
    tag: 'Groups',
    summary: 'Delete a group',
    description: 'Deletes the group with its endpoints. It may be called for five seconds more.',
    scopes: ['groups'],
    answers: { 204: { description: 'It is deleted.' } },
    problems: ['topic_not_found', 'group_not_found', 'conflict', 'outcome_unknown'],
    examples: [{ name: 'billing', summary: 'Delete a group', path: at, status: 204 }],
  },
];
