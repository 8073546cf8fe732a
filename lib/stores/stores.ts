import type { AttemptStore } from './attempts.ts';
import type { BatchStore } from './batches.ts';
import type { CursorStore } from './cursors.ts';
import type { ErasureStore } from './erasures.ts';
import type { GroupStore } from './groups.ts';
import type { IntentStore } from './intents.ts';
import type { KeyStore } from './keys.ts';
import type { MemberStore } from './members.ts';
import type { PaceStore } from './paces.ts';
import type { PartitionStore } from './partitions.ts';
import type { ProducerStore } from './producers.ts';
import type { RemovalStore } from './removals.ts';
import type { SchemaStore } from './schemas.ts';
import type { SegmentStore } from './segments.ts';
import type { SweepPlaceStore } from './sweep-places.ts';
import type { TopicStore } from './topics.ts';

/** The ports that keep something, together, as whoever puts the product together has them. The wake queue comes beside. */
export interface Stores {
  readonly batches: BatchStore;
  readonly topics: TopicStore;
  readonly groups: GroupStore;
  readonly cursors: CursorStore;
  readonly members: MemberStore;
  readonly paces: PaceStore;
  readonly partitions: PartitionStore;
  readonly schemas: SchemaStore;
  readonly segments: SegmentStore;
  readonly erasures: ErasureStore;
  readonly intents: IntentStore;
  readonly producers: ProducerStore;
  readonly attempts: AttemptStore;
  readonly keys: KeyStore;
  readonly removals: RemovalStore;
  readonly sweepPlaces: SweepPlaceStore;
}
