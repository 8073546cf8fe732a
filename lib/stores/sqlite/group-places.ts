import { isDeepStrictEqual } from 'node:util';
import type { GroupPlaces } from '../../domain/groups/places.ts';
import type { GroupStore } from '../groups.ts';
import type { Database } from './database.ts';

/** The places of a topic's groups on SQLite. */
export const sqliteGroupPlaces = (
  database: Database,
): Pick<GroupStore, 'places' | 'replacePlaces' | 'deletePlaces'> => {
  const standing = (topicId: string): GroupPlaces | undefined => {
    const sql = 'SELECT places FROM group_places WHERE topic_id = ?';
    const row = database.one<{ readonly places: string }>(sql, topicId);
    return row && (JSON.parse(row.places) as GroupPlaces);
  };
  return {
    places: async (topicId) => standing(topicId),
    replacePlaces: (topicId, read, places) =>
      database.write('disk', () => {
        const found = standing(topicId);
        const changed = { version: (read?.version ?? 0) + 1, places };
        if (isDeepStrictEqual(found, changed)) return changed;
        if (found?.version !== read?.version) return undefined;
        const sql = 'INSERT OR REPLACE INTO group_places (topic_id, places) VALUES (?, ?)';
        database.run(sql, topicId, JSON.stringify(changed));
        return changed;
      }),
    deletePlaces: (topicId) =>
      database.write('disk', () => {
        database.run('DELETE FROM group_places WHERE topic_id = ?', topicId);
      }),
  };
};
