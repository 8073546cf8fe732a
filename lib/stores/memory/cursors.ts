import type { Cursor, CursorRef } from '../../domain/groups/cursors.ts';
import { acquired, moved, released } from '../cursor-moves.ts';
import type { Acquired, Acquisition, Commit, CursorStore, Release } from '../cursors.ts';

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

  async acquire(ref: CursorRef, acquisition: Acquisition): Promise<Acquired> {
    const standing = this.#find(ref);
    const cursor = this.#keep(ref, acquired(standing, acquisition));
    return cursor === undefined ? { taken: false, cursor: standing } : { taken: true, cursor };
  }

  async commit(ref: CursorRef, commit: Commit): Promise<boolean> {
    return this.#keep(ref, moved(this.#find(ref), commit)) !== undefined;
  }

  async release(ref: CursorRef, release: Release): Promise<boolean> {
    return this.#keep(ref, released(this.#find(ref), release)) !== undefined;
  }

  async deleteAll(groupId: string): Promise<void> {
    this.#groups.delete(groupId);
  }

  #find({ groupId, partition }: CursorRef): Cursor | undefined {
    return this.#groups.get(groupId)?.get(partition);
  }

  /** A cursor that did not move stays as it is. */
  #keep({ groupId, partition }: CursorRef, cursor: Cursor | undefined): Cursor | undefined {
    if (cursor === undefined) return undefined;
    const cursors = this.#groups.get(groupId) ?? new Map<number, Cursor>();
    this.#groups.set(groupId, cursors.set(partition, Object.freeze(cursor)));
    return cursor;
  }
}
