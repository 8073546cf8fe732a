import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { NotSentError, OutcomeUnknownError, Problem, RefusedError } from '../../domain/errors.ts';
import { migrations, schema, schemaVersion } from './schema.ts';

/**
 * What a write survives once it was answered. `disk`: a power failure. `process`: the end of the process, `kill -9`
 * included; for what the next start finds out again, or the worst of whose loss is a repetition. Writes reach the disk in
 * their order, so a power failure takes nothing but the last of them.
 */
export type Survives = 'disk' | 'process';

interface Write {
  readonly survives: Survives;
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** For so long what nobody waits for may wait for something else to be written. */
const soonMs = 20;

type Done = { readonly value: unknown } | { readonly problem: Problem };

/** The file holds what a later version wrote, and this one cannot know what it means. */
export class LaterSchemaError extends Error {
  override readonly name = 'LaterSchemaError';
}

/** The file is as an earlier version left it, and is not to be changed. */
export class EarlierSchemaError extends Error {
  override readonly name = 'EarlierSchemaError';
}

/**
 * What opens a file for reading alone. SQLite makes two files beside one that it reads in WAL mode, unless it is told that nothing
 * changes the file: so it is where no such file says that a process has it open, or was killed.
 */
const unchanging = (file: string): URL | string => {
  if (existsSync(`${file}-wal`)) return file;
  const url = pathToFileURL(file);
  url.search = '?immutable=1';
  return url;
};

export interface DatabaseOptions {
  /** Changes nothing, neither in the file nor beside it; another process may write to it meanwhile. */
  readonly readOnly?: boolean;
}

/**
 * One SQLite database, and its writes in groups: what one turn of the event loop asks for is one transaction, and one
 * wait for the disk (group commit). SQLite works in this thread. While it waits for the disk, what arrives waits in its
 * sockets, and is the next group: the slower the disk, the larger the groups. A second thread would take as long for a
 * lone write, and a message there and back for each group. One connection is also what keeps clear of a fault that SQLite
 * had up to 3.51.2 where two write or checkpoint at the same instant (sqlite.org/wal.html#walresetbug).
 *
 * Reads are made at once, and see what was committed.
 */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Write[] = [];
  /** What commits them at the end of this turn, or soon. */
  #now: NodeJS.Immediate | undefined;
  #soon: NodeJS.Timeout | undefined;
  #synchronous: Survives | undefined;

  /**
   * @param file its path; `:memory:` keeps nothing.
   * @throws LaterSchemaError, EarlierSchemaError; what SQLite throws where the file cannot be used.
   */
  constructor(file: string, { readOnly = false }: DatabaseOptions = {}) {
    this.#database = new DatabaseSync(readOnly ? unchanging(file) : file, { readOnly });
    try {
      if (readOnly) {
        this.#requireVersion();
        return;
      }
      // WAL: a commit is an append to one file. Whoever copies the database keeps that from beginning anew, so it grows
      // meanwhile: afterwards it is cut.
      this.#database.exec(`
        PRAGMA journal_mode = WAL;
        PRAGMA journal_size_limit = ${64 * 2 ** 20};
        PRAGMA cache_size = -32000
      `);
      this.#migrate();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** @throws LaterSchemaError */
  #version(): number {
    const version = this.one<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
    if (version > schemaVersion)
      throw new LaterSchemaError(
        `It was written by a later version of Millrace (layout ${version}; this one knows ${schemaVersion}).`,
      );
    return version;
  }

  #requireVersion(): void {
    const version = this.#version();
    if (version < schemaVersion)
      throw new EarlierSchemaError(
        `It was written by an earlier version of Millrace (layout ${version}; this one reads ${schemaVersion}).`,
      );
  }

  #migrate(): void {
    const version = this.#version();
    if (version === schemaVersion) return;
    this.#setSynchronous('disk');
    const steps = Array.from({ length: schemaVersion - version }, (_, step) => migrations[version + step]);
    const changes = version === 0 ? schema : steps.join(';\n');
    this.#database.exec(`BEGIN IMMEDIATE; ${changes}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
  }

  /** The prepared statement of `sql`, of which there are as many as this code has texts. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }

  /** The first row. `Row` is what the statement selects. */
  one<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.statement(sql).get(...parameters) as Row | undefined;
  }

  /** Every row. */
  all<Row>(sql: string, ...parameters: SQLInputValue[]): readonly Row[] {
    return this.statement(sql).all(...parameters) as readonly unknown[] as readonly Row[];
  }

  /** Changes rows, within a write. @returns how many. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.statement(sql).run(...parameters).changes);
  }

  /**
   * Has `work` done in the next transaction, in which nothing else comes between its reads and its writes, and gives what
   * it gave once that is committed. A `Problem` that it throws before it has changed anything undoes nobody else's work.
   * @throws NotSentError when it was certainly not done; RefusedError when neither it was, nor will be while the disk is full;
   *   OutcomeUnknownError when it cannot be known.
   */
  write<T>(survives: Survives, work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#now ??= setImmediate(() => this.#commitWaiting());
      this.#waiting.push({ survives, work, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /**
   * Has `work` done with the next write, or else within some milliseconds: no later than anything that is asked for after
   * it. Nobody is told when that was, nor that it could not be done.
   */
  writeSoon(work: () => void): void {
    const done = (): void => undefined;
    this.#waiting.push({ survives: 'process', work, resolve: done, reject: done });
    this.#soon ??= setTimeout(() => this.#commitWaiting(), soonMs);
  }

  /** Commits what waits, and closes the file. */
  close(): void {
    this.#commitWaiting();
    this.#database.close();
  }

  #commitWaiting(): void {
    clearImmediate(this.#now);
    clearTimeout(this.#soon);
    [this.#now, this.#soon] = [undefined, undefined];
    const writes = this.#waiting;
    if (writes.length === 0) return;
    this.#waiting = [];
    let done: readonly Done[];
    try {
      done = this.#transaction(writes);
    } catch (error) {
      for (const { reject } of writes) reject(error);
      return;
    }
    for (const [index, { resolve, reject }] of writes.entries()) {
      const result = done[index];
      if (result !== undefined && 'problem' in result) reject(result.problem);
      else resolve(result?.value);
    }
  }

  #transaction(writes: readonly Write[]): readonly Done[] {
    let isCommitting = false;
    try {
      this.#setSynchronous(writes.some(({ survives }) => survives === 'disk') ? 'disk' : 'process');
      this.statement('BEGIN IMMEDIATE').run();
      const done = writes.map(({ work }) => attempted(work));
      isCommitting = true;
      this.statement('COMMIT').run();
      return done;
    } catch (cause) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      if (isFull(cause))
        throw new RefusedError('The disk is full: the database takes no more until there is room.', {
          cause,
        });
      throw isCommitting
        ? new OutcomeUnknownError('The database did not say whether it has the write.', { cause })
        : new NotSentError('The database did not take the write.', { cause });
    }
  }

  /** With FULL a commit waits for the disk; with NORMAL the file system has it when it returns (sqlite.org/pragma.html). */
  #setSynchronous(survives: Survives): void {
    if (this.#synchronous === survives) return;
    this.#database.exec(`PRAGMA synchronous = ${survives === 'disk' ? 'FULL' : 'NORMAL'}`);
    this.#synchronous = survives;
  }
}

/** SQLITE_FULL (sqlite.org/rescode.html). What was to be committed is then rolled back, whichever step it comes from. */
const isFull = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === 13;

const attempted = (work: () => unknown): Done => {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof Problem) return { problem: error };
    throw error;
  }
};
