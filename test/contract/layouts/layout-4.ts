/** The layout of version 4 of the database, as Millrace made it before push delivery had an attempt log. */
export const layout4 = `
CREATE TABLE logs (
  log INTEGER PRIMARY KEY,
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  UNIQUE (topic_id, partition)
) STRICT;
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
) STRICT;
CREATE TABLE topics (
  name TEXT PRIMARY KEY,
  topic TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE groups (
  topic_id TEXT NOT NULL,
  name TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (topic_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE endpoints (
  topic_id TEXT NOT NULL,
  group_name TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  PRIMARY KEY (topic_id, group_name, endpoint_id)
) STRICT, WITHOUT ROWID;
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
  runs TEXT,
  PRIMARY KEY (group_id, lane, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE members (
  group_id TEXT NOT NULL,
  consumer_id TEXT NOT NULL,
  member TEXT NOT NULL,
  expires_at REAL NOT NULL,
  PRIMARY KEY (group_id, consumer_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE partitions (
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  start_offset INTEGER NOT NULL DEFAULT 0,
  archived_through INTEGER NOT NULL DEFAULT 0,
  trimmed_through INTEGER NOT NULL DEFAULT 0,
  compacted_through INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE segments (
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  start INTEGER NOT NULL,
  object TEXT NOT NULL,
  segment TEXT NOT NULL,
  PRIMARY KEY (topic_id, partition, start)
) STRICT, WITHOUT ROWID;
CREATE TABLE newest_segments (
  topic_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  segment TEXT NOT NULL,
  PRIMARY KEY (topic_id, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE erasures (
  topic_id TEXT NOT NULL,
  erasure_id TEXT NOT NULL,
  requested_at REAL NOT NULL,
  erasure TEXT NOT NULL,
  PRIMARY KEY (topic_id, erasure_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE intents (
  key TEXT PRIMARY KEY,
  slot INTEGER NOT NULL,
  attempt TEXT NOT NULL,
  digest TEXT NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX intents_by_expiry ON intents (expires_at);
CREATE TABLE producers (
  key TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE schemas (
  topic_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_id TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (topic_id, version, schema_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
  key_id TEXT PRIMARY KEY,
  key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE removals (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  removal TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE sweep_place (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  place TEXT NOT NULL
) STRICT;
CREATE TABLE deleted (
  id TEXT PRIMARY KEY,
  deleted_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE wakes (
  id INTEGER PRIMARY KEY,
  visible_at REAL NOT NULL,
  wake TEXT NOT NULL
) STRICT;
PRAGMA user_version = 4`;
