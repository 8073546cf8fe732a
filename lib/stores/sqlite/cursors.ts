import type { Cursor, CursorRef } from '../../domain/groups/cursors.ts';
import { acquired, moved, released } from '../cursor-moves.ts';
import type { CursorStore } from '../cursors.ts';
import type { Database } from './database.ts';

type Nullable<T> = { readonly [Name in keyof T]-?: undefined extends T[Name] ? T[Name] | null : T[Name] };
type Row = Nullable<Cursor> & { readonly partition: number };

/** Those that every cursor has, and those that mean something now and then. */
const always = ['committed', 'epoch', 'leaseUntil', 'attempts', 'retryAt'] as const;
const sometimes = [
  'owner',
  'pendingEnd',
  'lastFailure',
  'failingSince',
  'failedAt',
  'outageMs',
  'lost',
] as const;
const columns = [...always, ...sometimes];

const select = `SELECT partition, ${columns.join(', ')} FROM cursors WHERE group_id = ?`;
const replace = `INSERT OR REPLACE INTO cursors (group_id, partition, ${columns.join(', ')})
  VALUES (?, ?, ${columns.map(() => '?').join(', ')})`;

const toCursor = ({ partition: _partition, ...members }: Row): Cursor =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as unknown as Cursor;

/**
 * Cursors on SQLite. A move outlives the process. By a power failure the last may be lost: what was delivered under it is
 * delivered again.
 */
export const sqliteCursorStore = (database: Database): CursorStore => {
  const find = ({ groupId, partition }: CursorRef): Cursor | undefined => {
    const row = database.one<Row>(`${select} AND partition = ?`, groupId, partition);
    return row && toCursor(row);
  };

  /** Moves the cursor to what `move` makes of it. A cursor that it gives back as it is stays as it is. */
  const change = (ref: CursorRef, move: (standing: Cursor | undefined) => Cursor | undefined) =>
    database.write('process', () => {
      const standing = find(ref);
      const cursor = move(standing);
      if (cursor !== undefined && cursor !== standing) {
        const values = columns.map((name) => cursor[name] ?? null);
        database.run(replace, ref.groupId, ref.partition, ...values);
      }
      return { standing, cursor };
    });

  return {
    get: async (ref) => find(ref),
    list: async (groupId) =>
      new Map(
        database
          .all<Row>(`${select} ORDER BY partition`, groupId)
          .map((row) => [row.partition, toCursor(row)]),
      ),
    acquire: async (ref, acquisition) => {
      const { standing, cursor } = await change(ref, (found) => acquired(found, acquisition));
      return cursor === undefined ? { taken: false, cursor: standing } : { taken: true, cursor };
    },
    commit: async (ref, commit) => (await change(ref, (found) => moved(found, commit))).cursor !== undefined,
    release: async (ref, release) =>
      (await change(ref, (found) => released(found, release))).cursor !== undefined,
    deleteAll: (groupId) =>
      database.write('process', () => {
        database.run('DELETE FROM cursors WHERE group_id = ?', groupId);
      }),
  };
};
