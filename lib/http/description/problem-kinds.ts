import type { ProblemCode } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { compatibilities } from '../../domain/schemas.ts';
import type { JsonSchema } from './json-schemas.ts';
import { statedLimitNames } from './limits.ts';
import { fates, partition, whole } from './record-fates.ts';

export interface ProblemKind {
  /** A detail as it might be given. */
  readonly detail: string;
  /** What its document has beside the members of all. */
  readonly members?: Readonly<Record<string, JsonSchema>>;
  /** Those of them that it always has. */
  readonly always?: readonly string[];
  /** Members of an example. */
  readonly sample?: Readonly<Record<string, unknown>>;
}

const limit = {
  limit: { type: 'string', enum: statedLimitNames, description: 'The limit that is exceeded.' },
  maximum: whole('What it allows.'),
};

const fieldErrors = (path: string, message: string) => ({ errors: [{ path, message }] });

/** What each problem's document holds, with an example. */
export const problemKinds: Readonly<Record<ProblemCode, ProblemKind>> = {
  invalid_request: {
    detail: 'The request is not valid. Nothing was written.',
    sample: fieldErrors(
      'records[0].colour',
      'Unknown field. Known are key, value, valueBase64, headers, partition, timestamp.',
    ),
  },
  unauthorized: { detail: 'This API key is unknown, deleted or expired.' },
  forbidden: {
    detail: 'This key lacks the scope "produce". It has: consume.',
    members: { missingScope: { type: 'string', description: 'The scope that would do.' } },
    sample: { missingScope: 'produce' },
  },
  not_found: { detail: 'There is nothing at this address. The interface begins at /v1/topics.' },
  method_not_allowed: { detail: 'This address takes GET, POST, HEAD.' },
  topic_not_found: { detail: 'There is no topic "orders". Create it with PUT /v1/topics/{topic}.' },
  partition_not_found: { detail: 'Topic "orders" has no partition 9: it has 4, from 0 to 3.' },
  group_not_found: { detail: 'Topic "orders" has no group "billing". Create it with PUT.' },
  endpoint_not_found: { detail: 'Group "billing" has no endpoint of this id.' },
  key_not_found: { detail: 'There is no key of this id.' },
  schema_not_found: {
    detail: 'Topic "orders" has no schema. Set one with PUT /v1/topics/orders/schema.',
  },
  invalid_schema: {
    detail:
      'Records cannot be checked against this schema. "schema/requierd": Unknown keyword. A note of your own begins with "x-". Nothing was changed.',
    sample: fieldErrors('schema/requierd', 'Unknown keyword. A note of your own begins with "x-".'),
  },
  schema_incompatible: {
    detail:
      'The schema is not shown to be compatible (backward) with version 1, which is in force. Nothing was changed. Where that is meant, send it with "compatibility": "none".',
    members: {
      compatibility: { type: 'string', enum: [...compatibilities], description: 'What it has to be.' },
      version: whole('The version in force.'),
    },
    always: ['compatibility', 'version', 'errors'],
    sample: {
      compatibility: 'backward',
      version: 1,
      ...fieldErrors('value/id', 'Version 1 allows a string, the new schema does not.'),
    },
  },
  schema_mismatch: {
    detail:
      'Not every value fits the schema of topic "accounts" (version 1). "records[3].value/email": Must be of the format "email". Nothing was written.',
    members: { schemaVersion: whole('The version that they were checked against.') },
    always: ['schemaVersion', 'errors'],
    sample: { schemaVersion: 1, ...fieldErrors('records[3].value/email', 'Must be of the format "email".') },
  },
  topic_exists: {
    detail:
      'Topic "orders" exists with other settings (partitions). Change it with PATCH, or choose another name.',
  },
  group_exists: {
    detail:
      'Group "billing" exists with other settings (start). PATCH changes those of delivery; for others delete it first, or choose another name.',
  },
  endpoint_exists: {
    detail:
      'Group "billing" has an endpoint of this URL, "0f8c2d6b1a9e4c7f". Change that one, or give another URL. Nothing was changed.',
    members: {
      endpoint: {
        type: 'string',
        description: 'The id of the endpoint that has the URL.',
      },
    },
    always: ['endpoint'],
    sample: { endpoint: '0f8c2d6b1a9e4c7f' },
  },
  conflict: { detail: 'The partitions of a topic can only grow. Nothing was changed.' },
  handshake_failed: {
    detail:
      'The endpoint answered without a WebHook-Allowed-Origin. It has to answer OPTIONS with 2xx and WebHook-Allowed-Origin, which is the WebHook-Request-Origin of the request, or "*". Nothing was changed; try again when it does, or leave "handshake" out.',
  },
  lease_lost: {
    detail:
      'Partition 3 is not held by consumer "a" any more: its lease is over, or there was a seek. Forget what you have of it, and poll. Nothing was acknowledged.',
    members: { partitions: { type: 'array', items: partition, description: 'Those that are not held.' } },
    always: ['partitions'],
    sample: { partitions: [3] },
  },
  invalid_token: {
    detail:
      'The token is none that this broker signed. Send it as it came in the header webhook-ack-token, unchanged.',
  },
  not_handed_out: {
    detail: 'Partition 3 was handed out up to below 120: 130 is past that. Nothing was acknowledged.',
    members: { partition, handedOut: whole('The offset after the last record that was handed out.') },
    always: ['partition', 'handedOut'],
    sample: { partition: 3, handedOut: 120 },
  },
  offset_mismatch: {
    detail: 'The partition ends at 7, not at 5. Nothing was written.',
    members: { partition, endOffset: whole('Where the partition ends.'), ...fates },
    always: ['partition', 'endOffset'],
    sample: { partition: 0, endOffset: 7 },
  },
  offset_out_of_range: {
    detail: 'Partition 0 has the offsets from 100 to below 250.',
    members: {
      partition,
      startOffset: whole('The oldest offset that can be read.'),
      endOffset: whole('The offset that the next record will have.'),
    },
    always: ['partition', 'startOffset', 'endOffset'],
    sample: { partition: 0, startOffset: 100, endOffset: 250 },
  },
  limit_exceeded: {
    detail: `records exceeds the limit requestRecords, ${limits.requestRecords}. Nothing was written.`,
    members: limit,
    always: ['limit', 'maximum'],
    sample: { limit: 'requestRecords', maximum: limits.requestRecords },
  },
  undecodable_batch: {
    detail:
      'The records from offset 40 to below 60 of partition 0 are stored and cannot be decoded. This is a fault of Millrace, and its operator has to mend it. What follows them can be read from offset 60 on.',
    members: {
      partition,
      offset: whole('Where the records begin that cannot be decoded.'),
      nextOffset: whole('Where reading can go on.'),
    },
    always: ['partition', 'offset', 'nextOffset'],
    sample: { partition: 0, offset: 40, nextOffset: 60 },
  },
  too_large: {
    detail: `records[0] exceeds the limit recordBytes, ${limits.recordBytes}. Nothing was written.`,
    members: limit,
    sample: { limit: 'recordBytes', maximum: limits.recordBytes },
  },
  request_timeout: { detail: 'The request took too long to come in. Nothing was written.' },
  unsupported_media_type: {
    detail: 'Send JSON, in UTF-8, as "Content-Type: application/json".',
    members: {
      accepted: {
        type: 'array',
        items: { type: 'string' },
        description: 'Content types, or content codings, that would do.',
      },
    },
    sample: { accepted: ['application/json'] },
  },
  not_acceptable: {
    detail: 'Accept one of application/json, application/x-ndjson.',
    members: {
      available: {
        type: 'array',
        items: { type: 'string' },
        description: 'Content types that are to be had.',
      },
    },
    always: ['available'],
    sample: { available: ['application/json', 'application/x-ndjson'] },
  },
  partition_overloaded: {
    detail: 'Partition 0 has more to do than it can. Nothing was written; try again.',
    members: { partition, ...fates },
    sample: { partition: 0 },
  },
  quota_exceeded: {
    detail:
      'This key may produce 10 records a second, and has used that up. Nothing was written: try again in 3 seconds.',
    members: {
      'violated-policies': {
        type: 'array',
        items: { type: 'string', enum: ['records', 'bytes'] },
        description: 'What the key has used up.',
      },
    },
    always: ['violated-policies'],
    sample: { 'violated-policies': ['records'] },
  },
  throttled: {
    detail: 'The table has no capacity left for partition 0 just now. Nothing was written: try again later.',
    members: { partition, ...fates },
    sample: { partition: 0 },
  },
  partly_written: {
    detail:
      'Of 2 records 1 were written, 1 were not, and of 0 it is not known. "results" says of each record, in request order, what became of it: send again only those that were not_written.',
    members: fates,
    sample: {
      results: [
        { outcome: 'written', partition: 0, offset: 7, timestamp: '2026-03-10T05:16:23.000Z' },
        { outcome: 'not_written', partition: 1, code: 'partition_overloaded' },
      ],
    },
  },
  idempotency_mismatch: {
    detail:
      'This Idempotency-Key came before with other records for partition 0. Nothing was written: send exactly what was sent then, or take a new key for new records.',
    members: { partition, ...fates },
    always: ['partition'],
    sample: { partition: 0 },
  },
  idempotency_taken_over: {
    detail:
      'Another request with this Idempotency-Key is appending to partition 0 and has taken this one over. Its answer counts. Or send this again with the same key: the records are written once, and the answer says where.',
    members: { partition, ...fates },
    always: ['partition'],
    sample: { partition: 0 },
  },
  idempotency_unknown: {
    detail:
      'Partition 0 does not have the batch any more in which the records of this Idempotency-Key would be, if they were written. Read the partition before you send them with a new key.',
    members: { partition, ...fates },
    always: ['partition'],
    sample: { partition: 0 },
  },
  sequence_gap: {
    detail:
      "This producer's next append to partition 0 in epoch 2 has Producer-Seq 5, and this one has 7. Nothing was written: send what is missing first.",
    members: {
      partition,
      expectedSeq: whole('The `Producer-Seq` of its next append. Also the header `Producer-Expected-Seq`.'),
      receivedSeq: whole('That of this one. Also the header `Producer-Received-Seq`.'),
    },
    always: ['partition', 'expectedSeq', 'receivedSeq'],
    sample: { partition: 0, expectedSeq: 5, receivedSeq: 7 },
  },
  sequence_forgotten: {
    detail:
      'The append of Producer-Seq 3 in epoch 2 is in partition 0, and is so long ago that its offsets are not known any more: the last appends of a producer are remembered. Nothing was written; go on.',
    members: { partition },
    always: ['partition'],
    sample: { partition: 0 },
  },
  producer_fenced: {
    detail:
      "This producer has begun epoch 3 in partition 0, and this append is of epoch 2. Nothing was written: another process has taken this one's place. If it should not have, begin epoch 4 with Producer-Seq 0.",
    members: {
      partition,
      currentEpoch: whole('The epoch that has begun. Also the header `Producer-Epoch`.'),
    },
    always: ['partition', 'currentEpoch'],
    sample: { partition: 0, currentEpoch: 3 },
  },
  outcome_unknown: {
    detail: 'The store did not answer: this may have been done, or may be done yet.',
    members: { partition, ...fates },
  },
  unavailable: {
    detail: 'The store could not take the request just now. Nothing was changed; try again.',
    members: {
      partition,
      ...fates,
      moved: whole('Of a seek: partitions in which the group was moved.'),
      left: whole('Of a seek: partitions in which it is not known to be moved.'),
    },
  },
  internal: {
    detail: 'This is a fault of Millrace, not of the request. Its id finds it in the logs.',
    members: { partition, ...fates },
  },
};
