import { limits } from '../../../domain/limits.ts';
import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const path = '/v1/topics/:topic';

const sample = {
  name: 'payments',
  partitions: 4,
  retentionHours: 168,
  retentionBytes: null,
  archive: true,
  cleanup: 'delete',
  createdAt: '2026-03-10T05:16:23.000Z',
};

export const topicOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/v1/topics',
    id: 'listTopics',
    tag: 'Topics',
    summary: 'List topics',
    description: 'The topics that the key is for, in order of their names, a page at a time.',
    scopes: [],
    query: {
      limit: {
        description: 'Topics of one page at most.',
        schema: { type: 'integer', minimum: 1, maximum: limits.listTopics, default: 100 },
      },
      cursor: { description: 'The `nextCursor` of the page before.', schema: { type: 'string' } },
    },
    answers: { 200: { description: 'A page of topics.', content: jsonOf('TopicList') } },
    problems: ['limit_exceeded'],
    examples: [
      {
        name: 'first-page',
        summary: 'The first ten',
        query: { limit: 10 },
        status: 200,
        answer: { topics: [sample] },
      },
    ],
  },
  {
    method: 'PUT',
    path,
    id: 'createTopic',
    tag: 'Topics',
    summary: 'Create a topic',
    description:
      'Creates the topic, or says that it is there with these settings already. A body may be left out; so may each of its fields. Names that begin with `millrace.` are kept for Millrace, but that `millrace.events`, in which it tells what happens to groups, may be asked for before there is something to tell.',
    scopes: ['admin'],
    body: { required: false, content: jsonOf('TopicSettings') },
    answers: {
      201: { description: 'It was created.', content: jsonOf('Topic') },
      200: { description: 'It was there, with the same settings.', content: jsonOf('Topic') },
    },
    problems: ['topic_exists', 'conflict', 'outcome_unknown'],
    examples: [
      {
        name: 'four-partitions',
        summary: 'A topic of four partitions',
        path: { topic: 'payments' },
        body: { partitions: 4 },
        status: 201,
        answer: sample,
      },
      {
        name: 'compacted',
        summary: 'A topic that keeps the last record of each key',
        path: { topic: 'prices' },
        body: { partitions: 1, cleanup: 'compact' },
        status: 201,
        answer: { ...sample, name: 'prices', partitions: 1, retentionHours: null, cleanup: 'compact' },
      },
      {
        name: 'other-settings',
        summary: 'A topic of that name has other settings',
        path: { topic: 'orders' },
        body: { partitions: 99 },
        status: 409,
        answer: sampleProblem('topic_exists'),
      },
    ],
  },
  {
    method: 'GET',
    path,
    id: 'getTopic',
    tag: 'Topics',
    summary: 'Show a topic',
    description: 'The settings of the topic.',
    scopes: [],
    answers: { 200: { description: 'The topic.', content: jsonOf('Topic') } },
    problems: ['topic_not_found'],
    examples: [
      {
        name: 'orders',
        summary: 'A topic',
        path: { topic: 'orders' },
        status: 200,
        answer: { ...sample, name: 'orders' },
      },
      {
        name: 'unknown',
        summary: 'There is no such topic',
        path: { topic: 'nowhere' },
        status: 404,
        answer: sampleProblem('topic_not_found'),
      },
    ],
  },
  {
    method: 'PATCH',
    path,
    id: 'changeTopic',
    tag: 'Topics',
    summary: 'Change a topic',
    description: 'Adds partitions, or changes other settings. What is left out stays as it is.',
    scopes: ['admin'],
    body: { required: true, content: jsonOf('TopicChange') },
    answers: { 200: { description: 'The topic as it is now.', content: jsonOf('Topic') } },
    problems: ['topic_not_found', 'conflict', 'outcome_unknown'],
    examples: [
      {
        name: 'more-partitions',
        summary: 'Eight partitions, and records that are kept for a month',
        path: { topic: 'orders' },
        body: { partitions: 8, retentionHours: 720 },
        status: 200,
        answer: { ...sample, name: 'orders', partitions: 8, retentionHours: 720 },
      },
      {
        name: 'fewer-partitions',
        summary: 'Partitions cannot be taken away',
        path: { topic: 'orders' },
        body: { partitions: 1 },
        status: 409,
        answer: sampleProblem('conflict'),
      },
    ],
  },
  {
    method: 'DELETE',
    path,
    id: 'deleteTopic',
    tag: 'Topics',
    summary: 'Delete a topic',
    description:
      'Deletes the topic with its records and groups. Its partitions are closed one after another, then its name is free; its records are removed two hours later. `millrace.events` is not deleted.',
    scopes: ['admin'],
    answers: { 204: { description: 'It is deleted.' } },
    problems: ['topic_not_found', 'conflict', 'outcome_unknown', 'partition_overloaded'],
    examples: [{ name: 'orders', summary: 'Delete a topic', path: { topic: 'orders' }, status: 204 }],
  },
];
