import type { Cursor, CursorPlace, CursorRef } from '../../domain/groups/cursors.ts';
import { acquired, moved, released, replaced } from '../cursor-moves.ts';
import type { CursorStore } from '../cursors.ts';
import { fromKept, type KeptCursor, toKept } from '../kept-cursors.ts';
import type { Database } from './database.ts';

type Nullable<T> = { readonly [Name in keyof T]-?: undefined extends T[Name] ? T[Name] | null : T[Name] };
type Row = Nullable<KeptCursor> & { readonly partition: number };
type PlaceRow = Nullable<CursorPlace> & { readonly partition: number };

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
  'version',
  'writeId',
  'handedOut',
  'ackUntil',
  'deadLettered',
  'refusals',
  'refusedSince',
  'suspectEnd',
  'deadRow',
  'stuck',
  'wakeAt',
  'filtered',
  'runs',
] as const;
const columns = [...always, ...sometimes];

const select = `SELECT partition, ${columns.join(', ')} FROM cursors WHERE group_id = ? AND lane = ?`;
const put = `INSERT OR REPLACE INTO cursors (group_id, lane, partition, ${columns.join(', ')})
  VALUES (?, ?, ?, ${columns.map(() => '?').join(', ')})`;

const selectPlaces =
  "SELECT partition, committed, lost, filtered, deadLettered FROM cursors WHERE group_id = ? AND lane = '' ORDER BY partition";

const withoutNulls = <T>(members: Nullable<T>): T =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as unknown as T;

const toCursor = ({ partition: _partition, ...members }: Row): Cursor =>
  fromKept(withoutNulls<KeptCursor>(members));

/**
 * Cursors on SQLite. A move outlives the process. By a power failure the last may be lost: what was delivered under it is
 * delivered again.
 */
export const sqliteCursorStore = (database: Database): CursorStore => {
  const findRow = ({ groupId, partition, lane = '' }: CursorRef): Row | undefined =>
    database.one<Row>(`${select} AND partition = ?`, groupId, lane, partition);

  const find = (ref: CursorRef): Cursor | undefined => {
    const row = findRow(ref);
    return row && toCursor(row);
  };

  const keep = (ref: CursorRef, cursor: Cursor): void => {
    const kept = toKept(cursor);
    const values = columns.map((name) => kept[name] ?? null);
    database.run(put, ref.groupId, ref.lane ?? '', ref.partition, ...values);
  };

  /** Moves the cursor to what `move` makes of it. A cursor that it gives back as it is stays as it is. */
  const change = (ref: CursorRef, move: (standing: Cursor | undefined) => Cursor | undefined) =>
    database.write('process', () => {
      const standing = find(ref);
      const cursor = move(standing);
      if (cursor !== undefined && cursor !== standing) keep(ref, cursor);
      return { standing, cursor };
    });

  return {
    get: async (ref) => find(ref),
    list: async (groupId, lane = '') =>
      new Map(
        database
          .all<Row>(`${select} ORDER BY partition`, groupId, lane)
          .map((row) => [row.partition, toCursor(row)]),
      ),
    places: async (groupId) =>
      new Map(
        database
          .all<PlaceRow>(selectPlaces, groupId)
          .map(({ partition, ...members }) => [partition, withoutNulls<CursorPlace>(members)]),
      ),
    acquire: async (ref, acquisition) => {
      const { standing, cursor } = await change(ref, (found) => acquired(found, acquisition));
      return cursor === undefined ? { taken: false, cursor: standing } : { taken: true, cursor };
    },
    commit: async (ref, commit) => (await change(ref, (found) => moved(found, commit))).cursor !== undefined,
    release: async (ref, release) =>
      (await change(ref, (found) => released(found, release))).cursor !== undefined,
    replace: (ref, read, next) =>
      database.write('process', () => {
        const row = findRow(ref);
        // Of what stands no more is looked at than its versions: its runs stay text, unless they are told.
        const { runs: _text, ...bare } = row ?? {};
        const standing = row === undefined ? undefined : withoutNulls<Cursor>(bare as Nullable<Cursor>);
        const cursor = replaced(standing, read, next);
        if (cursor === undefined) return { done: false, standing: row && toCursor(row) };
        if (cursor !== standing) keep(ref, cursor);
        return { done: true };
      }),
    deleteAll: (groupId) =>
      database.write('process', () => {
        database.run('DELETE FROM cursors WHERE group_id = ?', groupId);
      }),
  };
};
