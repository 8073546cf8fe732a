/** Every limit of the product, in one place. Sizes are bytes, durations milliseconds, unless the name says otherwise. */
export const limits = {
  /** Topic, group and key names. */
  nameLength: 128,
  /** One record: key, value and headers, as they are stored (JSON). */
  recordBytes: 256 * 1024,
  recordKeyBytes: 1024,
  /** As many as a message of Google's Pub/Sub may have attributes. Each is looked at by itself, and takes some 200 ns. */
  recordHeaders: 100,
  recordHeadersBytes: 8 * 1024,
  /** First line and headers of a request: the quota of HTTP APIs, which the local server keeps to. */
  requestHeadBytes: 10_240,
  /** A produce request, as it is sent and, where it is compressed, expanded. */
  requestBytes: 5_000_000,
  /** Times that a body may be compressed, one over the other (`Content-Encoding: gzip, zstd`). */
  bodyCodings: 3,
  /** Frames of zstd that a body may have, one after the other. Each takes some 60 µs, whatever is in it. */
  bodyFrames: 100,
  /**
   * A body inside the event that a function gets of it, where it is a JSON string: text, in which a quote or a line break
   * takes two bytes, or base64 (lib/http/bytes/event-room.ts says which). Lambda refuses events over 6,291,556 bytes ("Request must be smaller than 6291556 bytes for the
   * InvokeFunction operation"), and 64 KiB are left for the rest, in which the head comes up to three times.
   */
  eventBodyBytes: 6_291_556 - 64 * 1024,
  /** The answer of a function, its body as a JSON string among it. */
  functionAnswerBytes: 6_291_556,
  requestRecords: 1000,
  /** Records of a request that has one a line. Each takes some 200 bytes of memory beside its own. */
  requestLines: 100_000,
  /** The body of any other request. */
  settingsBytes: 64 * 1024,
  /** The body of a poll or an acknowledgement: as many records or partitions as it may name take less. */
  acknowledgementBytes: 512 * 1024,
  /** Nesting of a JSON value. */
  jsonDepth: 100,
  partitionsPerTopic: 1024,
  /** Ten years; null keeps for ever. */
  retentionHours: 10 * 365 * 24,
  /** A petabyte; null keeps any. */
  retentionBytes: 2 ** 50,
  /** What one item of the log table holds: DynamoDB refuses items over 400 KB, keys and attributes included. */
  batchBytes: 350 * 1000,
  batchRecords: 1000,
  /** What the records of one batch are before compression: what a reader must have room for. */
  batchDecodedBytes: 32 * 1024 * 1024,
  /** Records and payload of one fetch. The answer has up to 160 bytes more for each record, and goes into `functionAnswerBytes` as base64. */
  fetchRecords: 1000,
  fetchBytes: 4 * 1024 * 1024,
  fetchWaitSeconds: 20,
  /**
   * One webhook request's body, envelope included; a single larger record goes alone. Many servers refuse more than
   * 1 MiB (nginx's `client_max_body_size` and Fastify's `bodyLimit` as they come), some more than a million bytes, and
   * what stands before a server may count headers too: this is 16 KiB below the lower of these.
   */
  deliveryBytes: 960 * 1024,
  /** What an endpoint may be set to instead. */
  requestBytesLeast: 1024,
  maxRequestBytes: 5_000_000,
  deliveryRecords: 1000,
  deliveryTimeoutSeconds: 30,
  /** Messages of one partition that are under way at a time. */
  deliveryConcurrency: 100,
  /** A test message is waited for within a request to the API, which has 29 s. */
  endpointTestSeconds: 20,
  /**
   * Why a stale writer cannot corrupt the log: lib/log/tail.ts derives the last two from the first two. A signature may be
   * this old, or this far in the future.
   */
  tailMaxAgeMs: 60_000,
  signatureMaxAgeMs: 15 * 60_000,
  /** At least four times `signatureMaxAgeMs` and twice `tailMaxAgeMs`. */
  trimMinAgeMs: 65 * 60_000,
  /** How far one writer's date can be ahead of another's later clock: twice the sum of the first two. */
  appendTimeMaxAheadMs: 32 * 60_000,
  /** SQS delays a message this long at most. */
  wakeDelayMs: 15 * 60_000,
  /** One run of a deliverer: the time limit of its function. */
  deliverRunMs: 120_000,
  /**
   * A run that has called its endpoint for this long leaves what there is still to do to a new wake: who waits for a
   * place gets it, however much one partition has and however slow its endpoint is.
   */
  deliverTurnMs: 30_000,
  /**
   * By how much the clock of the process that wrote a time may be ahead of the clock of the one that reads it. A time
   * further ahead than this and what is legal is taken for a fault of the writer's clock.
   */
  clockAllowanceMs: 60_000,
  /** A lease is an endpoint's timeout and this much longer: the time for the writes around a request. */
  leaseMarginMs: 10_000,
  /**
   * How long the queue keeps a wake from others while one runs. It exceeds a run and the longest lease, so that the
   * wake of a deliverer that died comes back when its lease is over.
   */
  wakeVisibilityMs: 180_000,
  /**
   * How often a wake is given out before the queue sets it aside. A wake fails on our side alone, never for an endpoint's
   * sake, and is shown again after pauses that double up to `wakeVisibilityMs`: an outage of ten minutes sets none aside.
   */
  wakeReceives: 10,
  /** The longest `Retry-After` that is obeyed. */
  retryAfterMs: 60 * 60_000,
  /**
   * How long the state table remembers what was deleted, so that no late copy of a write brings it back. A copy lands
   * within 31 minutes (`createStateClient`); two clocks that DynamoDB still accepts are 30 minutes apart.
   */
  lateWriteMs: 2 * 60 * 60_000,
  /**
   * What was deleted is taken apart no sooner: neither a writer that still believed in it nor a late copy of a write can
   * be left. No less than `lateWriteMs`, and than `trimMinAgeMs` for the same reason: the clocks of who closed it, of who
   * takes it apart and of the writer may all be off.
   */
  removalMinAgeMs: 2 * 60 * 60_000,
  /** What an `Idempotency-Key` may be long, and a `Producer-Id`: characters. */
  idempotencyKeyLength: 255,
  /** How long a key is kept after the last attempt that had it. */
  idempotencyMs: 24 * 60 * 60_000,
  /**
   * A batch that has records of a key stays in the log table for so long, archived or not, so that a retry finds it: its bytes for a
   * day cost a hundredth of another write for each key. An hour more than the key is kept, for the clocks of who wrote and of
   * who trims.
   */
  keyedTrimMinAgeMs: 25 * 60 * 60_000,
  /** Appends with a key in one batch: each is written down by itself before it. */
  batchKeys: 64,
  /** Producers with a sequence that append in one batch: it carries them all, whatever `batchProducersBytes` is. */
  batchProducers: 16,
  /** What a batch carries of the producers of its partition; further ones are parked in the state table. */
  batchProducersBytes: 512,
  /** How long a producer that is parked there is known. */
  producerKeptMs: 30 * 24 * 60 * 60_000,
  /** How long it is known what was erased, and by whose request. */
  erasureKeptMs: 90 * 24 * 60 * 60_000,
  /** How long the attempt log keeps an attempt. */
  attemptKeptMs: 7 * 24 * 60 * 60_000,
  /** Attempts that one request for some of an endpoint looks at, of each outcome, in whole: of more it says where to go on. */
  attemptsLookedAt: 1000,
  /** Partitions of which records are sent to one endpoint again by one request: they are kept with the endpoint. */
  resendRanges: 100,
  /** Attempts of one page of the log. Each takes some 3 KB. */
  listAttempts: 500,
  /** An endpoint that has been out this long, while it was tried, is disabled. */
  outageDisablesAfterMs: 5 * 24 * 60 * 60_000,
  /** How much later than it was due an attempt may come for the whole time since the one before to count as outage. */
  outageGraceMs: 15 * 60_000,
  /** Schemas in a schema: each becomes code, some of it a millisecond's work of a compiler. */
  schemaParts: 1000,
  schemaVersions: 1000,
  schemaCompileMs: 5000,
  /** The check of one request's records, whatever a pattern does. */
  schemaCheckMs: 2000,
  /** A filter or a transform of a group: characters. */
  filterLength: 4096,
  transformLength: 8192,
  /** What either may take for one record, for all records that are looked at for one message, and of memory. */
  expressionMs: 250,
  expressionsMs: 2000,
  expressionHeapMb: 64,
  /** Records that a filter leaves out in a row before the cursor is moved past them. */
  filteredRecords: 5000,
  groupsPerTopic: 100,
  membersPerGroup: 1000,
  /** By how much clocks of processes that serve polls may differ before one of them ends a member that another keeps. */
  memberSkewMs: 2000,
  sessionTimeoutSeconds: 3600,
  /** As long as SQS hides a message. */
  ackTimeoutSeconds: 12 * 60 * 60,
  maxDeliveries: 1000,
  maxAttempts: 1000,
  nackDelaySeconds: 12 * 60 * 60,
  /** Records and payload of one poll. The answer is built as a fetch's is. */
  pollRecords: 1000,
  pollBytes: 4 * 1024 * 1024,
  pollWaitSeconds: 20,
  /** What a shared group has handed out of a partition ahead of the first that is unacknowledged: then nothing new is. */
  aheadRecords: 2000,
  /** Of a push group with many records under way at a time. */
  aheadRecordsMost: 5000,
  aheadRuns: 200,
  /** Disabled ones too. */
  endpointsPerGroup: 10,
  /** Keys that sign at a time: each has a signature in the head of every request. */
  endpointSecrets: 5,
  /** How long the keys before it sign beside a new one. */
  secretOverlapSeconds: 30 * 86_400,
  /** Topics of one page of a list. */
  listTopics: 1000,
  /** What a key's quota may be. */
  quotaRecordsPerSecond: 1_000_000,
  quotaBytesPerSecond: 10_000_000_000,
  quotaBurstSeconds: 3600,
  /** Topic names and patterns of one API key. */
  keyTopics: 100,
  /** What an endpoint's settings may be. */
  maxConcurrentRequests: 1000,
  requestsPerSecondLeast: 0.1,
  requestsPerSecond: 10_000,
  /** By how much clocks of processes that deliver may differ before one takes a slot of an endpoint that another still uses. */
  slotSkewMs: 2000,
  /** Who found no slot comes back after this at the latest, and the queue takes so much longer at most. */
  slotPauseMs: 30_000,
  slotWaitMs: 2000,
  urlLength: 2048,
  endpointHeadersBytes: 4 * 1024,
} as const;

export type LimitName = keyof typeof limits;

/** What the problem of an exceeded limit says of it: its name, and what it allows. */
export const exceededLimit = <Name extends LimitName>(limit: Name) => ({ limit, maximum: limits[limit] });
