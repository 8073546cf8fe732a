import type { BatchStore } from '../stores/batches.ts';
import type { ErasureStore } from '../stores/erasures.ts';
import type { ObjectStore } from '../stores/objects.ts';
import type { PartitionStore } from '../stores/partitions.ts';
import type { SegmentStore } from '../stores/segments.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Random } from '../surroundings/random.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import type { CompactionRules } from './compaction/rules.ts';
import type { SegmentFormat } from './format.ts';
import type { ArchiveOptions } from './options.ts';

/** What the archiver works with. */
export interface ArchiverDeps {
  readonly topics: Pick<TopicStore, 'get'>;
  readonly batches: Pick<BatchStore, 'last' | 'range' | 'floor' | 'delete'>;
  readonly partitions: Pick<PartitionStore, 'get' | 'advance'>;
  readonly segments: SegmentStore;
  readonly erasures: Pick<ErasureStore, 'list' | 'note'>;
  readonly objects: ObjectStore;
  readonly format: SegmentFormat;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly options: ArchiveOptions;
  /** For simulations that show what each rule is for. */
  readonly compaction?: CompactionRules;
}

/** The run that the archiver has: one invocation of its function. */
export interface ArchiverRun {
  /** Ms until it is ended from outside. */
  remainingMs(): number;
}
