import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

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
  release(): void;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

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

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EROFS: 'its file system can only be read',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'it is a file',
  EISDIR: 'it is a folder',
  ENOENT: 'nothing can be made there',
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's share of the disk is full",
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead in a circle',
};

/** Why a path cannot be used, as the end of a sentence. */
const whyNot = (error: unknown): string => {
  const code = codeOf(error) ?? '';
  const text = error instanceof Error ? error.message : String(error);
  return reasons[code] === undefined ? text : `${reasons[code]} (${code})`;
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

/** `mkdirSync` with `recursive` tries for ever where the system lets nothing be made, as in /proc. */
const makeFolder = (path: string): void => {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === 'EEXIST' && statSync(path).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || parent === path || existsSync(parent)) throw error;
    makeFolder(parent);
    mkdirSync(path, { mode: 0o700 });
  }
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
    makeFolder(path);
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
