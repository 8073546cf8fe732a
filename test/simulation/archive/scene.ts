import { type CompactionRules, compactionRules } from '../../../lib/archive/compaction/rules.ts';
import type { ArchiverDeps } from '../../../lib/archive/deps.ts';
import { type ArchiveOptions, archiveDefaults } from '../../../lib/archive/options.ts';
import type { OrphanDeps } from '../../../lib/archive/orphans.ts';
import type { ArchiveReaderDeps } from '../../../lib/archive/read/reader.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { batchEnd, bytesThrough, closesPartition } from '../../../lib/domain/records/batches.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import type { Topic } from '../../../lib/domain/topics.ts';
import type { TailRules } from '../../../lib/log/tail.ts';
import { BatchTable } from '../../../lib/stores/memory/batches.ts';
import type { TopicRemoval } from '../../../lib/stores/removals.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { hotPartition } from '../log/actors.ts';
import { LogHistory } from '../log/history.ts';
import { Connection, type Faults, noFaults, skewOf, someFaults, spread } from '../log/network.ts';
import { Scheduler, seededRandom } from '../scheduler.ts';
import { leaveFormer } from './former.ts';
import { ArchiveServer } from './store.ts';

export const minute = 60_000;
export const hour = 60 * minute;
/** By how much the time of an append and the clock of who lets it go may both be off, where the store looks at signatures. */
const clocksOffMs = 31 * minute;

/** What a mutant changes: what the archiver, who clears away, or a reader works with, or the rules of those who append. */
export interface ArchiveVariant {
  readonly name: string;
  readonly archiver?: (deps: ArchiverDeps) => ArchiverDeps;
  readonly orphans?: (deps: OrphanDeps) => OrphanDeps;
  readonly reader?: (deps: ArchiveReaderDeps) => ArchiveReaderDeps;
  readonly rules?: TailRules;
  readonly options?: Partial<ArchiveOptions>;
  readonly compaction?: Partial<CompactionRules>;
}

/** How likely a mishap is at most. An archiver tries nothing twice: with more of those that end its run it would not get far. */
const mostFaults: Faults = {
  loseRequest: 0.04,
  loseResponse: 0.04,
  late: 0.2,
  duplicate: 0.2,
  throttle: 0.02,
  freeze: 0.1,
  crash: 0.01,
  step: 0.05,
};

/** A world of one partition as it stands: its stores, its topic and its log, and what is particular to it. */
export class ArchiveScene {
  readonly random: Random;
  readonly variant: ArchiveVariant;
  readonly scheduler = new Scheduler();
  readonly history = new LogHistory();
  readonly table: BatchTable;
  readonly server: ArchiveServer;
  /** Its settings change meanwhile. */
  topic: Topic;
  /** Whether the name is still the topic's. */
  isNamed = true;
  removal: TopicRemoval | undefined;
  readonly options: ArchiveOptions;
  readonly compaction: CompactionRules;
  /** How often a key is to be erased while archivers are at work, in [0, 1]. */
  readonly erases: number;
  /** Segments that archivers named, ever. */
  segments = 0;
  /** Of records: the first is that of records without one. */
  readonly #keys: readonly (string | undefined)[];
  #faults: Faults;

  constructor(seed: number, variant: ArchiveVariant) {
    const random = seededRandom(seed);
    this.random = random;
    this.variant = variant;
    this.#faults = someFaults(random, mostFaults);
    this.table = new BatchTable({
      missed: (storedAt, now) => now - storedAt < 1_000 && random.number() < 0.5,
      torn: () => random.number() < 0.3,
    });
    const tombstoneMs = spread(random, hour, 6 * hour);
    this.compaction = { ...compactionRules, tombstoneMs, ...variant.compaction };
    this.options = {
      ...archiveDefaults,
      segmentMaxBytes: spread(random, 50, 1_500),
      segmentMaxAgeMs: spread(random, minute, hour),
      ...variant.options,
    };
    const keys = Math.ceil(spread(random, 1, 12));
    this.#keys = [undefined, ...Array.from({ length: keys }, (_, key) => `k${key}`)];
    this.erases = random.number() < 0.3 ? 0 : random.number() * 0.8;
    const { history, table } = this;
    const now = (): number => this.scheduler.now();
    this.server = new ArchiveServer({ table, history, now, tombstoneMs, clocksOffMs });
    this.topic = someTopic(random);
    this.change(this.topic);
    if (random.number() < 0.3) leaveFormer(this.server, this.topic.name);
  }

  /** Changes the topic. */
  change(settings: Pick<Topic, 'archive' | 'cleanup'>): void {
    this.topic = { ...this.topic, ...settings };
    this.server.absences.isCompacted ||= settings.cleanup === 'compact';
  }

  /** The topic under its name. */
  found(): Topic | undefined {
    return this.isNamed ? this.topic : undefined;
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.#faults = noFaults;
  }

  connect(skewMs = skewOf(this.random)): Connection {
    const { scheduler, random, table, history } = this;
    const deps = { scheduler, random, table, history, faults: () => this.#faults, redates: false };
    return new Connection(deps, scheduler.process(), skewMs);
  }

  /** An actor, in a process of its own. */
  start(act: (connection: Connection) => Promise<void>): void {
    act(this.connect()).catch((error: unknown) => this.history.report(`an actor failed: ${String(error)}`));
  }

  /** Runs until nothing is left to happen: every late write has landed then. */
  async settle(): Promise<void> {
    await this.scheduler.run({ when: () => this.history.breach !== undefined });
  }

  someKey(): string {
    return this.#keys[1 + Math.floor(this.random.number() * (this.#keys.length - 1))] ?? '';
  }

  /** Some record of few keys: a tombstone now and then. */
  readonly content = (): Omit<NewRecord, 'headersJson' | 'timestamp'> => {
    const { random } = this;
    const key = this.#keys[Math.floor(random.number() * this.#keys.length)];
    const kind = random.number();
    const value =
      kind < 0.1 ? { valueBase64: '' } : { valueJson: jsonText(kind < 0.3 ? null : 'some value') };
    return { ...value, ...(key !== undefined && { key }) };
  };

  /** What the start offset leaves behind is not to be kept. */
  checkLetGo(startOffset: number): void {
    const { retentionHours, retentionBytes } = this.topic;
    const { batches } = this.history;
    const last = batches.at(-1);
    const bytes = last === undefined ? 0 : bytesThrough(last);
    for (const batch of batches) {
      if (batchEnd(batch) > startOffset || closesPartition(batch)) return;
      const ageMs = this.scheduler.now() - batch.appendedAt;
      const isOld = retentionHours !== null && ageMs >= retentionHours * hour - clocksOffMs;
      const isMuch = retentionBytes != null && bytes - bytesThrough(batch) >= retentionBytes;
      if (!isOld && !isMuch)
        this.history.report(`the batch at ${batch.base} was let go of, and is to be kept`);
    }
  }
}

const someTopic = (random: Random): Topic => {
  const archive = random.number() < 0.9;
  const cleanup = archive && random.number() < 0.7 ? 'compact' : 'delete';
  // Of a topic that is compacted mostly everything is kept.
  const kept = cleanup === 'compact' ? 0.8 : 0.5;
  const maybe = (value: number): number | null => (random.number() < kept ? null : value);
  return {
    name: 'orders',
    topicId: hotPartition.topicId,
    createdAt: 0,
    version: 1,
    partitions: 1,
    archive,
    cleanup,
    retentionHours: maybe(Math.ceil(spread(random, 1, 24))),
    retentionBytes: maybe(Math.ceil(spread(random, 50, 3_000))),
  };
};
