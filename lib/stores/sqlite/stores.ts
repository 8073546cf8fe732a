import { limits } from '../../domain/limits.ts';
import type { BatchStore } from '../batches.ts';
import type { Clock } from '../clock.ts';
import type { CursorStore } from '../cursors.ts';
import type { GroupStore } from '../groups.ts';
import type { KeyStore } from '../keys.ts';
import type { PartitionStore } from '../partitions.ts';
import type { RemovalStore } from '../removals.ts';
import type { SweepPlaceStore } from '../sweep-places.ts';
import type { TopicStore } from '../topics.ts';
import { sqliteBatchStore } from './batches.ts';
import { sqliteCursorStore } from './cursors.ts';
import type { Database } from './database.ts';
import { Deleted } from './deleted.ts';
import { sqliteGroupStore } from './groups.ts';
import { sqliteKeyStore } from './keys.ts';
import { sqlitePartitionStore } from './partitions.ts';
import { sqliteRemovalStore } from './removals.ts';
import { sqliteSweepPlaceStore } from './sweep-places.ts';
import { sqliteTopicStore } from './topics.ts';
import { SqliteWakeQueue } from './wake-queue.ts';

export interface SqliteStores {
  readonly batches: BatchStore;
  readonly topics: TopicStore;
  readonly groups: GroupStore;
  readonly cursors: CursorStore;
  readonly partitions: PartitionStore;
  readonly keys: KeyStore;
  readonly removals: RemovalStore;
  readonly sweepPlaces: SweepPlaceStore;
  readonly wakes: SqliteWakeQueue;
  /** Forgets what is kept for a time alone. */
  expire(): Promise<number>;
}

/** Every store over one database. */
export const sqliteStores = (
  database: Database,
  {
    clock,
    visibilityMs = limits.wakeVisibilityMs,
  }: { readonly clock: Clock; readonly visibilityMs?: number },
): SqliteStores => {
  const deleted = new Deleted(database, clock);
  return {
    batches: sqliteBatchStore(database, clock),
    topics: sqliteTopicStore(database, deleted),
    groups: sqliteGroupStore(database, deleted),
    cursors: sqliteCursorStore(database),
    partitions: sqlitePartitionStore(database),
    keys: sqliteKeyStore(database, deleted),
    removals: sqliteRemovalStore(database),
    sweepPlaces: sqliteSweepPlaceStore(database),
    wakes: new SqliteWakeQueue(database, { clock, visibilityMs }),
    expire: () => deleted.expire(),
  };
};
