import type { UndecodableBatchError } from '../../domain/errors.ts';
import { murmur2 } from '../../domain/records/partitioning.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { Arrival } from '../../log/read/arrivals.ts';
import { ackTimeoutMsOf, groupKey, type PollDeps, type Subject } from './deps.ts';
import type { HandedOut, Offsets, Polled, PollRequest } from './requests.ts';
import type { Budget } from './take.ts';

/** What one look may bring. */
export interface Wanted extends Budget {
  /** Wall clock ms. The records are the member's until then. */
  readonly ackUntil: number;
  /** What is known of cursors may be so old, ms. */
  readonly maxAgeMs: number;
}

/** What one look brought. */
export interface Brought {
  /** They are written down as the member's. */
  readonly records: readonly HandedOut[];
  /** Ms until there may be more without anything happening; infinite where that is not known. */
  readonly dueMs: number;
  /** Something is there that another has. */
  readonly isBlocked: boolean;
  /** What stopped a partition that could not be decoded. */
  readonly damage: UndecodableBatchError | undefined;
}

/** What one of the two modes does of a poll. Made for one poll. */
export interface ModePoll {
  /** Joins, or keeps the session. To be called first, and again while the poll waits. */
  attend(subject: Subject, maxAgeMs: number): Promise<void>;
  /** @throws where what the poll acknowledges cannot be acknowledged: nothing was written then. */
  judge(): Promise<void>;
  /** @throws what a write threw, where nothing was brought. */
  bring(wanted: Wanted): Promise<Brought>;
  /** Writes what came with the poll and no hand-out took along. @throws what the first of them threw that failed. */
  flush(): Promise<void>;
  /** Whose records are waited for. */
  readonly awaited: readonly PartitionRef[];
  /** The partitions that are the member's. */
  readonly assignment: readonly number[];
  readonly epochs: Offsets;
  /** Partitions whose acknowledgement failed in the write that was to make it. */
  readonly unacknowledged: ReadonlySet<number>;
  /** Wall clock ms. */
  readonly leaseUntil: number;
}

/** What the poll is about, as it is now. @throws Problem when it is gone. */
export type Resolve = () => Promise<Subject>;

/**
 * Polls: looks, hands out, and where there is nothing waits for something and looks again, until there is or time is up.
 * @throws what acknowledging threw, where nothing was handed out; UndecodableBatchError where that is all that there is.
 */
export const poll = async (
  deps: PollDeps,
  mode: ModePoll,
  request: PollRequest,
  resolve: Resolve,
): Promise<Polled> => {
  const { clock } = deps;
  const until = clock.monotonic() + request.waitMs;
  const pace = new Pace(deps);
  for (let isFirst = true; ; isFirst = false) {
    const subject = await resolve();
    const { maxAgeMs } = pace;
    await mode.attend(subject, maxAgeMs);
    if (isFirst) await mode.judge();
    const arrival = request.waitMs > 0 ? expect(deps, subject, mode) : undefined;
    try {
      const ackUntil = clock.now() + ackTimeoutMsOf(subject.group);
      const brought = await bring(mode, subject, request, { ackUntil, maxAgeMs });
      if (isFirst) await flushed(mode, brought);
      const leftMs = until - clock.monotonic();
      if (arrival === undefined || brought.records.length > 0 || isOver(deps, request, leftMs))
        return answerOf(mode, brought, ackUntil);
      const waitMs = Math.min(leftMs, brought.dueMs + 1, pace.nextMs(brought));
      pace.waited(await arrival.within(waitMs, clock, request.signal));
    } finally {
      arrival?.end();
    }
  }
};

const isOver = ({ reader }: PollDeps, { signal, maxRecords }: PollRequest, leftMs: number): boolean =>
  leftMs <= 0 || signal?.aborted === true || reader.isOver || maxRecords === 0;

const answerOf = (mode: ModePoll, { records, damage }: Brought, ackUntil: number): Polled => {
  if (records.length === 0 && damage !== undefined) throw damage;
  const { assignment, epochs, leaseUntil } = mode;
  return { records, assignment, epochs, unacknowledged: [...mode.unacknowledged], leaseUntil, ackUntil };
};

const nothing: Brought = {
  records: [],
  dueMs: Number.POSITIVE_INFINITY,
  isBlocked: false,
  damage: undefined,
};

/** Nothing to who has gone meanwhile: nobody would have it before its time was over. */
const bring = async (
  mode: ModePoll,
  { group }: Subject,
  { maxRecords, maxBytes, signal }: PollRequest,
  more: Omit<Wanted, keyof Budget>,
): Promise<Brought> =>
  group.pausedSince !== undefined || maxRecords === 0 || signal?.aborted === true
    ? nothing
    : mode.bring({ maxRecords, maxBytes, ...more });

const expect = ({ reader }: PollDeps, { group }: Subject, { awaited }: ModePoll): Arrival =>
  reader.expectAny(awaited, [groupKey(group.groupId)]);

/** An acknowledgement that another beat is the answer, unless there are records: then it is told with them. */
const flushed = async (mode: ModePoll, { records }: Brought): Promise<void> => {
  try {
    await mode.flush();
  } catch (error) {
    if (records.length === 0) throw error;
  }
};

/** When a poll that waits looks again, and how old what it goes by may be. */
class Pace {
  readonly #deps: Pick<PollDeps, 'clock' | 'options' | 'reader'>;
  #pauseMs: number;
  #refreshedAt: number;
  maxAgeMs: number;
  #isBlocked = false;

  constructor(deps: Pick<PollDeps, 'clock' | 'options' | 'reader'>) {
    this.#deps = deps;
    this.#pauseMs = deps.options.firstPauseMs;
    this.#refreshedAt = deps.clock.monotonic();
    this.maxAgeMs = deps.options.freshMs;
  }

  /** Ms until the next look. */
  nextMs({ isBlocked }: Pick<Brought, 'isBlocked'>): number {
    this.#isBlocked = isBlocked;
    const refreshMs = Math.max(0, this.#refreshMs - this.#sinceRefreshMs());
    return this.#deps.reader.hearsAll ? refreshMs : Math.min(this.#pauseMs, refreshMs);
  }

  waited(isTold: boolean): void {
    const { firstPauseMs, pauseGrowth, longestPauseMs, freshMs } = this.#deps.options;
    this.#pauseMs = isTold ? firstPauseMs : Math.min(this.#pauseMs * pauseGrowth, longestPauseMs);
    const isStale = this.#sinceRefreshMs() >= this.#refreshMs;
    if (isStale) this.#refreshedAt = this.#deps.clock.monotonic();
    this.maxAgeMs = isStale ? freshMs : Number.POSITIVE_INFINITY;
  }

  /** What another process has, it may let go at any moment without a word. */
  get #refreshMs(): number {
    const { freshMs, refreshMs } = this.#deps.options;
    return this.#isBlocked ? freshMs : refreshMs;
  }

  #sinceRefreshMs(): number {
    return this.#deps.clock.monotonic() - this.#refreshedAt;
  }
}

/** For how long the polls of a consumer begin in the same place. */
const turnMs = 1000;

/**
 * In an order of the consumer's own, another one each second: no partition is always the first, consumers that share records seldom
 * meet, and who is far behind goes on for a while where it has just read, so that what was read of the archive serves several polls.
 */
export const inTurn = <Item>(items: readonly Item[], consumerId: string, now: number): readonly Item[] => {
  const hash = murmur2(Buffer.from(`${consumerId}/${Math.floor(now / turnMs)}`)) >>> 0;
  const at = hash % Math.max(1, items.length);
  return [...items.slice(at), ...items.slice(0, at)];
};
