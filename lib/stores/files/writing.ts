import { link, mkdir, open, realpath, unlink } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { NotSentError, OutcomeUnknownError, RefusedError } from '../../domain/errors.ts';
import { codeOf, isAbsent, isFull } from './codes.ts';

/** A file of `folder`, which is to be written. */
export interface NewFile {
  readonly folder: string;
  /** Within `folder`. */
  readonly path: string;
  /** A path on the same disk, which nobody else uses. */
  readonly draft: string;
}

/**
 * Writes a file, unless there is one of its name. It is there whole or not at all, also after a power failure: what is
 * written under the draft's name is on the disk before it gets its own, and that before this returns.
 * @throws RefusedError, NotSentError or OutcomeUnknownError, as a put of `ObjectStore`.
 */
export const writeWhole = async (file: NewFile, body: Uint8Array): Promise<void> => {
  let isThere = false;
  try {
    await writeDraft(file.draft, body);
    await nameDraft(file);
    isThere = true;
    await syncFolders(file);
  } catch (cause) {
    if (cause instanceof RefusedError) throw cause;
    if (isThere) throw new OutcomeUnknownError('The disk did not say whether it has the object.', { cause });
    if (isFull(cause)) throw new RefusedError('The disk is full: it takes no more objects.', { cause });
    throw new NotSentError('The disk did not take the object.', { cause });
  } finally {
    await unlink(file.draft).catch(() => undefined);
  }
};

const writeDraft = async (draft: string, body: Uint8Array): Promise<void> => {
  await mkdir(dirname(draft), { recursive: true, mode: 0o700 });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(body);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const mostTries = 100;

const nameDraft = async ({ folder, path, draft }: NewFile): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await refuseOtherCase(folder, dirname(path));
      await linkUnlessThere(draft, path);
      return;
    } catch (error) {
      // A deletion cleared the folder away, as it was empty.
      if (!isAbsent(error) || tries === mostTries) throw error;
    }
  }
};

/** A link, since a rename would take the place of what is there. */
const linkUnlessThere = async (draft: string, path: string): Promise<void> => {
  try {
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
};

/** Some disks take two names for one that differ in their case alone: one topic's objects would be listed as another's. */
const refuseOtherCase = async (folder: string, wanted: string): Promise<void> => {
  const name = relative(folder, wanted);
  if (relative(await realpath(folder), await realpath(wanted)) !== name)
    throw new RefusedError(`The disk has a folder in the place of ${name} whose name is written otherwise.`);
};

/** A name is on the disk once its folder is: from the file's own folder up. */
const syncFolders = async ({ folder, path }: NewFile): Promise<void> => {
  for (let at = dirname(path); ; at = dirname(at)) {
    const handle = await open(at, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (relative(folder, at) === '') return;
  }
};
