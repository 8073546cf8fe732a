import type { Segment } from '../../domain/archive/segments.ts';
import { dropOldest } from '../../domain/drop-oldest.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { SegmentStore } from '../../stores/segments.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';

interface Seen {
  readonly segment: Segment;
  readonly seenAt: Instant;
}

const rememberedPartitions = 1_024;
/** Of one partition: its readers are at a few places. */
const rememberedSegments = 64;
/** Segments asked for by one query, by who goes from one to the next. */
const segmentsAhead = 16;
/**
 * For how long a segment is believed to stand. It never changes, but compaction may put another in its place, and what an
 * erasure took away must not be shown for long. A query a few seconds is nothing beside what is read meanwhile.
 */
const maxAgeMs = 5_000;

export type AskManifest = <T>(request: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** Which segment holds what, as a process remembers it. */
export class Manifest {
  readonly #segments: SegmentStore;
  readonly #clock: Clock;
  readonly #ask: AskManifest;
  /** By partition, the newest last. */
  readonly #seen = new Map<string, readonly Seen[]>();

  constructor(segments: SegmentStore, clock: Clock, ask: AskManifest) {
    this.#segments = segments;
    this.#clock = clock;
    this.#ask = ask;
  }

  /** The segment that covers `offset`; undefined when there is none. One query at most, two at the end of the archive. */
  async covering(at: PartitionRef, offset: number): Promise<Segment | undefined> {
    const seen = this.#fresh(at);
    const known = seen.find(({ segment }) => covers(segment, offset));
    if (known !== undefined) return known.segment;
    if (seen.some(({ segment }) => segment.end === offset)) {
      const [next] = await this.#following(at, offset);
      if (next !== undefined && covers(next, offset)) return next;
    }
    const seenAt = instantOf(this.#clock);
    const floor = await this.#ask((signal) => this.#segments.floor(at, offset, signal));
    if (floor === undefined || !covers(floor, offset)) return undefined;
    this.#remember(at, [floor], seenAt);
    return floor;
  }

  /** To be called when its object is not there, or another has its place: the next question is asked of the store. */
  forget(at: PartitionRef, { object }: Pick<Segment, 'object'>): void {
    const left = this.#fresh(at).filter(({ segment }) => segment.object !== object);
    this.#seen.set(partitionKey(at), left);
  }

  async #following(at: PartitionRef, from: number): Promise<readonly Segment[]> {
    const seenAt = instantOf(this.#clock);
    const segments = await this.#ask(() => this.#segments.list(at, { from, limit: segmentsAhead }));
    this.#remember(at, segments, seenAt);
    return segments;
  }

  #fresh(at: PartitionRef): readonly Seen[] {
    const now = instantOf(this.#clock);
    return (this.#seen.get(partitionKey(at)) ?? []).filter(
      ({ seenAt }) => now.wall >= seenAt.wall && elapsedMs(seenAt, now) < maxAgeMs,
    );
  }

  #remember(at: PartitionRef, segments: readonly Segment[], seenAt: Instant): void {
    const starts = new Set(segments.map(({ start }) => start));
    const others = this.#fresh(at).filter(({ segment }) => !starts.has(segment.start));
    const all = [...others, ...segments.map((segment) => ({ segment, seenAt }))];
    const key = partitionKey(at);
    this.#seen.delete(key);
    this.#seen.set(key, all.slice(-rememberedSegments));
    dropOldest(this.#seen, rememberedPartitions);
  }
}

const covers = ({ start, end }: Segment, offset: number): boolean => start <= offset && offset < end;
