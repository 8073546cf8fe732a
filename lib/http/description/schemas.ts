import * as z from 'zod/mini';
import { deliveryDefaults, readingDefaults } from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import { topicDefaults } from '../../domain/topics.ts';
import { attemptAnswer, attemptListAnswer } from '../answers/attempts.ts';
import {
  endpointAnswer,
  endpointListAnswer,
  endpointTestAnswer,
  newEndpointAnswer,
  rotatedEndpointAnswer,
  webhookKeysAnswer,
} from '../answers/endpoints.ts';
import { erasureAnswer, erasureListAnswer } from '../answers/erasures.ts';
import {
  groupListAnswer,
  groupMember,
  groupProgressAnswer,
  partitionProgress,
} from '../answers/group-status.ts';
import { groupAnswer } from '../answers/groups.ts';
import { healthAnswer } from '../answers/health.ts';
import { keyAnswer, keyListAnswer, newKeyAnswer } from '../answers/keys.ts';
import { polledAnswer } from '../answers/pull.ts';
import {
  fetchedAnswer,
  partitionsAnswer,
  producedAnswer,
  producedResult,
  recordAnswer,
} from '../answers/records.ts';
import { redriveAnswer } from '../answers/redrive.ts';
import { resendAnswer } from '../answers/resend.ts';
import {
  schemaAnswer,
  schemaTrialAnswer,
  schemaVersionAnswer,
  schemaVersionsAnswer,
} from '../answers/schemas.ts';
import { seekAnswer } from '../answers/seek.ts';
import { topicAnswer, topicListAnswer } from '../answers/topics.ts';
import { messageOutcome } from '../schemas/acks.ts';
import { endpointChange, newEndpoint, secretRotation } from '../schemas/endpoints.ts';
import { groupChange, groupSettings, seekRequest } from '../schemas/groups.ts';
import { keyChange, newKeySettings } from '../schemas/keys.ts';
import { newRecordSchema, produceRequestSchema } from '../schemas/produce-request.ts';
import { ackRequest, leaveRequest, nackRequest, pollRequest } from '../schemas/pull.ts';
import { redriveRequest } from '../schemas/redrive.ts';
import { resendRequest } from '../schemas/resend.ts';
import { schemaChange, schemaSettings } from '../schemas/schemas.ts';
import { topicChange, topicSettings } from '../schemas/topics.ts';
import { eventSchema, newEventSchema } from './event-schemas.ts';
import { type FieldTexts, withTexts } from './field-texts.ts';
import { type JsonSchema, jsonSchemas, refTo } from './json-schemas.ts';

/** What a field says that is left out where something is created. Where it is changed, it stays as it is. */
type WhenAbsent = (value: unknown) => string;
const taken: WhenAbsent = (value) => ` Without it ${value}.`;
const asItIs: WhenAbsent = () => '';

const topicFields = (absent: WhenAbsent): FieldTexts => ({
  partitions: `How many partitions it has. More can be added later, never fewer.${absent(topicDefaults.partitions)}`,
  retentionHours: `For how long records are kept after their append. null: for ever.${absent(`${topicDefaults.retentionHours}, and null for a topic that is compacted`)}`,
  retentionBytes: `Bytes of stored records that each partition keeps at most. null: any number.${absent(topicDefaults.retentionBytes)}`,
  archive: `Whether records move to the archive when they are older than an hour or so.${absent(topicDefaults.archive)}`,
  cleanup: `"compact": of the records of a key the last one stays; it needs the archive. "delete": retention alone takes records away.${absent(`"${topicDefaults.cleanup}"`)}`,
});

