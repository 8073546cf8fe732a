import type { AttemptOutcome, LoggedAttempt } from '../../domain/delivery/attempts.ts';
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { type OutcomePage, pageOf } from '../attempt-pages.ts';
import type { AttemptQuery, AttemptStore } from '../attempts.ts';
import type { Database } from './database.ts';

interface Row {
  readonly at: number;
  readonly attempt_id: string;
  readonly endpoint_id: string;
  readonly attempt: string;
}

export interface SqliteAttemptStore extends AttemptStore {
  /** Deletes those that are not kept any more. @returns how many. */
  expire(): Promise<number>;
}

/** Forgotten in one write: some ms, in which nothing else is done. */
const expiredAtOnce = 1_000;

/** The attempt log on SQLite. A power failure may take the last of it. */
export const sqliteAttemptStore = (database: Database, clock: Pick<Clock, 'now'>): SqliteAttemptStore => ({
  put: (groupId, attempt) =>
    database.write('process', () => {
      const { attemptId, at, outcome, endpointId } = attempt;
      const sql =
        'INSERT OR IGNORE INTO attempts (group_id, outcome, at, attempt_id, endpoint_id, attempt) VALUES (?, ?, ?, ?, ?, ?)';
      database.run(sql, groupId, outcome, at, attemptId, endpointId, JSON.stringify(attempt));
    }),
  list: (groupId, query) => pageOf(query, async (outcome) => ofOutcome(database, groupId, outcome, query)),
  expire: async () => {
    const sql =
      'DELETE FROM attempts WHERE rowid IN (SELECT rowid FROM attempts WHERE at < ? ORDER BY at LIMIT ?)';
    const oldest = clock.now() - limits.attemptKeptMs;
    for (let forgotten = 0; ; ) {
      const few = await database.write('process', () => database.run(sql, oldest, expiredAtOnce));
      forgotten += few;
      if (few < expiredAtOnce) return forgotten;
    }
  },
});

/** One row more than there may be answered with says whether there is more. */
const ofOutcome = (
  database: Database,
  groupId: string,
  outcome: AttemptOutcome,
  { endpointId, from, to = Number.MAX_SAFE_INTEGER, before, limit }: AttemptQuery,
): OutcomePage => {
  const sql = `SELECT at, attempt_id, endpoint_id, attempt FROM attempts
    WHERE group_id = ? AND outcome = ? AND at >= ? AND at < ? AND (at, attempt_id) < (?, ?)
    ORDER BY at DESC, attempt_id DESC LIMIT ?`;
  const looked = endpointId === undefined ? limit : limits.attemptsLookedAt;
  const upper = [before?.at ?? Number.MAX_SAFE_INTEGER, before?.attemptId ?? ''] as const;
  const rows = database.all<Row>(sql, groupId, outcome, from, to, ...upper, looked + 1);
  const seen = rows.slice(0, looked);
  const last = rows.length > looked ? seen.at(-1) : undefined;
  return {
    attempts: seen
      .filter((row) => endpointId === undefined || row.endpoint_id === endpointId)
      .map((row) => JSON.parse(row.attempt) as LoggedAttempt),
    ...(last !== undefined && { through: { at: last.at, attemptId: last.attempt_id } }),
  };
};
