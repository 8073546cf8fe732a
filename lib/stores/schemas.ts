import type { SchemaRef, SchemaVersion } from '../domain/schemas.ts';

/**
 * Versions of the schemas of topics, as they were written down: the topic says which of them is its newest, and each names the
 * one before it. What neither names was never anybody's. Reads are strongly consistent; no copy of a write that lands late changes anything.
 */
export interface SchemaStore {
  /** Stores the version unless there is one of its number and id. */
  put(topicId: string, version: SchemaVersion): Promise<void>;
  get(topicId: string, ref: SchemaRef): Promise<SchemaVersion | undefined>;
  /** All that were written down for a topic, by number and then by id. */
  list(topicId: string): Promise<readonly SchemaVersion[]>;
  /** Removes all of a topic. May be repeated. */
  deleteAll(topicId: string): Promise<void>;
}
