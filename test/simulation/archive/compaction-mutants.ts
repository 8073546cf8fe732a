import { LatestOffsets } from '../../../lib/archive/compaction/latest-offsets.ts';
import type { ArchiverDeps } from '../../../lib/archive/deps.ts';
import type { ArchiveReaderDeps } from '../../../lib/archive/read/reader.ts';
import { isPending } from '../../../lib/domain/archive/erasures.ts';
import type { Segment } from '../../../lib/domain/archive/segments.ts';
import type { LogRecord, PartitionRef } from '../../../lib/domain/records/records.ts';
import type { SegmentStore } from '../../../lib/stores/segments.ts';
import { formerPartition } from './former.ts';
import type { ArchiveVariant } from './scene.ts';

/** Puts a segment in the place of whatever begins there. */
const replacingRegardless = (deps: ArchiverDeps): ArchiverDeps => ({
  ...deps,
  segments: { ...deps.segments, replace: (at, _object, segment) => putRegardless(deps, at, segment) },
});

const addingRegardless = (deps: ArchiverDeps): ArchiverDeps => ({
  ...deps,
  segments: {
    ...deps.segments,
    add: async (at, segment) => {
      if (!(await putRegardless(deps, at, segment))) await deps.segments.add(at, segment);
      return segment;
    },
  },
});

const putRegardless = async (
  { segments }: ArchiverDeps,
  at: PartitionRef,
  segment: Segment,
): Promise<boolean> => {
  const standing = await segments.floor(at, segment.start);
  return standing?.start === segment.start && segments.replace(at, standing.object, segment);
};

const replacing = (
  deps: ArchiverDeps,
  replace: (...given: Parameters<SegmentStore['replace']>) => Promise<boolean>,
): ArchiverDeps => ({ ...deps, segments: { ...deps.segments, replace } });

const deletingTheFormerFirst = (deps: ArchiverDeps): ArchiverDeps =>
  replacing(deps, async (at, object, segment) => {
    await deps.objects.delete([object]);
    return deps.segments.replace(at, object, segment);
  });

const goingOnRegardless = (deps: ArchiverDeps): ArchiverDeps =>
  replacing(deps, async (at, object, segment) => {
    await deps.segments.replace(at, object, segment);
    return true;
  });

const sayingDoneFirst = (deps: ArchiverDeps): ArchiverDeps =>
  replacing(deps, async (at, object, segment) => {
    const erasures = await deps.erasures.list(at.topicId);
    for (const erasure of erasures.filter((each) => isPending(each, at.partition)))
      await deps.erasures.note(erasure, at.partition, { erased: 1, isDone: true });
    return deps.segments.replace(at, object, segment);
  });

const sayingDoneOfAPart = (deps: ArchiverDeps): ArchiverDeps => ({
  ...deps,
  erasures: {
    ...deps.erasures,
    note: (erasure, partition, progress) =>
      deps.erasures.note(erasure, partition, { ...progress, isDone: true }),
  },
});

/** A query that the log refuses, for the clock by which it was signed, says nothing of the clock. */
const believingItsClock = (deps: ArchiverDeps): ArchiverDeps => ({
  ...deps,
  batches: { ...deps.batches, last: (at) => deps.batches.last(at).catch(() => undefined) },
});

class FirstOffsets extends LatestOffsets {
  readonly #first = new Map<string, number>();

  override add(records: readonly LogRecord[]): void {
    for (const { key, offset } of records)
      if (key !== undefined && !this.#first.has(key)) this.#first.set(key, offset);
  }

  override supersedes({ key, offset }: Pick<LogRecord, 'key' | 'offset'>): boolean {
    return key !== undefined && (this.#first.get(key) ?? offset) < offset;
  }
}

/** Takes records without a key for those of one. */
class KeylessOffsets extends LatestOffsets {
  override add(records: readonly LogRecord[]): void {
    super.add(records.map(({ key = '', ...record }) => ({ ...record, key })));
  }

  override supersedes({ key = '', offset }: Pick<LogRecord, 'key' | 'offset'>): boolean {
    return super.supersedes({ key, offset });
  }
}

/** Knows nothing of the records that came last. */
class PartOfOffsets extends LatestOffsets {
  #behind: readonly LogRecord[] = [];

  override add(records: readonly LogRecord[]): void {
    super.add(this.#behind);
    this.#behind = records;
  }
}

const readingTheFormer = (deps: ArchiveReaderDeps): ArchiveReaderDeps => ({
  ...deps,
  segments: { ...deps.segments, floor: (_at, offset) => deps.segments.floor(formerPartition, offset) },
});

const passingOver = (deps: ArchiveReaderDeps): ArchiveReaderDeps => ({
  ...deps,
  format: {
    readIndex: (footer, objectBytes) => deps.format.readIndex(footer, objectBytes),
    readRowGroup: async (index, group, bytes) =>
      (await deps.format.readRowGroup(index, group, bytes)).toSpliced(1, 1),
  },
});

/** Compaction, erasure and reading of what they leave, without one of their rules, each on its own. */
export const compactionMutants = {
  replacesRegardless: {
    name: 'puts a compacted segment in the place of another than the one that it read',
    archiver: replacingRegardless,
  },
  addsRegardless: {
    name: 'puts a sealed segment in the place of what compaction made of it',
    archiver: addingRegardless,
  },
  deletesTheFormerFirst: {
    name: 'deletes an object before the manifest names the one in its place',
    archiver: deletingTheFormerFirst,
  },
  goesOnRegardless: {
    name: 'goes on where another was there first, as if it had been itself',
    archiver: goingOnRegardless,
  },
  keepsTheFirst: {
    name: 'keeps the first record of a key',
    compaction: { latest: () => new FirstOffsets() },
  },
  compactsWithoutKeys: {
    name: 'compacts records that have no key',
    compaction: { latest: () => new KeylessOffsets() },
  },
  forgetsWhatIsBehind: {
    name: 'looks for the last record of a key in a part only',
    compaction: { latest: () => new PartOfOffsets() },
  },
  letsTombstonesGo: { name: 'lets tombstones go at once', compaction: { tombstoneMs: 0 } },
  believesItsClock: {
    name: 'tells the age of a tombstone by a clock that the log refuses',
    archiver: believingItsClock,
  },
  saysDoneFirst: {
    name: 'says that an erasure is done before the manifest has it',
    archiver: sayingDoneFirst,
  },
  saysDoneOfAPart: { name: 'says that an erasure is done when part of it is', archiver: sayingDoneOfAPart },
  believesTheManifest: {
    name: 'believes for ever what the manifest said',
    reader: (deps) => ({ ...deps, clock: { ...deps.clock, now: () => 0, monotonic: () => 0 } }),
  },
  passesOver: { name: 'leaves a record out that it has read', reader: passingOver },
  readsTheFormer: {
    name: 'reads the segments of a topic that had the name before',
    reader: readingTheFormer,
  },
} as const satisfies Record<string, ArchiveVariant>;