const deliveryFields = (absent: WhenAbsent): FieldTexts => {
  const { format, batchSize, timeoutSeconds, backoff, maxAttempts, deadLetterAfterSeconds, attemptLog } =
    deliveryDefaults;
  const { ordering, concurrency, ack, ackTimeoutSeconds } = deliveryDefaults;
  return {
    delivery: 'Of "push": how its endpoint is called.',
    'delivery.format': `How a request is made of records. "webhook": an envelope of JSON, with as many as \`batchSize\` says. "cloudevents-batch": a list of CloudEvents, of as many. "cloudevents-structured", "cloudevents-binary" and "raw": one record a request, as a CloudEvent in JSON, as one whose attributes are headers, or as the value alone.${absent(`"${format}"`)}`,
    'delivery.batchSize': `Records of one request at most. Of a format that has one record a request nothing but 1 may be given.${absent(batchSize)}`,
    'delivery.timeoutSeconds': `For how long an answer is waited for.${absent(timeoutSeconds)}`,
    'delivery.backoff': 'The pauses after failures: random, up to a ceiling that doubles with each.',
    'delivery.backoff.initialSeconds': `The first ceiling.${absent(backoff.initialSeconds)}`,
    'delivery.backoff.maxSeconds': `The last ceiling, not below the first.${absent(backoff.maxSeconds)}`,
    'delivery.filter': `An expression of JSONata on \`{topic, partition, offset, timestamp, key, value, headers}\`: only records for which it is true are sent, and the cursor moves past the others. Where it fails on a record, that is sent. null: none.${absent('null: all are sent')}`,
    'delivery.transform': `An expression of JSONata: what it gives of a record is sent as its value. A record on which it fails is refused. null: none.${absent('null: values are sent as they are')}`,
    'delivery.maxAttempts': `A record that was refused alone so often goes to the dead letters, the topic "{topic}.{group}.dead". An outage counts for nothing. null: never, and it is tried for as long as it takes.${absent(maxAttempts)}`,
    'delivery.deadLetterAfterSeconds': `And no sooner than so long after its first refusal; twice as long for each dead letter that follows another with nothing acknowledged between.${absent(deadLetterAfterSeconds)}`,
    'delivery.ordering': `"partition": one message of a partition after the other; one that is refused holds up the partition. "key": records of one key one after the other; one that is refused holds up its key. "none": nothing waits for anything.${absent(`"${ordering}"`)}`,
    'delivery.concurrency': `Of the orders "key" and "none": how many messages of one partition are under way at a time, at most.${absent(concurrency)}`,
    'delivery.ack': `What acknowledges a message. "response": a 2xx of the endpoint, or what its body says. "explicit": a 2xx only says that it has it; who is behind it acknowledges it later, by the token that came with it (\`POST /v1/acks/{token}\`), and until then it counts among those that are under way.${absent(`"${ack}"`)}`,
    'delivery.ackTimeoutSeconds': `Of "explicit": a message of which nothing was said for so long, from the endpoint's answer on, is refused, and sent again.${absent(ackTimeoutSeconds)}`,
    'delivery.attemptLog': 'What the attempt log has beside each failure.',
    'delivery.attemptLog.successes': `The share of attempts that succeeded which it has, at random: 0 none, 1 all. Each takes a write.${absent(attemptLog.successes)}`,
  };
};

const readingFields = (absent: WhenAbsent): FieldTexts => {
  const { sessionTimeoutSeconds, ackTimeoutSeconds, maxDeliveries } = readingDefaults;
  return {
    sessionTimeoutSeconds: `Of "pull" and "shared": who has not polled for so long is no member any more.${absent(sessionTimeoutSeconds)}`,
    ackTimeoutSeconds: `Of "pull" and "shared": what is not acknowledged for so long is handed out again.${absent(ackTimeoutSeconds)}`,
    maxDeliveries: `Of "shared": handed out so often without an acknowledgement, a record goes to the dead letters, the topic "{topic}.{group}.dead". null: never.${absent(maxDeliveries)}`,
  };
};

