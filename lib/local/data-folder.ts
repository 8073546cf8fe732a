import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { codeOf } from '../stores/files/codes.ts';
import { makeFolder } from '../stores/files/folders.ts';
import { whyNot } from '../stores/files/words.ts';

/** Why the broker does not start, for whoever started it: shown as it is, without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** A data folder that this process holds alone, until `release` or its end. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** The path of the database. */
  readonly database: string;
  /** The path of the folder of archived segments. */
  readonly segments: string;
  /** The path of the keys that secrets are sealed by. */
  readonly keyring: string;
  release(): void;
}

/** Text of `path`, or undefined when there is no such file. */
export const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    // A folder is opened, and fails when it is read, without its name.
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
};

/**
 * An error of the system that names a file of the folder, as a sentence for whoever started the broker; any other as it
 * is.
 */
export const asStartError = (error: unknown, { path: folder }: Pick<DataFolder, 'path'>): unknown => {
  const path = error instanceof Error && 'path' in error ? error.path : undefined;
  if (typeof path !== 'string' || !path.startsWith(join(folder, '/'))) return error;
  return new StartError(
    `The file ${path} of the data folder cannot be used: ${whyNot(error)}. Make it usable for this user, or choose ` +
      'another folder with MILLRACE_DATA_DIR.',
    { cause: error },
  );
};

/** Something in the data folder is not what a broker wrote. `remedy` says what can be done, in whole sentences. */
export const damaged = (folder: string, path: string, cause: unknown, remedy: string): StartError => {
  // What is quoted of a file may be long.
  const [why = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return new StartError(
    `The data folder ${folder} is damaged: ${path} cannot be read (${why.slice(0, 200)}). Nothing was changed. ${remedy}`,
    { cause },
  );
};

/**
 * The lock is an SQLite file kept under an exclusive transaction: the system drops it with the process, however that
 * ends, so there is no stale lock to judge and no process id that another program may have taken since.
 */
const lock = (file: string): DatabaseSync | undefined => {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked/.test(error.message)) return undefined;
    if (error instanceof Error && /not a database/.test(error.message))
      throw damaged(dirname(file), file, error, 'It holds nothing: delete it if no broker uses this folder.');
    throw error;
  }
};

const take = (path: string): DatabaseSync | undefined => {
  try {
    makeFolder(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return lock(join(path, 'lock'));
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `The data folder ${path} cannot be used: ${whyNot(error)}. Choose another with MILLRACE_DATA_DIR.`,
      { cause: error },
    );
  }
};

/**
 * Takes the data folder at `folder`, which is made if it is not there, readable by its owner alone.
 * @throws StartError when another process has it, or it cannot be written.
 */
export const openDataFolder = (folder: string): DataFolder => {
  const path = resolve(folder);
  const holder = join(path, 'lock.holder');
  const database = take(path);
  if (database === undefined) {
    const who = readIfThere(holder)?.trim() ?? 'another process';
    throw new StartError(
      `The data folder ${path} is in use by ${who}. End that one first, or give this one a folder of its own with ` +
        'MILLRACE_DATA_DIR (and a port with PORT).',
    );
  }
  try {
    writeFileSync(holder, `process ${process.pid}, started ${new Date().toISOString()}\n`);
  } catch (error) {
    database.close();
    throw asStartError(error, { path });
  }
  return {
    path,
    database: join(path, 'millrace.db'),
    segments: join(path, 'segments'),
    keyring: join(path, 'keyring'),
    release: () => {
      rmSync(holder, { force: true });
      database.close();
    },
  };
};

/** Makes a file, if it is not there, that its owner alone may read; also where it was there before with other rights. */
export const makePrivate = (path: string): void => {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
};

/** Writes a file that its owner alone may read, also where it was there before with other rights. */
export const writePrivately = (path: string, text: string): void => {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
};
