import type { Pace } from '../../domain/delivery/pace.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { fromKept, type KeptPace, toKept } from '../kept-paces.ts';
import { isSamePace, type PaceRef, type PaceStore } from '../paces.ts';
import type { Database } from './database.ts';

export interface SqlitePaceStore extends PaceStore {
  /** Deletes those that were not written for a day. @returns how many. */
  expire(): Promise<number>;
}

const keptMs = 24 * 60 * 60_000;

/** Paces on SQLite. By a power failure the last may be lost, as the requests that were under way are. */
export const sqlitePaceStore = (database: Database, clock: Pick<Clock, 'now'>): SqlitePaceStore => {
  const find = ({ groupId, endpointId }: PaceRef): Pace | undefined => {
    const sql = 'SELECT pace FROM paces WHERE group_id = ? AND endpoint_id = ?';
    const row = database.one<{ pace: string }>(sql, groupId, endpointId);
    return row && fromKept(JSON.parse(row.pace) as KeptPace);
  };
  return {
    get: async (ref) => find(ref),
    replace: (ref, read, next) =>
      database.write('process', () => {
        const standing = find(ref);
        if (isSamePace(standing, next)) return { done: true };
        if (!isSamePace(standing, read)) return { done: false, standing };
        const sql =
          'INSERT OR REPLACE INTO paces (group_id, endpoint_id, pace, written_at) VALUES (?, ?, ?, ?)';
        database.run(sql, ref.groupId, ref.endpointId, JSON.stringify(toKept(next)), clock.now());
        return { done: true };
      }),
    deleteAll: (groupId) =>
      database.write('process', () => {
        database.run('DELETE FROM paces WHERE group_id = ?', groupId);
      }),
    expire: () =>
      database.write('process', () =>
        database.run('DELETE FROM paces WHERE written_at <= ?', clock.now() - keptMs),
      ),
  };
};