const endpointFields: FieldTexts = {
  url: 'Where it is called: an absolute https URL of a public address. On a broker of one machine also http, and loopback.',
  headers: `Sent with every request, beside those that Millrace sets itself. At most ${limits.endpointHeadersBytes} bytes (limit endpointHeadersBytes).`,
  authentication:
    'How Millrace authenticates itself to it, beside its signature: by the header Authorization, in the place of one among `headers`. {"type": "basic", "username", "password"} (RFC 7617), or {"type": "oauth2", "tokenUrl", "clientId", "clientSecret", "scope"?, "audience"?}: a token by client credentials (RFC 6749, 4.4). It is stored encrypted, and not shown again.',
  maxConcurrentRequests:
    'Requests that may be under way to it at once, of all partitions and processes together. Without it any number: one for each partition.',
  requestsPerSecond:
    'How often it is called at most, by all processes together; fractions are allowed. Over any ten seconds it may be 10 % and one request more. Without it as often as there is something.',
  maxRequestBytes: `How large the body of a request to it may be, envelope included: up to 5,000,000 bytes, for a receiver that takes more, and down to 1,024, for one that takes less. A single record that is larger goes alone all the same. Where a group has several endpoints that are enabled, the least of theirs counts, since a message goes to whichever is well. A change counts for messages that begin half a minute later. Without it ${limits.deliveryBytes}.`,
  handshake:
    'Whether it is to agree to be called first, by the handshake of CloudEvents (HTTP 1.1 Web Hooks for Event Delivery, 4): it is sent OPTIONS with WebHook-Request-Origin, the host name of the address that this request came to, and has to answer 2xx with WebHook-Allowed-Origin. WebHook-Allowed-Rate, requests a minute, bounds `requestsPerSecond`. Each request to it then has WebHook-Request-Origin. Another URL is asked anew. Without it false.',
  description: 'For people.',
};

const ownSecret = 'A secret of your own: "whsec_" and 24 to 64 bytes as base64. Without it one is made.';

const compatibility =
  'What this version and those after it have to be to the one in force: "backward", "forward", "full" or "none".';

const change = { '': { minProperties: 1 } };

const keyFields = {
  name: 'A name for people; it need not be unique.',
  expiresAt: 'From when on it is not valid any more: ISO 8601 with an offset from UTC, and to come.',
  quota:
    'What it may produce through each process of the broker; beyond that it is answered 429. At least one of the rates is given.',
};

const epochs =
  'By partition, as an answer to a poll gave them. What is acknowledged under another epoch, as before a seek, is refused then.';
const recordFields = (name: string): FieldTexts => ({
  [name]:
    'Of a group of mode "shared": records that were handed out to the consumer, one by one or in ranges.',
});

const consumerFields: FieldTexts = {
  consumerId: 'A name of your own for the consumer. Two processes of one name are one member.',
  epochs,
};

