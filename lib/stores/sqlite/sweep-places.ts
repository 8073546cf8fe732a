import type { SweepPlace, SweepPlaceStore } from '../sweep-places.ts';
import type { Database } from './database.ts';

/** The sweep's place on SQLite. */
export const sqliteSweepPlaceStore = (database: Database): SweepPlaceStore => ({
  get: async () => {
    const row = database.one<{ place: string }>('SELECT place FROM sweep_place');
    return row === undefined ? {} : (JSON.parse(row.place) as SweepPlace);
  },
  set: (place) =>
    database.write('process', () => {
      const sql = 'INSERT OR REPLACE INTO sweep_place (only, place) VALUES (1, ?)';
      database.run(sql, JSON.stringify(place));
    }),
});
