import type { AckToken } from '../../../lib/delivery/acks/token.ts';
import type { Run } from '../../../lib/delivery/deps.ts';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import { type Cursor, type CursorRef, longestLeaseMs } from '../../../lib/domain/groups/cursors.ts';
import type { Subscription } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { BatchPage } from '../../../lib/stores/batches.ts';
import type { CursorStore } from '../../../lib/stores/cursors.ts';
import type { MemoryCursorStore } from '../../../lib/stores/memory/cursors.ts';
import type { MemoryGroupStore } from '../../../lib/stores/memory/groups.ts';
import { untouchedPartition } from '../../../lib/stores/partitions.ts';
import type { QueuedWake, WakeReceipts } from '../../../lib/stores/wake-queue.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import type { SimulatedProcess } from '../scheduler.ts';
import type { SimulatedDeps } from './faults.ts';
import type { RequestDeps } from './operator.ts';

/** What a mutant sees of its world. */
export interface View {
  now(): number;
  readonly random: Random;
  /** How long an eventually consistent read may miss what is new. */
  readonly eventuallyMs: number;
}

/** What a mutant of the protocol changes. */
export interface Mutant {
  /** Stands between the run of `wake` and what it works with. */
  readonly wire?: (deps: SimulatedDeps, wake: Wake, process: SimulatedProcess) => SimulatedDeps;
  /** Whether the wake is dropped before anybody looks at it properly. */
  readonly drops?: (wake: Wake, deps: SimulatedDeps) => Promise<boolean>;
  /** Stands between the cursors and everybody. */
  readonly cursors?: (cursors: MemoryCursorStore, world: View) => MemoryCursorStore;
  /** Stands between the groups and everybody. */
  readonly groups?: (groups: MemoryGroupStore, world: View) => MemoryGroupStore;
  /** Changes what is sent for a group that is to be called from now on. */
  readonly newReceiverWakes?: (wakes: readonly QueuedWake[]) => readonly QueuedWake[];
  /** Stands between a request of the operator and what it works with. */
  readonly request?: (deps: RequestDeps) => RequestDeps;
  /** Changes the clock by which whoever listens to the stream remembers. */
  readonly listenerClock?: (clock: Clock) => Clock;
  /** What the token of an acknowledgement is taken for. */
  readonly ackToken?: (token: AckToken, deps: SimulatedDeps) => Promise<AckToken>;
  /** The order that the group has in truth. */
  readonly ordering?: 'none';
  /** Changes what a run knows of itself. */
  readonly run?: (run: Run) => Run;
  /** Stands between the consumer of the queue and the queue. */
  readonly receipts?: (receipts: WakeReceipts) => WakeReceipts;
}

/** `target` with some methods replaced. */
const but = <Target extends object>(target: Target, methods: Partial<Target>): Target =>
  new Proxy(target, {
    get: (original, name) => {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(original, name, original);
      return typeof value === 'function' ? value.bind(original) : value;
    },
  });

const withCursors = (deps: SimulatedDeps, methods: Partial<CursorStore>): SimulatedDeps => ({
  ...deps,
  cursors: but(deps.cursors, methods),
});

