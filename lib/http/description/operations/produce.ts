import { limits } from '../../../domain/limits.ts';
import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const time = '2026-03-10T05:16:23.000Z';

export const produceOperations: readonly Operation[] = [
  {
    method: 'POST',
    path: '/v1/topics/:topic/records',
    id: 'produceRecords',
    tag: 'Records',
    summary: 'Append records',
    description:
      'Appends records, and says where each of them is. The records for one partition are one append, all of it or nothing; over several partitions a part may be written (422 `partly_written`).',
    scopes: ['produce'],
    headers: {
      traceparent: {
        description: 'W3C Trace Context of the call. Webhooks that get its records are sent it.',
        schema: { type: 'string' },
      },
    },
    body: {
      required: true,
      content: {
        ...jsonOf('ProduceRequest'),
        'application/vnd.millrace+json': { schema: 'ProduceRequest' },
        'application/x-ndjson': {
          schema: {
            type: 'string',
            description: `Records, each as JSON in a line of its own (NewRecord): at most ${limits.requestLines} (limit requestLines). \`offset\` and \`appendedAt\`, with which a fetch shows them, are passed over. More than ${limits.requestRecords} are answered by appends.`,
          },
        },
      },
    },
    answers: {
      200: { description: 'All records were written: where, in request order.', content: jsonOf('Produced') },
    },
    problems: [
      'topic_not_found',
      'limit_exceeded',
      'offset_mismatch',
      'partition_overloaded',
      'partly_written',
      'outcome_unknown',
    ],
    examples: [
      {
        name: 'one-record',
        summary: 'A record with a key and headers',
        path: { topic: 'orders' },
        body: { records: [{ key: 'customer-7', value: { total: 42 }, headers: { event: 'paid' } }] },
        status: 200,
        answer: { results: [{ partition: 3, offset: 0, timestamp: time }] },
      },
      {
        name: 'bytes',
        summary: 'A value that is no JSON, to a partition that is named, with a time of its own',
        path: { topic: 'orders' },
        body: { records: [{ valueBase64: 'AAECAw==', partition: 0, timestamp: '2024-05-01T12:00:00Z' }] },
        status: 200,
        answer: { results: [{ partition: 0, offset: 7, timestamp: '2024-05-01T12:00:00.000Z' }] },
      },
      {
        name: 'lines',
        summary: 'Each record in a line',
        path: { topic: 'orders' },
        contentType: 'application/x-ndjson',
        body: '{"key":"customer-7","value":{"total":42}}\n{"key":"customer-8","value":{"total":7}}\n',
        status: 200,
        answer: {
          results: [
            { partition: 3, offset: 1, timestamp: time },
            { partition: 0, offset: 8, timestamp: time },
          ],
        },
      },
      {
        name: 'unknown-field',
        summary: 'A field that a record does not have',
        path: { topic: 'orders' },
        body: { records: [{ value: 1, colour: 'red' }] },
        status: 400,
        answer: sampleProblem('invalid_request'),
      },
      {
        name: 'expected-offset',
        summary: 'Only if the partition ends at this offset, which it does not',
        path: { topic: 'orders' },
        body: { records: [{ value: 1, partition: 0 }], expectedOffset: 1000000 },
        status: 412,
        answer: sampleProblem('offset_mismatch'),
      },
    ],
  },
];
