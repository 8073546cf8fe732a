import type { Removal, RemovalKind, RemovalPage, RemovalStore } from '../removals.ts';
import type { Database } from './database.ts';

interface Row {
  readonly removal: string;
}

/** What deletions left to be removed, on SQLite. */
export const sqliteRemovalStore = (database: Database): RemovalStore => ({
  put: (removal) =>
    database.write('disk', () => {
      const sql = 'INSERT INTO removals (kind, id, removal) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
      database.run(sql, removal.kind, removal.id, JSON.stringify(removal));
    }),
  list: async <Kind extends RemovalKind>(kind: Kind, { limit, after = '' }: RemovalPage) =>
    database
      .all<Row>(
        'SELECT removal FROM removals WHERE kind = ? AND id > ? ORDER BY id LIMIT ?',
        kind,
        after,
        limit,
      )
      .map(({ removal }) => JSON.parse(removal) as Extract<Removal, { kind: Kind }>),
  noteClosed: (topicId, closedAt) =>
    database.write('disk', () => {
      database.run(
        `UPDATE removals SET removal = json_set(removal, '$.closedAt', ?)
         WHERE kind = 'topic' AND id = ? AND removal ->> '$.closedAt' IS NULL`,
        closedAt,
        topicId,
      );
    }),
  delete: ({ kind, id }) =>
    database.write('disk', () => {
      database.run('DELETE FROM removals WHERE kind = ? AND id = ?', kind, id);
    }),
});
