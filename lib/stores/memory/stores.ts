import type { Clock } from '../../surroundings/clock.ts';
import { MemoryAttemptStore } from './attempts.ts';
import { MemoryBatchStore } from './batches.ts';
import { MemoryCursorStore } from './cursors.ts';
import { MemoryErasureStore } from './erasures.ts';
import { MemoryGroupStore } from './groups.ts';
import { MemoryIntentStore } from './intents.ts';
import { MemoryKeyStore } from './keys.ts';
import { MemoryMemberStore } from './members.ts';
import { MemoryObjectStore } from './objects.ts';
import { MemoryPaceStore } from './paces.ts';
import { MemoryPartitionStore } from './partitions.ts';
import { MemoryProducerStore } from './producers.ts';
import { MemoryRemovalStore } from './removals.ts';
import { MemorySchemaStore } from './schemas.ts';
import { MemorySegmentStore } from './segments.ts';
import { MemorySweepPlaceStore } from './sweep-places.ts';
import { MemoryTopicStore } from './topics.ts';
import { MemoryWakeQueue } from './wake-queue.ts';

export interface MemoryStores {
  readonly batches: MemoryBatchStore;
  readonly topics: MemoryTopicStore;
  readonly groups: MemoryGroupStore;
  readonly cursors: MemoryCursorStore;
  readonly members: MemoryMemberStore;
  readonly paces: MemoryPaceStore;
  readonly partitions: MemoryPartitionStore;
  readonly schemas: MemorySchemaStore;
  readonly segments: MemorySegmentStore;
  readonly objects: MemoryObjectStore;
  readonly erasures: MemoryErasureStore;
  readonly intents: MemoryIntentStore;
  readonly producers: MemoryProducerStore;
  readonly attempts: MemoryAttemptStore;
  readonly keys: MemoryKeyStore;
  readonly removals: MemoryRemovalStore;
  readonly sweepPlaces: MemorySweepPlaceStore;
  readonly wakes: MemoryWakeQueue;
}

/**
 * One world of stores, empty. Each call on them takes effect at once, before its promise is returned, so a simulation
 * decides when an effect happens by when it calls.
 */
export const memoryStores = ({
  clock,
  visibilityMs = 5 * 60_000,
}: {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Of the wake queue. */
  visibilityMs?: number;
}): MemoryStores => ({
  batches: new MemoryBatchStore(clock),
  topics: new MemoryTopicStore(),
  groups: new MemoryGroupStore(),
  cursors: new MemoryCursorStore(),
  members: new MemoryMemberStore(),
  paces: new MemoryPaceStore(),
  partitions: new MemoryPartitionStore(),
  schemas: new MemorySchemaStore(),
  segments: new MemorySegmentStore(),
  objects: new MemoryObjectStore(clock),
  erasures: new MemoryErasureStore(),
  intents: new MemoryIntentStore(),
  producers: new MemoryProducerStore(clock),
  attempts: new MemoryAttemptStore(),
  keys: new MemoryKeyStore(),
  removals: new MemoryRemovalStore(),
  sweepPlaces: new MemorySweepPlaceStore(),
  wakes: new MemoryWakeQueue({ clock, visibilityMs }),
});
