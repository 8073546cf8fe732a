import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Stores } from '../stores.ts';
import { sqliteAttemptStore } from './attempts.ts';
import { sqliteBatchStore } from './batches.ts';
import { sqliteCursorStore } from './cursors.ts';
import type { Database } from './database.ts';
import { Deleted } from './deleted.ts';
import { sqliteErasureStore } from './erasures.ts';
import { sqliteGroupStore } from './groups.ts';
import { sqliteIntentStore } from './intents.ts';
import { sqliteKeyStore } from './keys.ts';
import { sqliteMemberStore } from './members.ts';
import { sqlitePaceStore } from './paces.ts';
import { sqlitePartitionStore } from './partitions.ts';
import { sqliteProducerStore } from './producers.ts';
import { sqliteRemovalStore } from './removals.ts';
import { sqliteSchemaStore } from './schemas.ts';
import { sqliteSegmentStore } from './segments.ts';
import { sqliteSweepPlaceStore } from './sweep-places.ts';
import { sqliteTopicStore } from './topics.ts';
import { SqliteWakeQueue } from './wake-queue.ts';

export interface SqliteStores extends Stores {
  readonly wakes: SqliteWakeQueue;
  /** Forgets what is kept for a time alone. */
  expire(): Promise<number>;
}

/** Every store over one database. */
export const sqliteStores = (database: Database, { clock }: { readonly clock: Clock }): SqliteStores => {
  const deleted = new Deleted(database, clock);
  const erasures = sqliteErasureStore(database, clock);
  const members = sqliteMemberStore(database, clock);
  const paces = sqlitePaceStore(database, clock);
  const intents = sqliteIntentStore(database, clock);
  const producers = sqliteProducerStore(database, clock);
  const attempts = sqliteAttemptStore(database, clock);
  return {
    batches: sqliteBatchStore(database, clock),
    topics: sqliteTopicStore(database, deleted),
    groups: sqliteGroupStore(database, deleted),
    cursors: sqliteCursorStore(database),
    members,
    paces,
    partitions: sqlitePartitionStore(database),
    schemas: sqliteSchemaStore(database),
    segments: sqliteSegmentStore(database),
    erasures,
    intents,
    producers,
    attempts,
    keys: sqliteKeyStore(database, deleted),
    removals: sqliteRemovalStore(database),
    sweepPlaces: sqliteSweepPlaceStore(database),
    wakes: new SqliteWakeQueue(database, { clock, visibilityMs: limits.wakeVisibilityMs }),
    expire: async () => {
      const forgotten = await Promise.all(
        [deleted, erasures, intents, members, paces, producers, attempts].map((each) => each.expire()),
      );
      return forgotten.reduce((sum, count) => sum + count, 0);
    },
  };
};
