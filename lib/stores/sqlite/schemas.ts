import type { SchemaVersion } from '../../domain/schemas.ts';
import type { SchemaStore } from '../schemas.ts';
import type { Database } from './database.ts';

interface Row {
  readonly definition: string;
}

const toVersion = ({ definition }: Row): SchemaVersion => JSON.parse(definition) as SchemaVersion;
const select = 'SELECT definition FROM schemas WHERE topic_id = ?';

/** Versions of schemas on SQLite. */
export const sqliteSchemaStore = (database: Database): SchemaStore => ({
  put: (topicId, version) =>
    database.write('disk', () => {
      database.run(
        'INSERT INTO schemas (topic_id, version, schema_id, definition) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        topicId,
        version.version,
        version.schemaId,
        JSON.stringify(version),
      );
    }),
  get: async (topicId, { version, schemaId }) => {
    const row = database.one<Row>(`${select} AND version = ? AND schema_id = ?`, topicId, version, schemaId);
    return row && toVersion(row);
  },
  list: async (topicId) => database.all<Row>(`${select} ORDER BY version, schema_id`, topicId).map(toVersion),
  deleteAll: (topicId) =>
    database.write('process', () => {
      database.run('DELETE FROM schemas WHERE topic_id = ?', topicId);
    }),
});
