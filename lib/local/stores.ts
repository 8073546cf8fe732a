import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamoDBRecord } from 'aws-lambda';
import { fileObjectStore } from '../stores/files/objects.ts';
import type { ObjectStore } from '../stores/objects.ts';
import { Database } from '../stores/sqlite/database.ts';
import { sqliteStores } from '../stores/sqlite/stores.ts';
import type { Stores } from '../stores/stores.ts';
import type { WakeQueue, WakeReceipts, WakeReceiver } from '../stores/wake-queue.ts';
import type { Clock } from '../surroundings/clock.ts';
import { type DataFolder, damaged, makePrivate, StartError } from './data-folder.ts';

/** Tells of what is written to the log, as the log table's stream does on AWS. */
export interface LogStream {
  start(): void;
  stop(): Promise<void>;
}

/** Every store of the product, as the runtime of one machine needs them. */
export interface LocalStores extends Stores {
  readonly objects: ObjectStore;
  readonly queue: WakeQueue & WakeReceipts & WakeReceiver;
  /** Where the log tells of its writes by itself, and others than this process may write there. */
  readonly stream?: (push: (record: DynamoDBRecord) => void) => LogStream;
  /** Deletes what is kept for a time alone. */
  expire(): Promise<unknown>;
  stop(): Promise<void>;
}

/** An older version kept its records here, in a form that only it can read. */
const refuseOlderKind = (path: string): void => {
  const older = join(path, 'dynamodb');
  if (!existsSync(older)) return;
  throw new StartError(
    `The data folder ${path} is of an older version of Millrace, which kept its records in ${older}: this one cannot ` +
      'read them. Nothing was changed. To keep them, start that older version on this folder, and copy what you need by ' +
      'fetching it there and producing it here. To begin anew, choose another folder with MILLRACE_DATA_DIR.',
  );
};

const openDatabase = ({ path, database }: DataFolder): Database => {
  // SQLite gives the files beside it the same rights.
  makePrivate(database);
  try {
    return new Database(database);
  } catch (error) {
    throw damaged(
      path,
      database,
      error,
      'Put back a copy of the data folder that was made while no broker ran, or begin with an empty one: ' +
        'MILLRACE_DATA_DIR names another.',
    );
  }
};

/**
 * Opens the database of the data folder, and the segments beside it, which are made if they are not there.
 * @throws StartError when it cannot be read.
 */
export const openStores = async (folder: DataFolder, clock: Clock): Promise<LocalStores> => {
  refuseOlderKind(folder.path);
  const database = openDatabase(folder);
  const { wakes, ...stores } = sqliteStores(database, { clock });
  const objects = fileObjectStore(folder.segments);
  return { ...stores, objects, queue: wakes, stop: async () => database.close() };
};
