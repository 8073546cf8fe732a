import { partitionKey } from '../../domain/records/records.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Intent, IntentRef, IntentStore } from '../intents.ts';
import type { Database } from './database.ts';

interface Row {
  readonly slot: number;
  readonly attempt: string;
  readonly digest: string;
  readonly expires_at: number;
}

const toIntent = ({ slot, attempt, digest, expires_at }: Row): Intent => ({
  slot,
  attempt,
  digest,
  expiresAt: expires_at,
});

const keyOf = (ref: IntentRef): string => `${partitionKey(ref)}/${ref.key}`;

/** Forgotten in one write: some ms, in which nothing else is done. */
const expiredAtOnce = 1_000;

export interface SqliteIntentStore extends IntentStore {
  /** Deletes what has expired. @returns how many. */
  expire(): Promise<number>;
}

/**
 * Intents on SQLite. None needs to survive a power failure by itself: the batch that it is for is written later, and what reaches the
 * disk does so in order.
 */
export const sqliteIntentStore = (database: Database, clock: Pick<Clock, 'now'>): SqliteIntentStore => {
  const standing = (key: string): Intent | undefined => {
    const sql = 'SELECT slot, attempt, digest, expires_at FROM intents WHERE key = ?';
    const row = database.one<Row>(sql, key);
    return row && toIntent(row);
  };
  const put = (key: string, { slot, attempt, digest, expiresAt }: Intent): void => {
    const sql =
      'INSERT OR REPLACE INTO intents (key, slot, attempt, digest, expires_at) VALUES (?, ?, ?, ?, ?)';
    database.run(sql, key, slot, attempt, digest, expiresAt);
  };
  return {
    begin: (ref, intent, now) =>
      database.write('process', () => {
        const key = keyOf(ref);
        const known = standing(key);
        if (known !== undefined && known.expiresAt > now) return known;
        put(key, intent);
        return intent;
      }),
    find: async (ref) => standing(keyOf(ref)),
    move: (ref, { attempt, slot, expiresAt }) =>
      database.write('process', () => {
        const sql = 'UPDATE intents SET slot = ?, expires_at = ? WHERE key = ? AND attempt = ? AND slot <= ?';
        return database.run(sql, slot, expiresAt, keyOf(ref), attempt, slot) === 1;
      }),
    takeOver: (ref, { attempt, by, expiresAt }) =>
      database.write('process', () => {
        const key = keyOf(ref);
        const known = standing(key);
        if (known?.attempt === by) return known;
        if (known?.attempt !== attempt) return undefined;
        const taken = { ...known, attempt: by, expiresAt };
        put(key, taken);
        return taken;
      }),
    expire: async () => {
      const sql =
        'DELETE FROM intents WHERE key IN (SELECT key FROM intents WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)';
      const now = clock.now();
      for (let forgotten = 0; ; ) {
        const few = await database.write('process', () => database.run(sql, now, expiredAtOnce));
        forgotten += few;
        if (few < expiredAtOnce) return forgotten;
      }
    },
  };
};
