import { isLater, type ProducerState } from '../../domain/idempotency/producers.ts';
import { limits } from '../../domain/limits.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { ProducerStore } from '../producers.ts';
import type { Database } from './database.ts';

interface Row {
  readonly state: string;
  readonly expires_at: number;
}

export interface SqliteProducerStore extends ProducerStore {
  /** Deletes what has expired. @returns how many. */
  expire(): Promise<number>;
}

/** Parked producers on SQLite. As with intents, the batch that drops one is written later. */
export const sqliteProducerStore = (database: Database, clock: Pick<Clock, 'now'>): SqliteProducerStore => {
  const standing = (key: string): ProducerState | undefined => {
    const row = database.one<Row>('SELECT state, expires_at FROM producers WHERE key = ?', key);
    return row === undefined || row.expires_at <= clock.now()
      ? undefined
      : (JSON.parse(row.state) as ProducerState);
  };
  return {
    get: async (at: PartitionRef, id: string) => standing(`${partitionKey(at)}/${id}`),
    park: (at, state, now) =>
      database.write('process', () => {
        const key = `${partitionKey(at)}/${state.id}`;
        const known = standing(key);
        if (known !== undefined && !isLater(state, known)) return;
        const sql = 'INSERT OR REPLACE INTO producers (key, state, expires_at) VALUES (?, ?, ?)';
        database.run(sql, key, JSON.stringify(state), now + limits.producerKeptMs);
      }),
    expire: () =>
      database.write('process', () =>
        database.run('DELETE FROM producers WHERE expires_at <= ?', clock.now()),
      ),
  };
};
