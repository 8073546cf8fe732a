import type { DeliverDeps } from '../../lib/delivery/deps.ts';
import type { Wake } from '../../lib/domain/wakes.ts';
import type { CursorStore } from '../../lib/stores/cursors.ts';
import type { MemoryCursorStore } from '../../lib/stores/memory/cursors.ts';
import type { QueuedWake } from '../../lib/stores/wake-queue.ts';
import type { SimulatedProcess } from './scheduler.ts';

/** What a mutant of the protocol changes. */
export interface Mutant {
  /** Stands between the run of `wake` and what it works with. */
  readonly wire?: (deps: DeliverDeps, wake: Wake, process: SimulatedProcess) => DeliverDeps;
  /** Whether the wake is dropped before anybody looks at it properly. */
  readonly drops?: (wake: Wake, deps: DeliverDeps) => Promise<boolean>;
  /** Stands between the cursors and everybody. */
  readonly cursors?: (cursors: MemoryCursorStore) => MemoryCursorStore;
}

/** `target` with some methods replaced. */
const but = <Target extends object>(target: Target, methods: Partial<Target>): Target =>
  new Proxy(target, {
    get: (original, name) => {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(original, name, original);
      return typeof value === 'function' ? value.bind(original) : value;
    },
  });

const withCursors = (deps: DeliverDeps, methods: Partial<CursorStore>): DeliverDeps => ({
  ...deps,
  cursors: but(deps.cursors, methods),
});

const withSend = (deps: DeliverDeps, send: (wakes: readonly QueuedWake[]) => Promise<void>): DeliverDeps => ({
  ...deps,
  queue: { send },
});

/** The tail is not looked at again after the lease was let go. */
const noLookAfterRelease: Mutant = {
  wire: (deps) => {
    let released = false;
    return {
      ...withCursors(deps, {
        commit: async (ref, commit) => {
          released ||= commit.leaseUntil === 0;
          return deps.cursors.commit(ref, commit);
        },
      }),
      batches: but(deps.batches, {
        range: async (at, range) => (released ? { batches: [], more: false } : deps.batches.range(at, range)),
      }),
    };
  },
};

/** The retry is queued after the lease was let go. */
const retryAfterRelease: Mutant = {
  wire: (deps) => {
    let held: readonly QueuedWake[] = [];
    const later = withSend(deps, async (wakes) => {
      if (wakes.some(({ wake }) => wake.kind === 'retry')) held = wakes;
      else await deps.queue.send(wakes);
    });
    return withCursors(later, {
      release: async (ref, release) => {
        const done = await deps.cursors.release(ref, release);
        if (held.length > 0) await deps.queue.send(held);
        return done;
      },
    });
  },
};

/** A wake that finds the lease of its own epoch live, or its retry not due, is dropped and does not queue itself again. */
const earlyWakeDropped: Mutant = {
  wire: (deps, wake) =>
    withSend(deps, async (wakes) => {
      if (wakes[0]?.wake !== wake) await deps.queue.send(wakes);
    }),
};

/** A retry or continue whose epoch is over is dropped, and not taken for an append's wake. */
const staleEpochDropped: Mutant = {
  drops: async (wake: Wake, deps) => {
    if (wake.kind !== 'retry' && wake.kind !== 'continue') return false;
    const cursor = await deps.cursors.get({ groupId: wake.groupId, partition: wake.partition });
    return cursor !== undefined && cursor.epoch !== wake.epoch;
  },
};

/** A run that meets the lease of another run of its own message takes it for anybody's, and has the message deleted. */
const copyDropped: Mutant = {
  wire: (deps) =>
    withCursors(deps, {
      get: async (ref) => {
        const cursor = await deps.cursors.get(ref);
        if (cursor === undefined) return undefined;
        const { owner: _whose, ...rest } = cursor;
        return rest;
      },
    }),
};

/** Commits do not ask whose the epoch is. */
const noEpochFence: Mutant = {
  cursors: (cursors) =>
    but(cursors, {
      commit: async (ref, commit) => {
        const epoch = (await cursors.get(ref))?.epoch ?? commit.epoch;
        return cursors.commit(ref, { ...commit, epoch });
      },
    }),
};

/** The end of the message in flight is forgotten when an attempt failed. */
const boundariesForgotten: Mutant = {
  wire: (deps) =>
    withCursors(deps, {
      get: async (ref) => {
        const cursor = await deps.cursors.get(ref);
        if (cursor === undefined) return undefined;
        const { pendingEnd: _forgotten, ...rest } = cursor;
        return rest;
      },
    }),
};

export const mutants = {
  noLookAfterRelease,
  retryAfterRelease,
  earlyWakeDropped,
  staleEpochDropped,
  copyDropped,
  noEpochFence,
  boundariesForgotten,
} satisfies Record<string, Mutant>;

export type MutantName = keyof typeof mutants;
