import type { Erasure } from '../../domain/archive/erasures.ts';
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { ErasureRef, ErasureStore } from '../erasures.ts';
import type { Database } from './database.ts';

interface Row {
  readonly erasure: string;
}

const toErasure = ({ erasure }: Row): Erasure => JSON.parse(erasure) as Erasure;
const select = 'SELECT erasure FROM erasures';

export interface SqliteErasureStore extends ErasureStore {
  /** Forgets those whose time is over. @returns how many. */
  expire(): Promise<number>;
}

/** Erasures on SQLite. */
export const sqliteErasureStore = (database: Database, clock: Pick<Clock, 'now'>): SqliteErasureStore => {
  const find = ({ topicId, erasureId }: ErasureRef): Erasure | undefined => {
    const row = database.one<Row>(`${select} WHERE topic_id = ? AND erasure_id = ?`, topicId, erasureId);
    return row && toErasure(row);
  };

  const keep = (erasure: Erasure): void => {
    const { topicId, erasureId, requestedAt } = erasure;
    database.run(
      'INSERT OR REPLACE INTO erasures (topic_id, erasure_id, requested_at, erasure) VALUES (?, ?, ?, ?)',
      topicId,
      erasureId,
      requestedAt,
      JSON.stringify(erasure),
    );
  };

  return {
    put: (erasure) =>
      database.write('disk', () => {
        if (find(erasure) === undefined) keep(erasure);
      }),
    get: async (ref) => find(ref),
    list: async (topicId) => {
      const order = 'ORDER BY topic_id, erasure_id';
      const rows =
        topicId === undefined
          ? database.all<Row>(`${select} ${order}`)
          : database.all<Row>(`${select} WHERE topic_id = ? ${order}`, topicId);
      return rows.map(toErasure);
    },
    note: (ref, partition, progress) =>
      database.write('disk', () => {
        const standing = find(ref);
        if (standing === undefined || standing.progress[partition]?.isDone === true) return;
        keep({ ...standing, progress: { ...standing.progress, [partition]: progress } });
      }),
    expire: () =>
      database.write('process', () =>
        database.run('DELETE FROM erasures WHERE requested_at < ?', clock.now() - limits.erasureKeptMs),
      ),
  };
};