const withSend = (
  deps: SimulatedDeps,
  send: (wakes: readonly QueuedWake[]) => Promise<void>,
): SimulatedDeps => ({
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

/** A run that takes a lease forgets where the message ends that was in flight before. */
const boundariesForgotten: Mutant = {
  wire: (deps) => {
    let read: Cursor | undefined;
    return withCursors(deps, {
      get: async (ref) => {
        read = await deps.cursors.get(ref);
        if (read === undefined) return undefined;
        const { pendingEnd: _forgotten, ...rest } = read;
        return rest;
      },
      acquire: (ref, acquisition) => {
        const isRead = read !== undefined && read.epoch === acquisition.read?.epoch;
        return deps.cursors.acquire(ref, isRead ? { ...acquisition, read } : acquisition);
      },
    });
  },
};

/** The log is read eventually consistent. */
const readsLogEventually: Mutant = {
  wire: (deps) => ({
    ...deps,
    batches: but(deps.batches, {
      range: (at, range) => deps.batches.range(at, { ...range, consistent: false }),
      floor: (at, offset) => deps.batches.floor(at, offset, false),
    }),
  }),
};

/** Remembers what was true, so that a read can be answered as of a little before. */
class Past<Value> {
  readonly #world: View;
  readonly #values: { readonly since: number; readonly value: Value }[] = [];

  constructor(world: View) {
    this.#world = world;
  }

  note(value: Value): void {
    this.#values.push({ since: this.#world.now(), value });
  }

  /** Of some moment of late; undefined when nothing was noted before that. @param longestMs how long ago at most. */
  read(longestMs = this.#world.eventuallyMs): Value | undefined {
    const { now, random } = this.#world;
    const asOf = now() - (random.number() < 0.5 ? 0 : random.number() * longestMs);
    return this.#values.findLast(({ since }) => since <= asOf)?.value;
  }
}

/** Cursors are read eventually consistent. */
const readsCursorEventually: Mutant = {
  cursors: (cursors, world) => {
    const pasts = new Map<number, Past<Cursor | undefined>>();
    const noting = async <T>({ groupId, partition }: CursorRef, write: Promise<T>): Promise<T> => {
      const result = await write;
      const past = pasts.get(partition) ?? new Past<Cursor | undefined>(world);
      pasts.set(partition, past);
      past.note(await cursors.get({ groupId, partition }));
      return result;
    };
    return but(cursors, {
      get: async ({ partition }) => pasts.get(partition)?.read(),
      acquire: (ref, acquisition) => noting(ref, cursors.acquire(ref, acquisition)),
      commit: (ref, commit) => noting(ref, cursors.commit(ref, commit)),
      release: (ref, release) => noting(ref, cursors.release(ref, release)),
    });
  },
};

/** Groups are read eventually consistent, which has no bound. */
const readsGroupEventually: Mutant = {
  groups: (groups, world) => {
    const longestMs = 10 * world.eventuallyMs;
    const past = new Past<Subscription | undefined>(world);
    const ref = { topicId: 't1', group: 'billing' };
    const noting = async <T>(write: Promise<T>): Promise<T> => {
      const result = await write;
      past.note(await groups.get(ref));
      return result;
    };
    return but(groups, {
      get: async () => past.read(longestMs),
      list: async () => [past.read(longestMs) ?? []].flat(),
      putEndpoint: (...given) => noting(groups.putEndpoint(...given)),
      deleteEndpoint: (...given) => noting(groups.deleteEndpoint(...given)),
      updateEndpoint: (...given) => noting(groups.updateEndpoint(...given)),
    });
  },
};

/** An endpoint is disabled whatever became of it since the run read it. */
const disablesAnyVersion: Mutant = {
  groups: (groups) =>
    but(groups, {
      updateEndpoint: async (ref, read, change) => {
        const standing = (await groups.get(ref))?.endpoints.find(
          (each) => each.endpointId === read.endpointId,
        );
        return standing && groups.updateEndpoint(ref, standing, change);
      },
    }),
};

/** What is missing in a page is taken for trimmed, and not read again. */
const readsNothingAgain: Mutant = {
  wire: (deps) => {
    const pages = new Map<number, BatchPage>();
    let startOffset = 0;
    return {
      ...deps,
      batches: but(deps.batches, {
        range: async (at, range) => {
          const page = pages.get(range.from) ?? (await deps.batches.range(at, range));
          if (page.batches.length > 0) pages.set(range.from, page);
          startOffset = page.batches[0]?.base ?? startOffset;
          return page;
        },
        floor: async (at, offset, consistent) => {
          const batch = await deps.batches.floor(at, offset, consistent);
          return batch?.base === offset ? undefined : batch;
        },
      }),
      partitions: but(deps.partitions, { get: async () => ({ ...untouchedPartition, startOffset }) }),
    };
  },
};

/** A lease that cannot be right is believed, and so is a retry. */
const believesEveryTime: Mutant = {
  wire: (deps) => {
    const believed = (until: number, longestMs: number): number =>
      until > deps.clock.now() ? Math.min(until, deps.clock.now() + longestMs) : until;
    return withCursors(deps, {
      get: async (ref) => {
        const cursor = await deps.cursors.get(ref);
        if (cursor === undefined) return undefined;
        const leaseUntil = believed(cursor.leaseUntil, longestLeaseMs);
        return { ...cursor, leaseUntil, retryAt: believed(cursor.retryAt, limits.retryAfterMs) };
      },
    });
  },
};

/** A run knows one of the messages that it answers. */
const knowsOneMessage: Mutant = {
  run: (run) => ({ ...run, messageIds: [run.messageIds[0]] }),
};

/** Nobody looks again when everybody has heard of a new endpoint. */
const newReceiverWakesMissing: Mutant = { newReceiverWakes: () => [] };

/** Such a look comes before everybody has heard. */
const newReceiverWakesEarly: Mutant = {
  newReceiverWakes: (wakes) => wakes.map((queued) => ({ ...queued, delayMs: 1000 })),
};

/** Who receives is remembered for longer than that. */
const receiversRemembered: Mutant = {
  listenerClock: (clock) => ({
    ...clock,
    now: () => clock.now() / 20,
    monotonic: () => clock.monotonic() / 20,
  }),
};

/** A lease is taken whatever became of the cursor since it was seen. */
const acquiresWhateverStands: Mutant = {
  wire: (deps) =>
    withCursors(deps, {
      acquire: async (ref, acquisition) => {
        const read = await deps.cursors.get(ref);
        return deps.cursors.acquire(ref, { ...acquisition, read });
      },
    }),
};

/** A run whose lease is refused takes it that another has it, and looks no further. */
const refusalBelieved: Mutant = {
  wire: (deps, wake) =>
    withCursors(deps, {
      acquire: async (ref, acquisition) => {
        const acquired = await deps.cursors.acquire(ref, acquisition);
        if (acquired.taken || acquired.cursor === undefined || wake.kind !== 'append') return acquired;
        return { taken: false, cursor: { ...acquired.cursor, leaseUntil: deps.clock.now() + 1000 } };
      },
    }),
};

/** What failed is shown again at once, while its lease is still held. */
const shownAtOnce: Mutant = {
  receipts: (receipts) => ({ showAgain: (receipt) => receipts.showAgain(receipt, 0) }),
};

/** A request that leaves out wakes of one kind. */
const without =
  (kind: Wake['kind']): NonNullable<Mutant['request']> =>
  (deps) => ({
    ...deps,
    queue: { send: (wakes) => deps.queue.send(wakes.filter(({ wake }) => wake.kind !== kind)) },
  });

/** Nobody is woken by a seek, or when a group is resumed. */
const requestWakesMissing: Mutant = { request: without('resume') };

/** Nobody looks again when everybody has heard that a group was resumed. */
const resumedWakesMissing: Mutant = { request: without('append') };

/** A seek moves a cursor under the epoch that stands. */
const seekWithoutEpoch: Mutant = {
  cursors: (cursors) =>
    but(cursors, {
      replace: (ref, read, next) => cursors.replace(ref, read, { ...next, epoch: read?.epoch ?? 0 }),
    }),
};

/** Records of one key are sent beside each other. */
const keysIgnored: Mutant = { ordering: 'none' };

/** A run goes ahead of the cursor as far as there are records. */
const boundless: Mutant = {
  wire: (deps) => ({
    ...deps,
    bounds: { records: Number.POSITIVE_INFINITY, runs: Number.POSITIVE_INFINITY },
  }),
};

/** Nobody is woken when a message that was refused may be sent again. */
const dueWakeMissing: Mutant = {
  wire: (deps) => withSend(deps, (wakes) => deps.queue.send(wakes.filter(({ wake }) => wake.kind !== 'due'))),
};

/** What is ahead of a cursor is kept whoever has it by then. */
const keptByAnybody: Mutant = {
  cursors: (cursors) =>
    but(cursors, {
      replace: async (ref, _read, next) => {
        const standing = await cursors.get(ref);
        return cursors.replace(ref, standing, { ...next, version: (standing?.version ?? 0) + 1 });
      },
    }),
};

/** What was under way is kept as done with. */
const underWayIsDone: Mutant = {
  wire: (deps) =>
    withCursors(deps, {
      replace: (ref, read, next) => {
        const end = next.runs?.at(-1)?.end ?? next.committed;
        return deps.cursors.replace(ref, read, { ...next, committed: end, runs: [] });
      },
    }),
};

/** What one endpoint is sent another is sent as well. */
const sentToTwo: Mutant = {
  wire: (deps) => ({
    ...deps,
    webhooks: {
      post: async (request) => {
        const other = deps.webhooks.post({ ...request, url: 'https://e9.example.com/hook' });
        return (await Promise.all([deps.webhooks.post(request), other]))[0];
      },
    },
  }),
};

/** What is out is taken for what says no. */
const outageAsRefusal: Mutant = {
  wire: (deps) => ({
    ...deps,
    webhooks: {
      post: async (request) => {
        const answer = await deps.webhooks.post(request);
        const isOut = answer.kind === 'unreachable' || answer.status === 503;
        return isOut ? { kind: 'answered', status: 500 } : answer;
      },
    },
  }),
};

/** Dead letters are appended without a key. */
const deadLetterWithoutKey: Mutant = {
  wire: (deps) => ({ ...deps, appender: { append: (at, records) => deps.appender.append(at, records) } }),
};

/** What is left of a message that was halved is taken to be done with its first half. */
const halvingDropsRecords: Mutant = {
  wire: (deps) =>
    withCursors(deps, {
      commit: (ref, commit) =>
        deps.cursors.commit(ref, { ...commit, committed: commit.suspectEnd ?? commit.committed }),
    }),
};

/** A filter that fails on a record leaves it out. */
const failuresLeftOut: Mutant = {
  wire: (deps) => ({
    ...deps,
    expressions: {
      shape: (...given) => deps.expressions.shape(...given),
      judge: async (filter, records) => {
        const judged = await deps.expressions.judge(filter, records);
        return judged.map((each) => (each.kind === 'failed' ? { kind: 'judged', matches: false } : each));
      },
    },
  }),
};

/** What the filter leaves out is not committed where nothing else was sent. */
const leftOutNotCommitted: Mutant = {
  wire: (deps) => {
    let sent = false;
    const watched = withCursors(deps, {
      commit: async (ref, commit) => {
        if (sent || commit.leaseUntil !== 0) return deps.cursors.commit(ref, commit);
        return deps.cursors.release(ref, { epoch: commit.epoch });
      },
    });
    const post: SimulatedDeps['webhooks']['post'] = (request) => {
      sent = true;
      return deps.webhooks.post(request);
    };
    return { ...watched, webhooks: { post } };
  },
};

/** A token counts under whatever epoch its message is with a consumer by now. */
const oldTokenAccepted: Mutant = {
  ackToken: async (token, { cursors }) => {
    const { groupId, partition, start } = token;
    const { runs = [] } = (await cursors.get({ groupId, partition })) ?? {};
    const run = runs.find((each) => each.state === 'held' && each.start <= start && start < each.end);
    const [, epoch] = run?.by?.split('@') ?? [];
    if (run === undefined || epoch === undefined) return token;
    return { ...token, epoch: Number.parseInt(epoch, 36), attempt: (run.attempts ?? 0) + 1 };
  },
};

/** A retry of a dead letter that the group was given again is forgotten. */
const redriveForgotten: Mutant = {
  wire: (deps) =>
    withSend(deps, (wakes) =>
      deps.queue.send(wakes.filter(({ wake }) => wake.redriveId === undefined || wake.kind === 'append')),
    ),
};

export const mutants = {
  redriveForgotten,
  oldTokenAccepted,
  failuresLeftOut,
  leftOutNotCommitted,
  keysIgnored,
  boundless,
  dueWakeMissing,
  keptByAnybody,
  underWayIsDone,
  sentToTwo,
  outageAsRefusal,
  deadLetterWithoutKey,
  halvingDropsRecords,
  noLookAfterRelease,
  retryAfterRelease,
  earlyWakeDropped,
  staleEpochDropped,
  copyDropped,
  noEpochFence,
  boundariesForgotten,
  readsLogEventually,
  readsCursorEventually,
  readsGroupEventually,
  disablesAnyVersion,
  readsNothingAgain,
  believesEveryTime,
  knowsOneMessage,
  acquiresWhateverStands,
  refusalBelieved,
  newReceiverWakesMissing,
  newReceiverWakesEarly,
  receiversRemembered,
  shownAtOnce,
  requestWakesMissing,
  resumedWakesMissing,
  seekWithoutEpoch,
} satisfies Record<string, Mutant>;

export type MutantName = keyof typeof mutants;
