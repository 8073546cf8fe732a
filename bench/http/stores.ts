import { join } from 'node:path';
import type { AdminDeps } from '../../lib/http/admin.ts';
import type { IdempotencyStores } from '../../lib/log/idempotency/screening.ts';
import type { BatchStore } from '../../lib/stores/batches.ts';
import type { CursorStore } from '../../lib/stores/cursors.ts';
import type { MemberStore } from '../../lib/stores/members.ts';
import { memoryStores } from '../../lib/stores/memory/stores.ts';
import type { PartitionStore } from '../../lib/stores/partitions.ts';
import { Database } from '../../lib/stores/sqlite/database.ts';
import { sqliteStores } from '../../lib/stores/sqlite/stores.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { throttledBatches } from '../produce/throttled-batches.ts';

/** What the HTTP interface needs of stores. */
export type HttpStores = Pick<
  AdminDeps,
  'topics' | 'groups' | 'attempts' | 'schemas' | 'erasures' | 'keys' | 'removals' | 'queue'
> &
  IdempotencyStores & {
    readonly batches: BatchStore;
    readonly partitions: PartitionStore;
    readonly cursors: CursorStore;
    readonly members: MemberStore;
  };

const inMemory = (): HttpStores => {
  const { wakes, ...stores } = memoryStores({ clock });
  return { ...stores, queue: wakes };
};

const onSqlite = (folder: string): HttpStores => {
  const { wakes, ...stores } = sqliteStores(new Database(join(folder, 'millrace.db')), { clock });
  return { ...stores, queue: wakes };
};

/** By name: makes new stores, and keeps what they keep in `folder`. */
export const openStores: Readonly<Record<string, (folder: string) => HttpStores>> = {
  memory: inMemory,
  sqlite: onSqlite,
  throttled: () => {
    const stores = inMemory();
    return { ...stores, batches: throttledBatches(stores.batches, clock) };
  },
};
