import { rmSync } from 'node:fs';
import { type FileHandle, open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RefusedError } from '../../domain/errors.ts';
import {
  type ByteRange,
  ObjectMissingError,
  type ObjectPage,
  type ObjectStore,
  type StoredObject,
} from '../objects.ts';
import { codeOf, isAbsent } from './codes.ts';
import { writeWhole } from './writing.ts';

/** A part of a name, between slashes. None begins with a dot: such files are not objects, and `..` leaves the folder. */
const part = /^[0-9A-Za-z=_-][0-9A-Za-z=._-]*$/;

/** What is being written, and what a process that ended meanwhile left of that. */
const drafts = '.drafts';

/**
 * Objects as files under a folder, which is made by the first put and is this process's alone. Files and folders are
 * their owner's. What the folder holds beside objects is left alone.
 */
export const fileObjectStore = (root: string): ObjectStore => {
  const folder = resolve(root);
  rmSync(join(folder, drafts), { recursive: true, force: true });
  let puts = 0;
  return {
    put: async (object, body) => {
      puts += 1;
      await writeWhole(
        { folder, path: pathOf(folder, object), draft: join(folder, drafts, String(puts)) },
        body,
      );
    },
    read: (object, range, signal) => read(folder, object, range, signal),
    list: (page) => list(folder, page),
    delete: async (objects) => {
      for (const object of objects) await remove(folder, object);
    },
  };
};

/** @throws RefusedError for what is no name of an object. */
const pathOf = (folder: string, object: string): string => {
  const parts = object.split('/');
  if (!parts.every((name) => part.test(name)))
    throw new RefusedError(`No object can have the name ${object}.`);
  return join(folder, ...parts);
};

const read = async (
  folder: string,
  object: string,
  { from, to }: ByteRange,
  signal?: AbortSignal,
): Promise<Uint8Array> => {
  signal?.throwIfAborted();
  if (from < 0 || to <= from) throw new RangeError(`${from} to ${to} are no bytes of an object.`);
  const file = await opened(folder, object);
  try {
    const found = await file.stat();
    // A folder can be opened.
    if (!found.isFile()) throw new ObjectMissingError(object);
    if (to > found.size)
      throw new RangeError(`${object} has ${found.size} bytes: ${from} to ${to} are not among them.`);
    const bytes = new Uint8Array(to - from);
    for (let done = 0; done < bytes.length; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
      if (bytesRead === 0) throw new Error(`${object} was cut while it was read.`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
};

const opened = async (folder: string, object: string): Promise<FileHandle> => {
  const file = await unlessAbsent(open(pathOf(folder, object), 'r'));
  if (file === undefined) throw new ObjectMissingError(object);
  return file;
};

const list = async (folder: string, page: ObjectPage): Promise<readonly StoredObject[]> => {
  const objects: StoredObject[] = [];
  if (page.limit <= 0) return objects;
  for await (const name of namesUnder(folder, '', page)) {
    const found = await unlessAbsent(stat(join(folder, name)));
    if (found !== undefined) objects.push({ name, bytes: found.size, storedAt: found.mtimeMs });
    if (objects.length === page.limit) break;
  }
  return objects;
};

/** In order: a folder stands where its name with the slash does, as `a-b` is before `a/b`. */
async function* namesUnder(
  folder: string,
  under: string,
  page: Pick<ObjectPage, 'prefix' | 'after'>,
): AsyncGenerator<string> {
  const { prefix = '', after = '' } = page;
  const entries = (await unlessAbsent(readdir(join(folder, under), { withFileTypes: true }))) ?? [];
  const names = entries
    .filter((entry) => part.test(entry.name) && (entry.isDirectory() || entry.isFile()))
    .map((entry) => `${under}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort((a, b) => (a < b ? -1 : 1));
  for (const name of names) {
    if (!name.endsWith('/')) {
      if (name.startsWith(prefix) && name > after) yield name;
    } else if (
      (name.startsWith(prefix) || prefix.startsWith(name)) &&
      (name > after || after.startsWith(name))
    ) {
      yield* namesUnder(folder, name, page);
    }
  }
}

/** Folders that are empty then go with it. */
const remove = async (folder: string, object: string): Promise<void> => {
  const path = pathOf(folder, object);
  await unlessAbsent(unlink(path));
  for (let at = dirname(path); at !== folder; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (isAbsent(error)) continue;
      // Something is in it. POSIX has two names for that.
      if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) return;
      throw error;
    }
  }
};

const unlessAbsent = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
};
