/*
 * The catalogue: every table, and what its rows are. Times are wall clock ms, and may have fractions. Ids are made here
 * and unique for ever.
 */

/** Grows with each change of the layout; kept as the file's `user_version`. */
export const schemaVersion = 5;

/** The partitions that batches were appended to, by a number that is short in the rows of their batches. */
const logs = `
CREATE TABLE logs (
  log INTEGER PRIMARY KEY,
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  UNIQUE (topic_id, partition)
) STRICT`;

/**
 * A batch, never changed once written: the members of `Batch`, of which `keys` is a JSON array. The data comes last: what
 * reads the others alone does not touch the pages that it takes. Rows are in the order of their appends, so that a write
 * adds to the end of the file; the index finds them.
 */
const batches = `
CREATE TABLE batches (
  log INTEGER NOT NULL,
  base INTEGER NOT NULL,
  count INTEGER NOT NULL,
  write_id BLOB NOT NULL,
  appended_at REAL NOT NULL,
  bytes_before INTEGER NOT NULL,
  max_timestamp REAL,
  keys TEXT,
  producers BLOB,
  request_id TEXT,
  traceparent TEXT,
  data BLOB NOT NULL,
  PRIMARY KEY (log, base)
) STRICT`;

/** A topic: `Topic` as JSON. */
const topics = `
CREATE TABLE topics (
  name TEXT PRIMARY KEY,
  topic TEXT NOT NULL
) STRICT, WITHOUT ROWID`;

/** A group of a topic: `Group` as JSON. */
const groups = `
CREATE TABLE groups (
  topic_id TEXT NOT NULL,
  name TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (topic_id, name)
) STRICT, WITHOUT ROWID`;

/** An endpoint of a group, deleted with it: `Endpoint` as JSON. */
const endpoints = `
CREATE TABLE endpoints (
  topic_id TEXT NOT NULL,
  group_name TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  PRIMARY KEY (topic_id, group_name, endpoint_id)
) STRICT, WITHOUT ROWID`;

/** The places that the groups of a topic have taken: `GroupPlaces` as JSON. */
const groupPlaces = `
CREATE TABLE group_places (
  topic_id TEXT PRIMARY KEY,
  places TEXT NOT NULL
) STRICT, WITHOUT ROWID`;

/** A cursor, of a redrive's `lane` or, where that is empty, of the group's own topic: the members of `Cursor`, its runs as `encodeRuns` has them. */
const cursorsOf = (members: string): string => `
CREATE TABLE cursors (
  group_id TEXT NOT NULL,
  lane TEXT NOT NULL DEFAULT '',
  partition INTEGER NOT NULL,
  committed INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  owner TEXT,
  leaseUntil REAL NOT NULL,
  attempts INTEGER NOT NULL,
  retryAt REAL NOT NULL,
  pendingEnd INTEGER,
  lastFailure TEXT,
  failingSince REAL,
  failedAt REAL,
  outageMs REAL,
  lost INTEGER,
  version INTEGER,
  writeId TEXT,
  handedOut INTEGER,
  ackUntil REAL,
  deadLettered INTEGER,
${members}  runs TEXT,
  PRIMARY KEY (group_id, lane, partition)
) STRICT, WITHOUT ROWID`;
const refusals = ['refusals', 'refusedSince', 'suspectEnd', 'deadRow', 'stuck', 'wakeAt', 'filtered'].map(
  (name) => (name === 'refusedSince' || name === 'wakeAt' ? `${name} REAL` : `${name} INTEGER`),
);
const cursors = cursorsOf(refusals.map((column) => `  ${column},\n`).join(''));

/** A member of a group: `Member` as JSON. */
const members = `
CREATE TABLE members (
  group_id TEXT NOT NULL,
  consumer_id TEXT NOT NULL,
  member TEXT NOT NULL,
  expires_at REAL NOT NULL,
  PRIMARY KEY (group_id, consumer_id)
) STRICT, WITHOUT ROWID`;

/** How an endpoint is paced: `KeptPace` as JSON. */
const paces = `
CREATE TABLE paces (
  group_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  pace TEXT NOT NULL,
  written_at REAL NOT NULL,
  PRIMARY KEY (group_id, endpoint_id)
) STRICT, WITHOUT ROWID`;

/** The state of a partition: the members of `PartitionState`. A partition without a row has zeros. */
const partitions = `
CREATE TABLE partitions (
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  start_offset INTEGER NOT NULL DEFAULT 0,
  archived_through INTEGER NOT NULL DEFAULT 0,
  trimmed_through INTEGER NOT NULL DEFAULT 0,
  compacted_through INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, partition)
) STRICT, WITHOUT ROWID`;

/** A segment of a partition, in the manifest: `Segment` as JSON. `start` and `object` are those in it. */
const segments = `
CREATE TABLE segments (
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  start INTEGER NOT NULL,
  object TEXT NOT NULL,
  segment TEXT NOT NULL,
  PRIMARY KEY (topic_id, partition, start)
) STRICT, WITHOUT ROWID`;