/** Schemas that requests are checked with, and what a person has to know of their fields. */
const requests = {
  TopicSettings: { schema: topicSettings, texts: topicFields(taken) },
  TopicChange: { schema: topicChange, texts: { ...topicFields(asItIs), ...change } },
  SchemaSettings: {
    schema: schemaSettings,
    texts: {
      schema: { type: 'object', description: 'A JSON Schema of draft 2020-12, whole in itself.' },
      compatibility: `${compatibility} What is left out stays as it is; of a first version it is "backward".`,
    },
  },
  SchemaChange: { schema: schemaChange, texts: { compatibility } },
  GroupSettings: {
    schema: groupSettings,
    texts: {
      mode: 'How it gets its records. "pull": its consumers poll, and each has partitions of its own, in order. "shared": they poll, and each record goes to any of them. "push": a webhook is called.',
      ...readingFields(taken),
      start:
        'Where it begins: at the oldest record, at the end, at a time, or at the offset of each partition by its number. Without it "latest".',
      ...deliveryFields(taken),
    },
  },
  GroupChange: {
    schema: groupChange,
    texts: { ...readingFields(asItIs), ...deliveryFields(asItIs), ...change },
  },
  Seek: {
    schema: seekRequest,
    texts: {
      to: 'Where it goes on: at the oldest record, at the end, at the first record of a time or after it, or at an offset of each partition by its number. A partition that `offsets` does not name stays where it is.',
    },
  },
  Poll: {
    schema: pollRequest,
    texts: {
      ...consumerFields,
      maxRecords: 'Records at most. 0: none, and the consumer stays a member. Without it 100.',
      maxBytes: `Bytes of the records' JSON at most; the first record comes whatever its size. Without it ${limits.pollBytes}.`,
      waitSeconds: 'For how long a first record is waited for. Without it 0.',
      ack: 'Acknowledges what came before, as /ack does.',
      'ack.offsets':
        'Of a group of mode "pull": by partition, the offset after the last record that is done with.',
      ...recordFields('ack.records'),
      positions:
        'Of a group of mode "pull": by partition the offset after the last record that the consumer has. The poll goes on there before what is below is acknowledged. Its epoch goes with it, in `epochs`.',
    },
  },
  Acknowledgement: {
    schema: ackRequest,
    texts: {
      ...consumerFields,
      offsets: 'Of a group of mode "pull": by partition, the offset after the last record that is done with.',
      ...recordFields('records'),
    },
  },
  GivingBack: {
    schema: nackRequest,
    texts: {
      ...consumerFields,
      offsets: 'Of a group of mode "pull": by partition, the offset of the first record to hand out again.',
      ...recordFields('records'),
      delaySeconds: 'They are handed out again no sooner. Without it at once.',
    },
  },
  MessageOutcome: {
    schema: messageOutcome,
    texts: {
      outcome:
        '"ack": it is done with. "nack": it is refused, and sent again after its backoff. "extend": more time is needed. Without it "ack".',
      offset:
        'Of "ack": the offset after the last record that is done with. The rest is sent again, as a message of its own.',
      failed:
        'Of "ack": the offsets of the records that are refused; all others are done with. In the order of the partition those behind the first that failed are sent again after it.',
      delaySeconds: 'Of "nack": it is sent again no sooner. Without it its backoff alone counts.',
      seconds: 'Of "extend": how long from now on. Without it the group\'s ackTimeoutSeconds.',
    },
  },
  Leaving: { schema: leaveRequest, texts: { consumerId: 'As it was given to poll.' } },
  RedriveRequest: {
    schema: redriveRequest,
    texts: {
      ranges: 'By partition of the dead-letter topic: the first offset, and the one after the last.',
      record: 'One dead letter, by its place in the dead-letter topic.',
      'record.partition': 'Its partition there.',
      'record.offset': 'Its offset there.',
    },
  },
  ResendRequest: {
    schema: resendRequest,
    texts: {
      ranges: `Which records, one range of each partition: its number, the offset of the first record and the one after the last. At most ${limits.resendRanges} (limit resendRanges).`,
    },
  },
  NewEndpoint: {
    schema: newEndpoint,
    texts: { ...endpointFields, secret: ownSecret },
  },
  SecretRotation: {
    schema: secretRotation,
    texts: {
      overlapSeconds:
        'For how long the keys that it has go on signing beside the new one: 86400 (a day) unless said. 0 ends them at once.',
      secret: ownSecret,
      kind: '"v1": HMAC-SHA256 by a secret. "v1a": ed25519, of which receivers have the public key. Without it that of the newest key.',
    },
  },
  EndpointChange: {
    schema: endpointChange,
    texts: {
      ...endpointFields,
      ...change,
      headers: 'In place of all that it had. null takes them away.',
      authentication: 'In place of what it had. null takes it away.',
      maxConcurrentRequests:
        'Requests that may be under way to it at once, of all partitions and processes together. null: any number.',
      requestsPerSecond:
        'How often it is called at most, by all processes together; over any ten seconds it may be 10 % and one request more. null: as often as there is something.',
      maxRequestBytes: `How large the body of a request to it may be, envelope included. null: ${limits.deliveryBytes}.`,
      description: 'For people. null takes it away.',
      status: '"enabled" has it called at once.',
    },
  },
  NewKey: {
    schema: newKeySettings,
    texts: {
      ...keyFields,
      'quota.recordsPerSecond': 'Records.',
      'quota.bytesPerSecond': 'Bytes of keys, values and headers as they are stored, before compression.',
      'quota.burstSeconds': "So many seconds' worth may come at once.",
      scopes:
        'What it may do. "produce": append. "consume": fetch, and read groups. "groups": make and change groups and endpoints. "admin": all that, topics and keys.',
      topics: 'Topics that it is for: names, or their beginnings followed by "*". Without it every one.',
    },
  },
  KeyChange: {
    schema: keyChange,
    texts: {
      ...keyFields,
      ...change,
      expiresAt: `${keyFields.expiresAt} null: it does not expire.`,
      quota: `${keyFields.quota} null takes it away.`,
    },
  },
} as const satisfies Record<string, { schema: () => z.ZodMiniType; texts: FieldTexts }>;

