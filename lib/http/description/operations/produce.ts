import { limits } from '../../../domain/limits.ts';
import { timestampPattern } from '../../../domain/text/timestamps.ts';
import { jsonOf, type Operation, type Parameter } from '../operation.ts';
import { quotaHeaders } from '../quota-headers.ts';
import { produceExamples } from './produce-examples.ts';

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
      'Appends records, and says where each of them is. They come as JSON, as lines of JSON, as CloudEvents, or as one value of any other type. The records for one partition are one append, all of it or nothing; over several partitions a part may be written (422 `partly_written`). To `millrace.events` Millrace alone appends.',
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
    examples: produceExamples,
  },
];
