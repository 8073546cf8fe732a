import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Why the broker does not start, for whoever started it: shown as it is, without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** A data folder that this process holds alone, until `release` or its end. */
export interface DataFolder {
  readonly path: string;
  readonly dynamodb: string;
  readonly sqsAndS3: string;
  release(): void;
}

/** Text of `path`, or undefined when there is no such file. */
export const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * The lock is an SQLite file kept under an exclusive transaction: the system drops it with the process, however that
 * ends, so there is no stale lock to judge and no process id that another program may have taken since.
 */
const lock = (folder: string): DatabaseSync | undefined => {
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked/.test(error.message)) return undefined;
    throw error;
  }
};

/**
 * Takes the data folder at `path`, which is made if it is not there, readable by its owner alone.
 * @throws StartError when another process has it, or it cannot be written.
 */
export const openDataFolder = (path: string): DataFolder => {
  const holder = join(path, 'lock.holder');
  let held: DatabaseSync | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    held = lock(path);
  } catch (error) {
    throw new StartError(
      `The data folder ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}. ` +
        'Choose another with MILLRACE_DATA_DIR.',
      { cause: error },
    );
  }
  if (held === undefined) {
    const who = readIfThere(holder)?.trim() ?? 'another process';
    throw new StartError(
      `The data folder ${path} is in use by ${who}. End that one first, or give this one a folder of its own with ` +
        'MILLRACE_DATA_DIR (and a port with PORT).',
    );
  }
  const database = held;
  writeFileSync(holder, `process ${process.pid}, started ${new Date().toISOString()}\n`);
  return {
    path,
    dynamodb: join(path, 'dynamodb'),
    sqsAndS3: join(path, 'sqs-s3'),
    release: () => {
      rmSync(holder, { force: true });
      database.close();
    },
  };
};

/** Writes a file that its owner alone may read, also where it was there before with other rights. */
export const writePrivately = (path: string, text: string): void => {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
};
