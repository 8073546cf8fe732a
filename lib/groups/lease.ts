import { OutcomeUnknownError, ThrottledError } from '../domain/errors.ts';
import { type Cursor, type CursorRef, leaseMsLeft, retryMsLeft } from '../domain/groups/cursors.ts';
import { moved } from '../stores/cursor-moves.ts';
import type { Commit, CursorStore, Release } from '../stores/cursors.ts';
import type { Clock } from '../surroundings/clock.ts';

export interface LeaseDeps {
  readonly cursors: CursorStore;
  readonly clock: Clock;
}

export interface LeaseRequest {
  /** The cursor as it was read; undefined when there was none. */
  readonly read: Cursor | undefined;
  /** Where a cursor that does not exist yet begins. */
  readonly startOffset: number;
  /** Unique to this run. */
  readonly owner: string;
  /** How long the lease lasts from each write that gives or renews it, ms. */
  readonly durationMs: number;
  /** The end of the message that is about to be sent, where that is kept in the cursor. */
  readonly pendingEnd?: number | undefined;
  /** How far off a retry of the group is at most: `longestRetryMs`. */
  readonly longestRetryMs: number;
  /** Whether a retry that is due later is no obstacle. A live lease always is. */
  readonly beforeRetry: boolean;
}

/** Of the records that a cursor is moved past, those that nobody acknowledged. */
export interface Passed {
  /** Retention took them. */
  readonly lost?: number;
  /** The group's filter left them out. */
  readonly filtered?: number;
  /** They went to the dead letters. */
  readonly deadLettered?: number;
}

/** What came of asking for a lease. */
export type LeaseAnswer =
  | { readonly kind: 'given'; readonly lease: Lease }
  /** The cursor is not as it was read any more, but as `standing`. */
  | { readonly kind: 'refused'; readonly standing: Cursor | undefined }
  /** A lease is live or a retry is due later, by the cursor as it was read: nothing was asked. */
  | { readonly kind: 'held' };

const repeatsAtMost = 2;
const repeatAfterMs = 100;

/** A lease on one cursor, as far as its holder knows: another may have superseded it, which its next write tells. */
export class Lease {
  readonly #deps: LeaseDeps;
  readonly #ref: CursorRef;
  readonly #durationMs: number;
  #cursor: Cursor;

  private constructor(deps: LeaseDeps, ref: CursorRef, durationMs: number, cursor: Cursor) {
    this.#deps = deps;
    this.#ref = ref;
    this.#durationMs = durationMs;
    this.#cursor = cursor;
  }

  /** Throws when no definite answer came: it may be held then. */
  static async acquire(deps: LeaseDeps, ref: CursorRef, request: LeaseRequest): Promise<LeaseAnswer> {
    const { read, startOffset, owner, durationMs, pendingEnd } = request;
    const now = deps.clock.now();
    if (read !== undefined && !isFree(read, now, request)) return { kind: 'held' };
    const leaseUntil = now + durationMs;
    const end = pendingEnd === undefined ? {} : { pendingEnd };
    const acquisition = { read, startOffset, owner, leaseUntil, ...end };
    const { taken, cursor } = await deps.cursors.acquire(ref, acquisition);
    return taken
      ? { kind: 'given', lease: new Lease(deps, ref, durationMs, cursor) }
      : { kind: 'refused', standing: cursor };
  }

  /** The cursor as this holder last wrote it. */
  get cursor(): Cursor {
    return this.#cursor;
  }

  /**
   * Ms for which nobody whose clock agrees with this one's can hold the cursor. None when the clock was put back since
   * the lease was taken: how long ago that was is not known then.
   */
  remainingMs(): number {
    const ms = this.#cursor.leaseUntil - this.#deps.clock.now();
    return ms > this.#durationMs ? 0 : ms;
  }

  /** Moves the cursor to `committed` and renews the lease for the message that ends at `pendingEnd`. False: superseded. */
  commit(committed: number, pendingEnd: number, passed: Passed = {}): Promise<boolean> {
    const leaseUntil = this.#deps.clock.now() + this.#durationMs;
    return this.#commit(committed, leaseUntil, { pendingEnd, ...this.#totals(passed) });
  }

