import type { ApiKey } from '../../domain/keys.ts';
import type { KeyStore } from '../keys.ts';
import type { Database } from './database.ts';
import type { Deleted } from './deleted.ts';

interface Row {
  readonly key: string;
}

const toKey = ({ key }: Row): ApiKey => JSON.parse(key) as ApiKey;

/** API keys on SQLite. */
export const sqliteKeyStore = (database: Database, deleted: Deleted): KeyStore => ({
  put: (key) =>
    database.write('disk', () => {
      if (deleted.has(key.keyId)) return;
      const sql = 'INSERT INTO keys (key_id, key) VALUES (?, ?) ON CONFLICT DO NOTHING';
      database.run(sql, key.keyId, JSON.stringify(key));
    }),
  establish: (key) =>
    database.write('disk', () => {
      deleted.forget(key.keyId);
      database.run('INSERT OR REPLACE INTO keys (key_id, key) VALUES (?, ?)', key.keyId, JSON.stringify(key));
    }),
  get: async (keyId) => {
    const row = database.one<Row>('SELECT key FROM keys WHERE key_id = ?', keyId);
    return row && toKey(row);
  },
  list: async () => database.all<Row>('SELECT key FROM keys ORDER BY key_id').map(toKey),
  change: (keyId, apply) =>
    database.write('disk', () => {
      const row = database.one<Row>('SELECT key FROM keys WHERE key_id = ?', keyId);
      if (row === undefined) return undefined;
      const changed = apply(toKey(row));
      database.run('UPDATE keys SET key = ? WHERE key_id = ?', JSON.stringify(changed), keyId);
      return changed;
    }),
  delete: (keyId) =>
    database.write('disk', () => {
      const isGone = database.run('DELETE FROM keys WHERE key_id = ?', keyId) > 0;
      if (isGone) deleted.add(keyId);
      return isGone;
    }),
});