/** The segment of a partition that was sealed last: `Segment` as JSON. */
const newestSegments = `
CREATE TABLE newest_segments (
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  segment TEXT NOT NULL,
  PRIMARY KEY (topic_id, partition)
) STRICT, WITHOUT ROWID`;

/** An erasure that was asked for: `Erasure` as JSON. */
const erasures = `
CREATE TABLE erasures (
  topic_id TEXT NOT NULL,
  erasure_id TEXT NOT NULL,
  requested_at REAL NOT NULL,
  erasure TEXT NOT NULL,
  PRIMARY KEY (topic_id, erasure_id)
) STRICT, WITHOUT ROWID`;

/** An API key: `ApiKey` as JSON, in which its hash stands for it. */
const keys = `
CREATE TABLE keys (
  key_id TEXT PRIMARY KEY,
  key TEXT NOT NULL
) STRICT, WITHOUT ROWID`;

/** What a deletion left to be removed: `Removal` as JSON. */
const removals = `
CREATE TABLE removals (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  removal TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID`;

/** An intent, by `<topicId>/<partition>/<stored key>`: the members of `Intent`. */
const intents = `
CREATE TABLE intents (
  key TEXT PRIMARY KEY,
  slot INTEGER NOT NULL,
  attempt TEXT NOT NULL,
  digest TEXT NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX intents_by_expiry ON intents (expires_at)`;

/** A producer that no batch carries any more, by `<topicId>/<partition>/<stored id>`: `ProducerState` as JSON. */
const producers = `
CREATE TABLE producers (
  key TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID`;

/** An attempt, in the attempt log: `LoggedAttempt` as JSON. It is found by outcome and time, and forgotten by time. */
const attempts = `
CREATE TABLE attempts (
  group_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  at INTEGER NOT NULL,
  attempt_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  attempt TEXT NOT NULL,
  PRIMARY KEY (group_id, outcome, at, attempt_id)
) STRICT;
CREATE INDEX attempts_by_time ON attempts (at)`;

/** A version of a topic's schema: `SchemaVersion` as JSON. */
const schemas = `
CREATE TABLE schemas (
  topic_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_id TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (topic_id, version, schema_id)
) STRICT, WITHOUT ROWID`;

/** Where the sweep got to: `SweepPlace` as JSON, in one row. */
const sweepPlace = `
CREATE TABLE sweep_place (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  place TEXT NOT NULL
) STRICT`;

/** Ids of topics, groups, endpoints and keys that were deleted not long ago: none of them is stored again. */
const deleted = `
CREATE TABLE deleted (
  id TEXT PRIMARY KEY,
  deleted_at REAL NOT NULL
) STRICT, WITHOUT ROWID`;

/** A wake on the queue: `Wake` as JSON. It can be received from `visible_at` on. */
const wakes = `
CREATE TABLE wakes (
  id INTEGER PRIMARY KEY,
  visible_at REAL NOT NULL,
  wake TEXT NOT NULL
) STRICT`;

/** Makes every table. */
export const schema = [
  logs,
  batches,
  topics,
  groups,
  endpoints,
  groupPlaces,
  cursors,
  members,
  paces,
  partitions,
  segments,
  newestSegments,
  erasures,
  intents,
  producers,
  attempts,
  schemas,
  keys,
  removals,
  sweepPlace,
  deleted,
  wakes,
].join(';\n');

/** The columns of a cursor before it had lanes. */
const formerCursor =
  'committed, epoch, owner, leaseUntil, attempts, retryAt, pendingEnd, lastFailure, failingSince, failedAt, outageMs, lost';

/** What makes a database of each earlier layout one of the next. */
export const migrations: Readonly<Record<number, string>> = {
  // The archive.
  1: `${segments}; ${newestSegments}; ${erasures}; ALTER TABLE partitions RENAME TO partitions_1; ${partitions};
    INSERT INTO partitions (topic_id, partition, start_offset, archived_through)
      SELECT topic_id, partition, start_offset, archived_through FROM partitions_1;
    DROP TABLE partitions_1;
    ALTER TABLE cursors ADD COLUMN lost INTEGER`,
  // Idempotency keys, producers and schemas.
  2: `${intents}; ${producers}; ${schemas}; ALTER TABLE batches ADD COLUMN producers BLOB`,
  // Groups that pull.
  3: `${members}; ALTER TABLE cursors RENAME TO cursors_3; ${cursorsOf('')};
    INSERT INTO cursors (group_id, partition, ${formerCursor}) SELECT group_id, partition, ${formerCursor} FROM cursors_3;
    DROP TABLE cursors_3`,
  // Push delivery, whole.
  4: `${attempts}; ${paces}; ${groupPlaces}; ${refusals.map((column) => `ALTER TABLE cursors ADD COLUMN ${column}`).join('; ')}`,
};
