import type { Outage } from '../domain/delivery/retry.ts';
import type { Cursor, CursorPlace, CursorRef } from '../domain/groups/cursors.ts';

export interface Acquisition {
  /** The cursor as it was read; undefined when there was none: the acquisition then creates it. */
  readonly read: Cursor | undefined;
  /** Where a cursor that does not exist yet begins. */
  readonly startOffset: number;
  /** Unique to this run, so that a repeated request recognises its own lease. */
  readonly owner: string;
  /** Wall clock ms, fixed when the request is built. */
  readonly leaseUntil: number;
  /** Set with the lease where the cursor has none. */
  readonly pendingEnd?: number;
}

/** What came of an acquire. `cursor` is the cursor after it, or the one that stood when it was refused, if there is one. */
export type Acquired =
  | { readonly taken: true; readonly cursor: Cursor }
  | { readonly taken: false; readonly cursor: Cursor | undefined };

export interface Commit {
  readonly epoch: number;
  /** The next offset to deliver. Ends the attempts, the retry and the outage of what was before it. */
  readonly committed: number;
  /** Wall clock ms; 0 lets the lease go. */
  readonly leaseUntil: number;
  /** The exclusive end of the message that comes next, if it is known. */
  readonly pendingEnd?: number;
  /** As `Cursor.lost`: all that was ever lost, so that a copy counts nothing twice. What stood stays where it is absent. */
  readonly lost?: number;
  /** As `lost`, of `Cursor.filtered`. */
  readonly filtered?: number;
  /** As `lost`, of `Cursor.deadLettered`. */
  readonly deadLettered?: number;
  /** As in the cursor; what stood is over where they are absent. */
  readonly suspectEnd?: number;
  readonly deadRow?: number;
}

export interface Release {
  readonly epoch: number;
  /** Set when the attempt failed; otherwise the retry state stays as it is. */
  readonly retry?: {
    readonly attempts: number;
    readonly retryAt: number;
    readonly pendingEnd: number;
    /** Set when the attempt failed by an outage; without it one that was going on is over. */
    readonly outage?: Outage;
    readonly lastFailure: string;
    /** As in the cursor; what stood is over where they are absent. */
    readonly refusals?: number;
    readonly refusedSince?: number;
    readonly suspectEnd?: number;
    readonly stuck?: number;
  };
}

/** A cursor that was written by `replace`. */
export type VersionedCursor = Cursor & Required<Pick<Cursor, 'version' | 'writeId'>>;

/** What came of a replace. Where it was not done, `standing` is the cursor that stood in the way, as of then or later. */
export type Replaced =
  | { readonly done: true }
  | { readonly done: false; readonly standing: Cursor | undefined };

/**
 * Cursors of groups, moved under leases (DESIGN §7). Each write is one conditional write of one item, and may be
 * repeated or land late: it is bound to an epoch, and `committed` moves one way.
 */
export interface CursorStore {
  /** Strongly consistent. */
  get(ref: CursorRef): Promise<Cursor | undefined>;
  /** Every cursor of a group, by partition, of its own topic or of a redrive's `lane`; strongly consistent. */
  list(groupId: string, lane?: string): Promise<ReadonlyMap<number, Cursor>>;
  /**
   * How far every cursor of a group is, by partition; strongly consistent. Costs what `list` does, but brings along none of what may
   * be 20 KB of each: for whoever looks at many groups.
   */
  places(groupId: string): Promise<ReadonlyMap<number, CursorPlace>>;
  /**
   * Takes the lease: sets owner, leaseUntil and epoch + 1 if epoch, committed, leaseUntil, retryAt, pendingEnd and version are still
   * what was read. Whether these leave the cursor free is for the caller to judge, by its clock. A cursor never comes back
   * to what it was: `committed` only grows, and what was let go is renewed only by a commit that moves it. So an acquire
   * that was refused once is refused for ever, however often and late it lands. Refused when the cursor is not as it was
   * read and the lease that stands is not this owner's; then the answer has the cursor as a strongly consistent read at
   * that moment, or after it, shows it.
   */
  acquire(ref: CursorRef, acquisition: Acquisition): Promise<Acquired>;
  /**
   * False when `epoch` is no longer the cursor's (or the cursor is gone), or `committed` would go back. Once the lease
   * was let go at this `committed`, the same again is true and changes nothing: a copy that lands late undoes no retry.
   */
  commit(ref: CursorRef, commit: Commit): Promise<boolean>;
  /** Lets the lease go: clears owner and leaseUntil. False when `epoch` is no longer the cursor's. */
  release(ref: CursorRef, release: Release): Promise<boolean>;
  /**
   * Puts `next` in the place of the cursor that was read: where epoch, committed, leaseUntil, retryAt, pendingEnd and version are
   * still what was read, or there is none. `next` has a version one above, and a `writeId` of its own, by which a repetition
   * recognises itself: the same again is done as long as it stands. A cursor never comes back to what it was, since a version
   * grows with each; so a copy that lands late does nothing. Of `runs` the times are kept in whole ms. How `pull` and `shared`
   * groups write, and what a seek does to any.
   */
  replace(ref: CursorRef, read: Cursor | undefined, next: VersionedCursor): Promise<Replaced>;
  /** Removes every cursor of a group, of all lanes. May be repeated. */
  deleteAll(groupId: string): Promise<void>;
}
