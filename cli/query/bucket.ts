import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { concurrently } from '../../lib/domain/concurrently.ts';
import type { Segment } from '../../lib/domain/segments.ts';
import type { ObjectStore } from '../../lib/stores/objects.ts';
import type { Archive } from './archive.ts';
import { type ManifestStores, readManifest } from './manifest.ts';

export interface BucketDeps extends ManifestStores {
  readonly objects: Pick<ObjectStore, 'read'>;
  /** Told of how many bytes are going to be fetched. */
  readonly onFetch?: (fetched: { readonly segments: number; readonly bytes: number }) => void;
}

const readsAtOnce = 4;

/**
 * The archive of a deployed broker: what a statement may name is copied to temporary files, which are gone when it is closed.
 * DuckDB could read S3 by itself, by an extension that it fetches from the internet; this needs no more than the bucket, and
 * gives the same everywhere.
 */
export const bucketArchive = ({ objects, onFetch, ...stores }: BucketDeps): Archive => {
  let folder: string | undefined;
  const copyTo = async (path: string, { object, objectBytes }: Segment): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await objects.read(object, { from: 0, to: objectBytes }), { flag: 'wx' });
  };
  const close = async (): Promise<void> => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    folder = undefined;
  };
  const open: Archive['open'] = async (isNamed) => {
    await close();
    const topics = await readManifest(stores);
    const root = await mkdtemp(join(tmpdir(), 'millrace-query-'));
    folder = root;
    const named = topics.filter(({ name }) => isNamed(name));
    const wanted = named.flatMap(({ partitions }) => partitions).flatMap(({ segments }) => segments);
    const bytes = wanted.reduce((sum, { objectBytes }) => sum + objectBytes, 0);
    onFetch?.({ segments: wanted.length, bytes });
    await concurrently(readsAtOnce, wanted, (segment) => copyTo(join(root, segment.object), segment));
    return named.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ segments, ...partition }) => ({
        ...partition,
        files: segments.map(({ object }) => join(root, object)),
      })),
    }));
  };
  return { open, close };
};
