import { limits } from '../../domain/limits.ts';

/** The limits that answers name, and what each is of. */
export const statedLimits = {
  nameLength: 'characters of the name of a topic, a group or a key',
  recordBytes: 'bytes of a record: key, value and headers, as they are stored',
  recordKeyBytes: "bytes of a record's key",
  recordHeaders: 'headers of a record',
  recordHeadersBytes: "bytes of a record's headers",
  requestHeadBytes: 'bytes of the first line and the headers of a request',
  requestBytes: 'bytes of the body of a produce request, as it is sent and expanded',
  bodyCodings: 'times that a body may be compressed, one over the other',
  bodyFrames: 'frames of zstd that a body may have',
  eventBodyBytes:
    'bytes of a body inside the event of a function on AWS: in text quotes, backslashes and line breaks count twice, other bytes are four for three',
  requestRecords: 'records of a produce request',
  requestLines: 'records of a request that has one in each line',
  acknowledgementBytes: 'bytes of the body of a poll or an acknowledgement',
  settingsBytes: 'bytes of the body of any other request',
  jsonDepth: 'levels of nesting of JSON',
  batchBytes: 'stored bytes of the records that a request appends to one partition, compressed',
  batchRecords: 'records of one append',
  partitionsPerTopic: 'partitions of a topic',
  retentionHours: 'hours that records can be kept for, unless they are kept for ever',
  retentionBytes: 'bytes that each partition can be told to keep',
  fetchRecords: 'records of one fetch',
  fetchBytes: 'bytes of one fetch: keys, values and headers',
  fetchWaitSeconds: 'seconds that a fetch or an erasure can wait',
  deliveryBytes: "bytes of a webhook request's body, unless its endpoint says otherwise",
  maxRequestBytes: "bytes of a webhook request's body that an endpoint can be set to take",
  deliveryRecords: 'records of a webhook request',
  deliveryTimeoutSeconds: 'seconds that an endpoint can take to answer',
  filterLength: "characters of a group's filter",
  transformLength: "characters of a group's transform",
  expressionMs: 'milliseconds that a filter or a transform can take on one record',
  expressionsMs: 'milliseconds that it can take on the records of one message',
  expressionHeapMb: 'megabytes of memory that it can take',
  endpointTestSeconds: 'seconds that an endpoint can take to answer a test message',
  schemaParts: 'schemas within a schema',
  schemaVersions: "versions of a topic's schema",
  schemaCompileMs: 'milliseconds that a schema can take to compile',
  schemaCheckMs: "milliseconds that the check of a request's records against a schema can take",
  groupsPerTopic: 'groups of a topic',
  endpointsPerGroup: 'endpoints of a group, disabled ones too',
  endpointSecrets: 'keys that sign the requests to an endpoint at a time',
  secretOverlapSeconds: 'seconds for which the keys before a new one go on signing',
  maxConcurrentRequests: 'requests that an endpoint can be set to take at once',
  requestsPerSecond: 'requests a second that an endpoint can be set to take',
  listTopics: 'topics of one page of a list',
  resendRanges: 'ranges of records that are sent to an endpoint again',
  listAttempts: 'attempts of one page of a list',
  quotaRecordsPerSecond: "records a second of a key's quota",
  quotaBytesPerSecond: "bytes a second of a key's quota",
  quotaBurstSeconds: "seconds' worth of a key's quota that can come at once",
  keyTopics: 'topic names and patterns of an API key',
  urlLength: "characters of an endpoint's URL",
  endpointHeadersBytes: "bytes of an endpoint's headers",
} as const satisfies Partial<Record<keyof typeof limits, string>>;

export type StatedLimit = keyof typeof statedLimits;

export const statedLimitNames = Object.keys(statedLimits) as readonly StatedLimit[];

/** A table of Markdown. */
export const limitsTable = (): string =>
  [
    '| limit | at most |',
    '| --- | --- |',
    ...statedLimitNames.map(
      (name) => `| \`${name}\` | ${limits[name].toLocaleString('en-US')} ${statedLimits[name]} |`,
    ),
  ].join('\n');
