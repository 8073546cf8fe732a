import { randomUUID } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeyringKeeper } from '../keyrings.ts';
import { codeOf } from './codes.ts';
import { writeWhole } from './writing.ts';

/** The keyring as a file that its owner alone may read. @param path absolute. */
export const fileKeyringStore = (path: string): KeyringKeeper => ({
  read: () => read(path),
  create: async (text) => {
    const folder = dirname(path);
    await writeWhole({ folder, path, draft: `${path}.${randomUUID()}` }, Buffer.from(text));
    return (await read(path)) === text;
  },
  change: (change) => changeFile(path, change),
});

const read = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new Error(`There is no keyring: the file ${path} is not there.`, { cause: error });
  }
};

/** Whoever has the draft changes the file alone: of two at the same time one is told so. */
const changeFile = async (path: string, change: (text: string) => string): Promise<void> => {
  const draft = `${path}.new`;
  const handle = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
    const why = `The keyring is being changed, or that was broken off: ${draft} is there.`;
    throw new Error(`${why} Delete it if nobody is at it.`, { cause: error });
  });
  try {
    await handle.writeFile(change(await read(path)));
    await handle.sync();
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path));
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
