import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isAbsent } from '../../lib/stores/files/codes.ts';
import { whyNot } from '../../lib/stores/files/words.ts';
import { Database, EarlierSchemaError, LaterSchemaError } from '../../lib/stores/sqlite/database.ts';
import { Deleted } from '../../lib/stores/sqlite/deleted.ts';
import { sqlitePartitionStore } from '../../lib/stores/sqlite/partitions.ts';
import { sqliteSegmentStore } from '../../lib/stores/sqlite/segments.ts';
import { sqliteTopicStore } from '../../lib/stores/sqlite/topics.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { CommandError, messageOf } from '../failure.ts';
import type { Archive } from './archive.ts';
import { type ArchivedTopic, readManifest } from './manifest.ts';
import type { TopicFiles } from './views.ts';

const open = (file: string): Database => {
  try {
    return new Database(file, { readOnly: true });
  } catch (cause) {
    if (cause instanceof EarlierSchemaError)
      throw new CommandError(
        `${file}: ${cause.message} Start the broker on it once: there is no archive yet.`,
      );
    const why = messageOf(cause);
    if (cause instanceof LaterSchemaError) throw new CommandError(`${file}: ${why}`);
    throw new CommandError(`${file} cannot be read: ${why}.`, { cause });
  }
};

const manifestIn = async (file: string): Promise<readonly ArchivedTopic[]> => {
  const database = open(file);
  try {
    return await readManifest({
      topics: sqliteTopicStore(database, new Deleted(database, systemClock)),
      partitions: sqlitePartitionStore(database),
      segments: sqliteSegmentStore(database),
    });
  } finally {
    database.close();
  }
};

/** @throws CommandError where the file is not there, or not to be seen. */
const refuseWithout = (folder: string, file: string): void => {
  try {
    statSync(file);
  } catch (cause) {
    if (!isAbsent(cause)) throw new CommandError(`${file} cannot be read: ${whyNot(cause)}.`, { cause });
    throw new CommandError(
      `There is no archive in ${folder}: it is not the data folder of a broker (no millrace.db). Give another with --data, or a deployed one with --stack.`,
    );
  }
};

/**
 * The archive in the data folder of a broker of one machine, which may be running: nothing there is written.
 * @throws CommandError where there is none.
 */
export const dataFolderArchive = (folder: string): Archive => {
  const path = resolve(folder);
  const file = join(path, 'millrace.db');
  refuseWithout(path, file);
  return {
    open: async () =>
      (await manifestIn(file)).map(
        ({ name, partitions }): TopicFiles => ({
          name,
          partitions: partitions.map(({ segments, ...partition }) => ({
            ...partition,
            files: segments.map(({ object }) => join(path, 'segments', object)),
          })),
        }),
      ),
    close: async () => undefined,
  };
};
