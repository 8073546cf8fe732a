import type { Cursor, CursorPlace, CursorRef } from '../../domain/groups/cursors.ts';
import { acquired, moved, placeOf, released, replaced } from '../cursor-moves.ts';
import type {
  Acquired,
  Acquisition,
  Commit,
  CursorStore,
  Release,
  Replaced,
  VersionedCursor,
} from '../cursors.ts';
import { fromKept, toKept } from '../kept-cursors.ts';

/** What is given to be kept stays the giver's, to change as it likes. Kept is what a database would. */
const frozenCopy = (given: Cursor): Cursor => {
  const cursor = fromKept(toKept(given));
  cursor.runs?.forEach(Object.freeze);
  Object.freeze(cursor.runs);
  return cursor;
};

/** Cursors in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryCursorStore implements CursorStore {
  /** By group id, then by lane, '' for its own topic, then by partition. */
  readonly #groups = new Map<string, Map<string, Map<number, Cursor>>>();

  async get(ref: CursorRef): Promise<Cursor | undefined> {
    return this.#find(ref);
  }

  async list(groupId: string, lane = ''): Promise<ReadonlyMap<number, Cursor>> {
    return new Map([...(this.#groups.get(groupId)?.get(lane) ?? [])].sort(([a], [b]) => a - b));
  }

  async places(groupId: string): Promise<ReadonlyMap<number, CursorPlace>> {
    return new Map(
      [...(await this.list(groupId))].map(([partition, cursor]) => [partition, placeOf(cursor)]),
    );
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

  async replace(ref: CursorRef, read: Cursor | undefined, next: VersionedCursor): Promise<Replaced> {
    const standing = this.#find(ref);
    const after = replaced(standing, read, next);
    if (after === undefined) return { done: false, standing };
    if (after !== standing) this.#keep(ref, frozenCopy(next));
    return { done: true };
  }

  async deleteAll(groupId: string): Promise<void> {
    this.#groups.delete(groupId);
  }

  #find({ groupId, partition, lane = '' }: CursorRef): Cursor | undefined {
    return this.#groups.get(groupId)?.get(lane)?.get(partition);
  }

  /** A cursor that did not move stays as it is. */
  #keep({ groupId, partition, lane = '' }: CursorRef, cursor: Cursor | undefined): Cursor | undefined {
    if (cursor === undefined) return undefined;
    const lanes = this.#groups.get(groupId) ?? new Map<string, Map<number, Cursor>>();
    const cursors = lanes.get(lane) ?? new Map<number, Cursor>();
    this.#groups.set(groupId, lanes.set(lane, cursors.set(partition, Object.freeze(cursor))));
    return cursor;
  }
}
