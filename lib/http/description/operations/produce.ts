import { limits } from '../../../domain/limits.ts';
import { timestampPattern } from '../../../domain/timestamps.ts';
import { jsonOf, type Operation, type Parameter } from '../operation.ts';
import { sampleProblem } from '../problems.ts';
import { quotaHeaders } from '../quota-headers.ts';

const time = '2026-03-10T05:16:23.000Z';

const eventHeader = (description: string): Parameter => ({ description, schema: { type: 'string' } });

/** Of an event in CloudEvents' binary mode, whose data is the body. */
const eventHeaders = {
  'ce-specversion': eventHeader(
    'That the body is the data of a CloudEvent, whose attributes are headers that begin with `ce-`: 1.0.',
  ),
  'ce-id': eventHeader('The id of that event.'),
  'ce-source': eventHeader('Where that event comes from.'),
  'ce-type': eventHeader('What happened.'),
  'ce-partitionkey': eventHeader("The key of that event's record."),
};

const event = {
  specversion: '1.0',
  id: 'order-4711-paid',
  source: '/shop',
  type: 'com.example.order.paid',
  partitionkey: 'customer-7',
  data: { total: 42 },
};
const oneResult = { results: [{ partition: 3, offset: 0, timestamp: time }] };

const named = { type: 'string', pattern: `^[\\x20-\\x7e]{1,${limits.idempotencyKeyLength}}$` } as const;
const counted = (description: string): Parameter => ({
  description,
  schema: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
});

/** By which a request may be sent again. */
const repeatHeaders = {
  'Idempotency-Key': {
    description:
      'Sent again within 24 hours with the same key, after whatever failure, the same records are written once. Not together with `expectedOffset` or the `Producer-` headers.',
    schema: named,
  },
  'Producer-Id': {
    description:
      'Who numbers its requests, for producers that send for ever: all three `Producer-` headers, or none. The records of such a request go to one partition.',
    schema: named,
  },
  'Producer-Epoch': counted(
    'Of the producer: a higher one begins again with `Producer-Seq` 0, and ends those before.',
  ),
  'Producer-Seq': counted(
    'Of the request, among those of the producer to its partition in its epoch: 0, 1, 2, and so on.',
  ),
};

export const produceOperations: readonly Operation[] = [
  {
    method: 'POST',
    path: '/v1/topics/:topic/records',
    id: 'produceRecords',
    tag: 'Records',
    summary: 'Append records',
    description:
      'Appends records, and says where each of them is. They come as JSON, as lines of JSON, as CloudEvents, or as one value of any other type. The records for one partition are one append, all of it or nothing; over several partitions a part may be written (422 `partly_written`).',
    scopes: ['produce'],
    query: {
      key: {
        description: 'The key of a record whose value is the body.',
        schema: { type: 'string', maxLength: limits.recordKeyBytes },
      },
      partition: {
        description: 'The partition of a record whose value is the body.',
        schema: { type: 'integer', minimum: 0 },
      },
      timestamp: {
        description: 'The time of a record whose value is the body: ISO 8601 with an offset from UTC.',
        schema: { type: 'string', pattern: timestampPattern },
      },
    },
    headers: {
      ...repeatHeaders,
      ...eventHeaders,
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
        'application/cloudevents+json': { schema: 'NewCloudEvent' },
        'application/cloudevents-batch+json': { schema: 'NewCloudEventBatch' },
        'application/x-ndjson': {
          schema: {
            type: 'string',
            description: `Records, each as JSON in a line of its own (NewRecord): at most ${limits.requestLines} (limit requestLines). \`offset\` and \`appendedAt\`, with which a fetch shows them, are passed over. More than ${limits.requestRecords} are answered by appends.`,
          },
        },
        'text/plain': { schema: { type: 'string', description: 'A value, as it is.' } },
        '*/*': {
          schema: {
            description:
              'Any other type: the body is the value of one record, its type the header `content-type`. The query says what else a record has.',
          },
        },
      },
    },
    answers: {
      200: {
        description: 'All records were written: where, in request order.',
        content: jsonOf('Produced'),
        headers: {
          'Idempotency-Replayed': {
            description: 'They were written before, all of them, by the same key or number: nothing was now.',
            schema: { const: 'true' },
          },
          ...quotaHeaders,
        },
      },
    },
    problems: [
      'schema_mismatch',
      'topic_not_found',
      'limit_exceeded',
      'offset_mismatch',
      'quota_exceeded',
      'partition_overloaded',
      'partly_written',
      'idempotency_mismatch',
      'idempotency_taken_over',
      'idempotency_unknown',
      'sequence_gap',
      'sequence_forgotten',
      'producer_fenced',
      'outcome_unknown',
    ],
    examples: [
      {
        name: 'mismatch',
        summary: 'A value that does not fit the schema of its topic',
        path: { topic: 'accounts' },
        body: { records: [{ value: { id: 'a-7', email: 'nobody' } }] },
        status: 422,
        answer: sampleProblem('schema_mismatch'),
      },
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
        name: 'event',
        summary: 'A CloudEvent',
        path: { topic: 'orders' },
        contentType: 'application/cloudevents+json',
        body: event,
        status: 200,
        answer: oneResult,
      },
      {
        name: 'events',
        summary: 'A batch of CloudEvents',
        path: { topic: 'orders' },
        contentType: 'application/cloudevents-batch+json',
        body: [event],
        status: 200,
        answer: oneResult,
      },
      {
        name: 'binary-event',
        summary: 'A CloudEvent whose attributes are headers',
        path: { topic: 'orders' },
        headers: {
          'ce-specversion': '1.0',
          'ce-id': 'order-4711-note',
          'ce-source': '/shop',
          'ce-type': 'com.example.order.note',
          'ce-partitionkey': 'customer-7',
        },
        contentType: 'text/plain',
        body: 'Please ring twice.',
        status: 200,
        answer: oneResult,
      },
      {
        name: 'raw',
        summary: 'A value as it is, with a key',
        path: { topic: 'orders' },
        query: { key: 'customer-7' },
        contentType: 'text/plain',
        body: 'Please ring twice.',
        status: 200,
        answer: oneResult,
      },
      {
        name: 'with-a-key',
        summary: 'Records that are written once, however often they are sent',
        path: { topic: 'orders' },
        headers: { 'Idempotency-Key': '4711-paid' },
        body: { records: [{ key: 'customer-7', value: { total: 42 } }] },
        status: 200,
        answer: oneResult,
      },
      {
        name: 'numbered',
        summary: 'The first append of a producer that numbers them',
        path: { topic: 'orders' },
        headers: { 'Producer-Id': 'till-7', 'Producer-Epoch': 0, 'Producer-Seq': 0 },
        body: { records: [{ key: 'customer-7', value: { total: 42 } }] },
        status: 200,
        answer: oneResult,
      },
      {
        name: 'gap',
        summary: 'An append of a producer before which another is missing',
        path: { topic: 'orders' },
        headers: { 'Producer-Id': 'till-8', 'Producer-Epoch': 2, 'Producer-Seq': 7 },
        body: { records: [{ key: 'customer-7', value: { total: 42 } }] },
        status: 409,
        answer: sampleProblem('sequence_gap'),
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
