import { parseObjectName } from '../domain/archive/segments.ts';
import { concurrently } from '../domain/concurrently.ts';
import type { ObjectStore, StoredObject } from '../stores/objects.ts';
import type { PartitionStore } from '../stores/partitions.ts';
import type { SegmentStore } from '../stores/segments.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';

export interface OrphanDeps {
  readonly topics: Pick<TopicStore, 'get'>;
  readonly segments: Pick<SegmentStore, 'floor' | 'newest'>;
  readonly partitions: Pick<PartitionStore, 'get'>;
  readonly objects: Pick<ObjectStore, 'list' | 'delete'>;
  readonly clock: Pick<Clock, 'now'>;
}

export interface OrphanRound {
  /** Where the next one goes on; undefined when all objects were looked at. */
  readonly after: string | undefined;
  /** Objects that were deleted. */
  readonly deleted: number;
}

/**
 * So long an archiver may need, from the object it stores to the manifest that names it, and many times longer: it may run a
 * quarter of an hour, and a late copy of its write may land half an hour later.
 */
export const orphanMinAgeMs = 24 * 3_600_000;

const objectsAtOnce = 500;
const looksAtOnce = 16;

/**
 * Deletes the objects of the archive that no manifest names and that are over a day old: what archivers left that died on
 * their way, or lost to another, and what a deletion left that got no further than the manifest. A name is used once, so
 * none of them can be named any more. Looks at objects in order of name while there is time.
 */
export const deleteOrphans = async (
  deps: OrphanDeps,
  after: string | undefined,
  hasTime: () => boolean,
): Promise<OrphanRound> => {
  let place = after;
  let deleted = 0;
  while (hasTime()) {
    const page = await deps.objects.list({
      limit: objectsAtOnce,
      ...(place !== undefined && { after: place }),
    });
    const old = page.filter(({ storedAt }) => deps.clock.now() - storedAt >= orphanMinAgeMs);
    const named = await concurrently(looksAtOnce, old, (object) => isNamed(deps, object));
    const orphans = old.filter((_object, index) => named[index] === false);
    if (orphans.length > 0) await deps.objects.delete(orphans.map(({ name }) => name));
    deleted += orphans.length;
    place = page.at(-1)?.name ?? place;
    if (page.length < objectsAtOnce) return { after: undefined, deleted };
  }
  return { after: place, deleted };
};

/**
 * Whether a manifest names the object, or will. That of a topic which was deleted names it to nobody any more: what took the topic apart
 * deletes it too. What is no segment's name was put there by somebody else, and is left alone.
 */
const isNamed = async (
  { topics, segments, partitions }: OrphanDeps,
  { name }: StoredObject,
): Promise<boolean> => {
  const parts = parseObjectName(name);
  if (parts === undefined) return true;
  const topic = await topics.get(parts.topic);
  if (topic === undefined) return false;
  const at = { topicId: topic.topicId, partition: parts.partition };
  const isInManifest = async (): Promise<boolean> => (await segments.floor(at, parts.start))?.object === name;
  if (await isInManifest()) return true;
  const newest = await segments.newest(at);
  if (newest?.object !== name) return false;
  // It is to be put into the manifest, or it was: then another is in its place, or retention took it.
  const { archivedThrough } = await partitions.get(at);
  return newest.end > archivedThrough || isInManifest();
};
