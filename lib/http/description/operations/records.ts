import { eventBatchType } from '../../../domain/cloud-events/names.ts';
import { limits } from '../../../domain/limits.ts';
import { timestampPattern } from '../../../domain/text/timestamps.ts';
import { lineTypes } from '../../shapes/types.ts';
import { type Content, jsonOf, type Operation, type Parameter } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const topic = '/v1/topics/:topic';
const time = '2026-03-10T05:16:23.000Z';
const record = {
  partition: 0,
  offset: 0,
  timestamp: time,
  key: 'customer-7',
  value: { total: 42 },
  headers: { event: 'paid' },
};

const lines: Content = {
  schema: { type: 'string', description: 'Records, each as JSON in a line of its own (Record).' },
};

const offsetHeader = (description: string): Parameter => ({
  description,
  schema: { type: 'integer', minimum: 0 },
});

export const readOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: `${topic}/partitions`,
    id: 'listPartitions',
    tag: 'Records',
    summary: 'Where each partition begins and ends',
    description: 'The offsets of every partition, in order of their numbers. Ends are exclusive.',
    scopes: ['consume'],
    answers: { 200: { description: 'The partitions.', content: jsonOf('Partitions') } },
    problems: ['topic_not_found'],
    examples: [
      {
        name: 'orders',
        summary: 'The partitions of a topic',
        path: { topic: 'orders' },
        status: 200,
        answer: { partitions: [{ partition: 0, startOffset: 0, endOffset: 3, archivedThrough: 0 }] },
      },
    ],
  },
  {
    method: 'GET',
    path: `${topic}/partitions/:partition/records`,
    id: 'fetchRecords',
    tag: 'Records',
    summary: 'Fetch records',
    description:
      'Reads records of a partition, in order, from an offset or a time on: from the oldest where nothing is said. Go on at the `nextOffset` of the answer. With `waitSeconds` a fetch that finds nothing waits for what comes.',
    scopes: ['consume'],
    query: {
      offset: {
        description: 'Where to begin: an offset, the oldest record, or the end.',
        schema: {
          oneOf: [
            { type: 'integer', minimum: 0 },
            { type: 'string', enum: ['earliest', 'latest'] },
          ],
          default: 'earliest',
        },
      },
      timestamp: {
        description:
          'Instead of an offset: begin at the first record whose time is this or later. ISO 8601 with an offset from UTC ("+" is written %2B).',
        schema: { type: 'string', pattern: timestampPattern },
      },
      limit: {
        description: 'Records at most.',
        schema: { type: 'integer', minimum: 1, maximum: limits.fetchRecords, default: 100 },
      },
      maxBytes: {
        description:
          'Bytes of keys, values and headers at most; a single larger record is given all the same.',
        schema: { type: 'integer', minimum: 1, maximum: limits.fetchBytes, default: limits.fetchBytes },
      },
      waitSeconds: {
        description: 'For how long to wait where there is nothing yet.',
        schema: { type: 'integer', minimum: 0, maximum: limits.fetchWaitSeconds, default: 0 },
      },
    },
    answers: {
      200: {
        description:
          'Records, perhaps none, in the form that `Accept` asks for. Where the body has no place for them, offsets are headers.',
        content: {
          ...jsonOf('Fetched'),
          ...Object.fromEntries(lineTypes.map((type) => [type, lines])),
          [eventBatchType]: { schema: 'CloudEventBatch' },
        },
        headers: {
          'Millrace-Next-Offset': offsetHeader('The offset to go on at.'),
          'Millrace-Start-Offset': offsetHeader('The oldest offset that can be read.'),
          'Millrace-End-Offset': offsetHeader('The offset that the next record will have.'),
        },
      },
    },
    problems: [
      'topic_not_found',
      'partition_not_found',
      'offset_out_of_range',
      'limit_exceeded',
      'not_acceptable',
      'undecodable_batch',
    ],
    examples: [
      {
        name: 'from-the-oldest',
        summary: 'Ten records from the oldest on',
        path: { topic: 'orders', partition: 0 },
        query: { offset: 'earliest', limit: 10 },
        status: 200,
        answer: { records: [record], nextOffset: 1, startOffset: 0, endOffset: 1 },
      },
      {
        name: 'from-a-time',
        summary: 'Records since a time',
        path: { topic: 'orders', partition: 0 },
        query: { timestamp: '2024-05-01T12:00:00Z' },
        status: 200,
        answer: { records: [record], nextOffset: 1, startOffset: 0, endOffset: 1 },
      },
      {
        name: 'as-events',
        summary: 'Records as CloudEvents',
        path: { topic: 'orders', partition: 0 },
        status: 200,
        answerType: eventBatchType,
        answer: [
          {
            specversion: '1.0',
            id: 'orders/0/0',
            source: '/v1/topics/orders',
            type: 'millrace.record',
            time,
            partitionkey: 'customer-7',
            datacontenttype: 'application/json',
            data: { total: 42 },
          },
        ],
      },
      {
        name: 'as-lines',
        summary: 'Records as lines',
        path: { topic: 'orders', partition: 0 },
        status: 200,
        answerType: 'application/x-ndjson',
        answer: `${JSON.stringify(record)}\n`,
      },
      {
        name: 'past-the-end',
        summary: 'An offset that the partition does not have',
        path: { topic: 'orders', partition: 0 },
        query: { offset: 1000000 },
        status: 416,
        answer: sampleProblem('offset_out_of_range'),
      },
      {
        name: 'no-such-partition',
        summary: 'A partition that the topic does not have',
        path: { topic: 'orders', partition: 999 },
        status: 404,
        answer: sampleProblem('partition_not_found'),
      },
    ],
  },
];
