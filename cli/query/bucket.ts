import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Segment } from '../../lib/domain/archive/segments.ts';
import { concurrently } from '../../lib/domain/concurrently.ts';
import { ObjectMissingError, type ObjectStore } from '../../lib/stores/objects.ts';
import { CommandError } from '../failure.ts';
import type { Archive } from './archive.ts';
import { type ManifestStores, readManifest } from './manifest.ts';

export interface BucketDeps extends ManifestStores {
  readonly objects: Pick<ObjectStore, 'read'>;
  /** Told of how many bytes are going to be fetched. */
  readonly onFetch?: (fetched: { readonly segments: number; readonly bytes: number }) => void;
}

const readsAtOnce = 4;

/** Compaction and retention delete objects that the manifest named a moment ago: then it is read anew. */
const tries = 3;

/**
 * The archive of a deployed broker: what a statement may name is copied to temporary files, which are gone when it is closed.
 * DuckDB could read S3 by itself, by an extension that it fetches from the internet; this needs no more than the bucket, and
 * gives the same everywhere.
 */
export const bucketArchive = ({ objects, onFetch, ...stores }: BucketDeps): Archive => {
  let folder: string | undefined;
  let copies = new AbortController();
  const underWay = new Set<Promise<void>>();
  const write = async (path: string, { object, objectBytes }: Segment): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    const bytes = await objects.read(object, { from: 0, to: objectBytes }, copies.signal);
    await writeFile(path, bytes, { flag: 'wx', signal: copies.signal });
  };
  const copyTo = (path: string, segment: Segment): Promise<void> => {
    const copying = write(path, segment).finally(() => underWay.delete(copying));
    underWay.add(copying);
    return copying;
  };
  const close = async (): Promise<void> => {
    copies.abort();
    // Else a copy that goes on would be left behind, or keep its folder from going.
    await Promise.allSettled(underWay);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    folder = undefined;
    copies = new AbortController();
  };
  const copy: Archive['open'] = async (isNamed) => {
    const topics = await readManifest(stores);
    const root = await mkdtemp(join(tmpdir(), 'millrace-query-'));
    folder = root;
    const opened = topics.map((topic) => (isNamed(topic.name) ? topic : { ...topic, partitions: [] }));
    const wanted = opened.flatMap(({ partitions }) => partitions).flatMap(({ segments }) => segments);
    const bytes = wanted.reduce((sum, { objectBytes }) => sum + objectBytes, 0);
    onFetch?.({ segments: wanted.length, bytes });
    await concurrently(readsAtOnce, wanted, (segment) => copyTo(join(root, segment.object), segment));
    return opened.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ segments, ...partition }) => ({
        ...partition,
        files: segments.map(({ object }) => join(root, object)),
      })),
    }));
  };
  const open: Archive['open'] = async (isNamed) => {
    for (let left = tries; ; left -= 1)
      try {
        await close();
        return await copy(isNamed);
      } catch (error) {
        if (!(error instanceof ObjectMissingError)) throw error;
        if (left === 1)
          throw new CommandError(
            `${error.message} The state table names it: are the bucket and the table those of one broker?`,
            { cause: error },
          );
      }
  };
  return { open, close };
};