  /** Moves the cursor to `committed` and lets the lease go, in one write. False: superseded. */
  commitAndRelease(committed: number, passed: Passed = {}): Promise<boolean> {
    return this.#commit(committed, 0, this.#totals(passed));
  }

  /** Lets the lease go; with `retry` when the attempt failed. False: superseded, and there was nothing to let go. */
  release(retry?: Release['retry']): Promise<boolean> {
    const { epoch } = this.#cursor;
    return this.#deps.cursors.release(this.#ref, { epoch, ...(retry !== undefined && { retry }) });
  }

  /**
   * Puts in the place of the cursor what `change` makes of it; then the lease is over, or renewed. A repetition recognises itself by `writeId`.
   * `changed`: nothing was written, as a consumer acknowledged something meanwhile; the lease stands, and its cursor is the one with that.
   */
  async replace(
    change: (cursor: Cursor) => Cursor,
    kept: boolean,
    writeId: string,
  ): Promise<'done' | 'changed' | 'superseded'> {
    const read = this.#cursor;
    const { owner: _holder, ...changed } = change(read);
    const leaseUntil = kept ? this.#deps.clock.now() + this.#durationMs : 0;
    const holder = kept && read.owner !== undefined ? { owner: read.owner } : {};
    const next = { ...changed, ...holder, leaseUntil, version: (read.version ?? 0) + 1, writeId };
    for (let repeats = 0; ; repeats += 1) {
      try {
        const outcome = await this.#deps.cursors.replace(this.#ref, read, next);
        if (!outcome.done) return this.#isStill(outcome.standing) ? 'changed' : 'superseded';
        this.#cursor = next;
        return 'done';
      } catch (error) {
        // Its lease is over long before it could be repeated more often.
        if (
          !(error instanceof OutcomeUnknownError || error instanceof ThrottledError) ||
          repeats === repeatsAtMost
        )
          throw error;
        await this.#deps.clock.sleep(repeatAfterMs * 2 ** repeats);
      }
    }
  }

  /** Whether what stands is under this lease all the same: then it is what this holder goes on from. */
  #isStill(standing: Cursor | undefined): boolean {
    const { epoch, owner, version = 0 } = this.#cursor;
    if (standing?.epoch !== epoch || standing.owner !== owner || (standing.version ?? 0) <= version)
      return false;
    this.#cursor = standing;
    return true;
  }

  #totals({ lost = 0, filtered = 0, deadLettered = 0 }: Passed): Partial<Commit> {
    const { lost: lostBefore = 0, deadLettered: before = 0, deadRow = 0 } = this.#cursor;
    return {
      ...(lost > 0 && { lost: lostBefore + lost }),
      ...(filtered > 0 && { filtered: (this.#cursor.filtered ?? 0) + filtered }),
      ...(deadLettered > 0 && { deadLettered: before + deadLettered, deadRow: deadRow + deadLettered }),
    };
  }

  async #commit(committed: number, leaseUntil: number, more: Partial<Commit>): Promise<boolean> {
    const { epoch, suspectEnd = 0 } = this.#cursor;
    const commit = { epoch, committed, leaseUntil, ...(suspectEnd > committed && { suspectEnd }), ...more };
    const done = await this.#deps.cursors.commit(this.#ref, commit);
    // As the store does: what goes with the message that was delivered goes, and the rest stays.
    this.#cursor = moved(this.#cursor, commit) ?? this.#cursor;
    return done;
  }
}

const isFree = (
  cursor: Cursor,
  now: number,
  { beforeRetry, longestRetryMs }: Pick<LeaseRequest, 'beforeRetry' | 'longestRetryMs'>,
): boolean =>
  leaseMsLeft(cursor, now) === 0 && (beforeRetry || retryMsLeft(cursor, now, longestRetryMs) === 0);
