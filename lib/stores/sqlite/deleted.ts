import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Database } from './database.ts';

/** Ids of what was deleted, for as long as somebody may still store it who began before that. */
export class Deleted {
  readonly #database: Database;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(database: Database, clock: Pick<Clock, 'now'>) {
    this.#database = database;
    this.#clock = clock;
  }

  has(id: string): boolean {
    return this.#database.one('SELECT 1 FROM deleted WHERE id = ?', id) !== undefined;
  }

  /** Within a write. */
  add(id: string): void {
    const sql = 'INSERT OR REPLACE INTO deleted (id, deleted_at) VALUES (?, ?)';
    this.#database.run(sql, id, this.#clock.now());
  }

  /** Within a write. Whether it is known as deleted, as one that `isForsaken` is from now on. */
  bar(id: string, isForsaken: boolean): boolean {
    if (isForsaken) this.add(id);
    return isForsaken || this.has(id);
  }

  /** Within a write. */
  forget(id: string): void {
    this.#database.run('DELETE FROM deleted WHERE id = ?', id);
  }

  /** Forgets those whose time is over. @returns how many. */
  expire(): Promise<number> {
    const before = this.#clock.now() - limits.lateWriteMs;
    return this.#database.write('process', () =>
      this.#database.run('DELETE FROM deleted WHERE deleted_at < ?', before),
    );
  }
}
