import type { ArchiverDeps } from '../../../lib/archive/deps.ts';
import { orphanMinAgeMs } from '../../../lib/archive/orphans.ts';
import { tailRules } from '../../../lib/log/tail.ts';
import type { SegmentStore } from '../../../lib/stores/segments.ts';
import { anyTime } from '../../contract/windows.ts';
import { hidingTheLast } from '../log/mutants.ts';
import type { ArchiveVariant } from './scene.ts';

const addingAfter = (deps: ArchiverDeps, before: SegmentStore['add']): ArchiverDeps => ({
  ...deps,
  segments: {
    ...deps.segments,
    add: async (at, segment) => {
      await before(at, segment);
      return deps.segments.add(at, segment);
    },
  },
});

const deletingFirst = (deps: ArchiverDeps): ArchiverDeps =>
  addingAfter(deps, async (at, segment) => {
    const { batches } = await deps.batches.range(at, { from: segment.start, limit: 1000, consistent: true });
    const bases = batches.map(({ base }) => base).filter((base) => base < segment.end);
    // Not the last: that is another mutant.
    await deps.batches.delete(at, bases.slice(0, -1));
    return segment;
  });

const movingFirst = (deps: ArchiverDeps): ArchiverDeps =>
  addingAfter(deps, async (at, segment) => {
    await deps.partitions.advance(at, 'archivedThrough', segment.end);
    return segment;
  });

/** Each archiver believes that its segment is the newest, whatever another has sealed. */
const sealingRegardless = (deps: ArchiverDeps): ArchiverDeps => ({
  ...deps,
  segments: { ...deps.segments, newest: async () => undefined, seal: async () => true },
});

const believingARefusal = (deps: ArchiverDeps): ArchiverDeps => ({
  ...deps,
  segments: {
    ...deps.segments,
    seal: async (at, segment, former) => {
      const isSealed = await deps.segments.seal(at, segment, former);
      if (!isSealed) await deps.objects.delete([segment.object]);
      return isSealed;
    },
  },
});

/** The start offset waits until what is below it is deleted. */
const movingTheStartLast = (deps: ArchiverDeps): ArchiverDeps => {
  let pending: (() => Promise<void>) | undefined;
  return {
    ...deps,
    partitions: {
      ...deps.partitions,
      advance: async (at, which, to) => {
        if (which !== 'startOffset') return deps.partitions.advance(at, which, to);
        pending = () => deps.partitions.advance(at, which, to);
      },
    },
    objects: {
      ...deps.objects,
      delete: async (objects) => {
        await deps.objects.delete(objects);
        await pending?.();
      },
    },
  };
};

/** A segment is due as soon as there is anything to put into it: what goes wrong between two of them does so more often. */
const eager = { segmentMaxBytes: 1 };

/** The archive without one of its rules, each on its own: what each rule is for. */
export const archiveMutants = {
  deletesFirst: { name: 'deletes batches before the manifest names their segment', archiver: deletingFirst },
  movesFirst: { name: 'moves archivedThrough before the manifest names the segment', archiver: movingFirst },
  sealsRegardless: { name: 'goes on from another end than other archivers', archiver: sealingRegardless },
  believesARefusal: {
    name: 'takes a segment for not sealed because another was sealed after it',
    archiver: believingARefusal,
    options: eager,
  },
  deletesTheLast: {
    name: 'deletes the last batch',
    archiver: (deps) => ({ ...deps, batches: hidingTheLast(deps.batches) }),
  },
  deletesEarly: { name: 'deletes batches of a minute', options: { trimMinAgeMs: 60_000 } },
  believesOldTails: {
    name: 'lets writers believe a tail however old it is',
    rules: { ...tailRules, window: () => anyTime },
  },
  movesTheStartLast: {
    name: 'moves the start offset after what is below it is gone',
    archiver: movingTheStartLast,
  },
  clearsAtOnce: {
    name: 'clears away what no manifest names, however young it is',
    orphans: (deps) => ({ ...deps, clock: { now: () => deps.clock.now() + orphanMinAgeMs } }),
  },
} as const satisfies Record<string, ArchiveVariant>;
