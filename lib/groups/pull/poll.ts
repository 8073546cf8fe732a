import type { UndecodableBatchError } from '../../domain/errors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { Arrival } from '../../log/read/arrivals.ts';
import type { Place } from '../../log/read/places.ts';
import { ackTimeoutMsOf, groupKey, type PollDeps, type Subject } from './deps.ts';
import type { HandedOut, Offsets, Polled, PollRequest } from './requests.ts';
import { type Taken, takeAll } from './take.ts';

/** What a member may have at this moment. */
export interface Look<P extends Place> {
  readonly places: readonly P[];
  /** Ms until there may be more without anything happening; infinite where that is not known. */
  readonly dueMs: number;
}

/** What one of the two modes does of a poll. Made for one poll. */
export interface ModePoll<P extends Place> {
  /** Joins, or keeps the session. To be called first, and again while the poll waits. */
  attend(subject: Subject, maxAgeMs: number): Promise<void>;
  /** @throws where what the poll acknowledges cannot be acknowledged: nothing was written then. */
  judge(): Promise<void>;
  look(maxAgeMs: number): Promise<Look<P>>;
  /** Writes down that the records are the member's until `ackUntil`; gives those that it has, none where another was first. */
  handOut(taken: Taken<P>, ackUntil: number): Promise<readonly HandedOut[]>;
  /** Writes what came with the poll and no hand-out took along. */
  flush(): Promise<void>;
  /** The partitions whose records are waited for. */
  readonly assignment: readonly number[];
  readonly epochs: Offsets;
  /** Wall clock ms. */
  readonly leaseUntil: number;
}

/** What one look brought. */
interface Brought {
  readonly records: readonly HandedOut[];
  readonly dueMs: number;
  readonly damage: UndecodableBatchError | undefined;
}

/** What the poll is about, as it is now: undefined where it is paused. @throws Problem when it is gone. */
export type Resolve = () => Promise<{ readonly subject: Subject; readonly isPaused: boolean }>;

/**
 * Polls: looks, hands out, and where there is nothing waits for something and looks again, until there is or time is up.
 * @throws what acknowledging threw, where nothing was handed out; UndecodableBatchError where that is all that there is.
 */
export const poll = async <P extends Place>(
  deps: PollDeps,
  mode: ModePoll<P>,
  request: PollRequest,
  resolve: Resolve,
): Promise<Polled> => {
  const { clock, options, reader } = deps;
  const until = clock.monotonic() + request.waitMs;
  let refreshedAt = clock.monotonic();
  let maxAgeMs = options.freshMs;
  for (let pauseMs = options.firstPauseMs, isFirst = true; ; isFirst = false) {
    const { subject, isPaused } = await resolve();
    await mode.attend(subject, maxAgeMs);
    if (isFirst) await mode.judge();
    const arrival = request.waitMs > 0 ? expect(deps, subject, mode.assignment) : undefined;
    try {
      const ackUntil = clock.now() + ackTimeoutMsOf(subject.group);
      const mayHandOut = !isPaused && request.maxRecords > 0;
      const brought = mayHandOut ? await bring(deps, mode, request, { ackUntil, maxAgeMs }) : nothing;
      if (isFirst) await flushed(mode, brought);
      const leftMs = until - clock.monotonic();
      const isOver =
        leftMs <= 0 || request.signal?.aborted === true || reader.isOver || request.maxRecords === 0;
      if (brought.records.length > 0 || isOver || arrival === undefined) {
        if (brought.records.length === 0 && brought.damage !== undefined) throw brought.damage;
        const { assignment, epochs, leaseUntil } = mode;
        return { records: brought.records, assignment, epochs, leaseUntil, ackUntil };
      }
      const sinceMs = clock.monotonic() - refreshedAt;
      const refreshMs = Math.max(0, options.refreshMs - sinceMs);
      const waitMs = Math.min(leftMs, brought.dueMs + 1, refreshMs, reader.hearsAll ? leftMs : pauseMs);
      const isTold = await arrival.within(waitMs, clock, request.signal);
      pauseMs = isTold
        ? options.firstPauseMs
        : Math.min(pauseMs * options.pauseGrowth, options.longestPauseMs);
    } finally {
      arrival?.end();
    }
    const isStale = clock.monotonic() - refreshedAt >= options.refreshMs;
    if (isStale) refreshedAt = clock.monotonic();
    maxAgeMs = isStale ? options.freshMs : Number.POSITIVE_INFINITY;
  }
};

const nothing: Brought = { records: [], dueMs: Number.POSITIVE_INFINITY, damage: undefined };

const expect = ({ reader }: PollDeps, { topic, group }: Subject, partitions: readonly number[]): Arrival => {
  const { topicId } = topic;
  const ats: readonly PartitionRef[] = partitions.map((partition) => ({ topicId, partition }));
  return reader.expectAny(ats, [groupKey(group.groupId)]);
};

/** An acknowledgement that another beat is told, unless there are records to tell: then what was not acknowledged comes again. */
const flushed = async (mode: Pick<ModePoll<Place>, 'flush'>, { records }: Brought): Promise<void> => {
  try {
    await mode.flush();
  } catch (error) {
    if (records.length === 0) throw error;
  }
};

const bring = async <P extends Place>(
  deps: PollDeps,
  mode: ModePoll<P>,
  { maxRecords, maxBytes }: PollRequest,
  { ackUntil, maxAgeMs }: { readonly ackUntil: number; readonly maxAgeMs: number },
): Promise<Brought> => {
  const { places, dueMs } = await mode.look(maxAgeMs);
  const isReady = await deps.reader.ready(places);
  const ready = rotated(
    places.filter((_place, index) => isReady[index]),
    deps.random.number(),
  );
  const budget = { maxRecords, maxBytes };
  const { taken, damage } = await takeAll(deps.reader, ready, budget, deps.options.partitionsAtOnce);
  const outcomes = await Promise.allSettled(taken.map((each) => mode.handOut(each, ackUntil)));
  const records = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (records.length === 0 && failed !== undefined) throw failed.reason;
  return { records, dueMs, damage };
};

/** In an order of its own, so that no partition is always the first. */
const rotated = <Item>(items: readonly Item[], chance: number): readonly Item[] => {
  const at = Math.floor(chance * items.length);
  return [...items.slice(at), ...items.slice(0, at)];
};