/** Schemas that say what answers are. */
const answers = {
  Topic: topicAnswer,
  TopicList: topicListAnswer,
  Schema: schemaAnswer,
  SchemaVersion: schemaVersionAnswer,
  SchemaVersions: schemaVersionsAnswer,
  SchemaTrial: schemaTrialAnswer,
  ProducedRecord: producedResult,
  Produced: producedAnswer,
  Record: recordAnswer,
  Fetched: fetchedAnswer,
  Partitions: partitionsAnswer,
  Polled: polledAnswer,
  Group: groupAnswer,
  GroupList: groupListAnswer,
  GroupProgress: groupProgressAnswer,
  PartitionProgress: partitionProgress,
  GroupMember: groupMember,
  Sought: seekAnswer,
  Redriven: redriveAnswer,
  Attempt: attemptAnswer,
  AttemptList: attemptListAnswer,
  Resend: resendAnswer,
  Endpoint: endpointAnswer,
  RegisteredEndpoint: newEndpointAnswer,
  RotatedEndpoint: rotatedEndpointAnswer,
  WebhookKeys: webhookKeysAnswer,
  EndpointList: endpointListAnswer,
  EndpointTest: endpointTestAnswer,
  Erasure: erasureAnswer,
  ErasureList: erasureListAnswer,
  Key: keyAnswer,
  CreatedKey: newKeyAnswer,
  KeyList: keyListAnswer,
  Health: healthAnswer,
} as const satisfies Record<string, () => z.ZodMiniType>;

/** Schemas of what is read or written by hand. */
const byHand = {
  NewRecord: newRecordSchema,
  NewCloudEvent: newEventSchema,
  NewCloudEventBatch: {
    type: 'array',
    items: refTo('NewCloudEvent'),
    maxItems: limits.requestRecords,
    description: `At most ${limits.requestRecords} (limit requestRecords).`,
  },
  CloudEvent: eventSchema,
  CloudEventBatch: { type: 'array', items: refTo('CloudEvent') },
  ProduceRequest: {
    ...produceRequestSchema,
    properties: {
      ...produceRequestSchema.properties,
      records: { ...produceRequestSchema.properties.records, items: refTo('NewRecord') },
    },
  },
} as const satisfies Record<string, JsonSchema>;

export type SchemaName = keyof typeof requests | keyof typeof answers | keyof typeof byHand;

/** Every schema that the description names, but those of problems. */
export const namedSchemas = (): Readonly<Record<string, JsonSchema>> => {
  const registry = z.registry<{ id: string }>();
  for (const [id, { schema }] of Object.entries(requests)) registry.add(schema(), { id });
  for (const [id, schema] of Object.entries(answers)) registry.add(schema(), { id });
  const converted = jsonSchemas(registry);
  const texts: Readonly<Record<string, { readonly texts: FieldTexts }>> = requests;
  const all = Object.entries(converted).map(([id, schema]) => [
    id,
    texts[id] === undefined ? schema : withTexts(id, schema, texts[id].texts),
  ]);
  return { ...Object.fromEntries(all), ...byHand };
};
