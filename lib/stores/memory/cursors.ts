import type { Cursor, CursorRef } from '../../domain/cursors.ts';
import type { Acquisition, Commit, CursorStore, Release } from '../cursors.ts';

/** Cursors in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryCursorStore implements CursorStore {
  /** By group id, then by partition. */
  readonly #groups = new Map<string, Map<number, Cursor>>();

  async get(ref: CursorRef): Promise<Cursor | undefined> {
    return this.#find(ref);
  }

  async list(groupId: string): Promise<ReadonlyMap<number, Cursor>> {
    return new Map([...(this.#groups.get(groupId) ?? [])].sort(([a], [b]) => a - b));
  }

  async acquire(ref: CursorRef, acquisition: Acquisition): Promise<Cursor | undefined> {
    const { read, owner, leaseUntil } = acquisition;
    const standing = this.#find(ref);
    const free =
      read === undefined
        ? standing === undefined
        : standing?.epoch === read.epoch &&
          standing.committed === read.committed &&
          standing.leaseUntil === read.leaseUntil &&
          standing.retryAt === read.retryAt &&
          standing.pendingEnd === read.pendingEnd;
    if (!free) {
      const mine = standing?.owner === owner && standing.epoch === (read?.epoch ?? 0) + 1;
      return mine ? standing : undefined;
    }
    const before: Cursor = standing ?? {
      committed: acquisition.startOffset,
      epoch: 0,
      leaseUntil: 0,
      attempts: 0,
      retryAt: 0,
    };
    const pendingEnd = before.pendingEnd ?? acquisition.pendingEnd;
    return this.#keep(ref, {
      ...before,
      epoch: before.epoch + 1,
      owner,
      leaseUntil,
      ...(pendingEnd === undefined ? {} : { pendingEnd }),
    });
  }

  async commit(ref: CursorRef, commit: Commit): Promise<boolean> {
    const standing = this.#find(ref);
    if (standing?.epoch !== commit.epoch || standing.committed > commit.committed) return false;
    const landedAlready = standing.committed === commit.committed && standing.leaseUntil === 0;
    if (landedAlready) return true;
    const { epoch, committed, leaseUntil, pendingEnd } = commit;
    this.#keep(ref, {
      committed,
      epoch,
      ...(leaseUntil > 0 && standing.owner !== undefined ? { owner: standing.owner } : {}),
      leaseUntil,
      attempts: 0,
      retryAt: 0,
      ...(pendingEnd === undefined ? {} : { pendingEnd }),
    });
    return true;
  }

  async release(ref: CursorRef, { epoch, retry }: Release): Promise<boolean> {
    const standing = this.#find(ref);
    if (standing?.epoch !== epoch) return false;
    const { owner: _gone, ...rest } = standing;
    if (retry === undefined) {
      this.#keep(ref, { ...rest, leaseUntil: 0 });
    } else {
      const { failingSince: _since, failedAt: _last, outageMs: _counted, ...others } = rest;
      const { outage, ...failure } = retry;
      this.#keep(ref, { ...others, ...failure, ...outage, leaseUntil: 0 });
    }
    return true;
  }

  async deleteAll(groupId: string): Promise<void> {
    this.#groups.delete(groupId);
  }

  #find({ groupId, partition }: CursorRef): Cursor | undefined {
    return this.#groups.get(groupId)?.get(partition);
  }

  #keep({ groupId, partition }: CursorRef, cursor: Cursor): Cursor {
    const kept = Object.freeze(cursor);
    const cursors = this.#groups.get(groupId) ?? new Map<number, Cursor>();
    this.#groups.set(groupId, cursors.set(partition, kept));
    return kept;
  }
}
