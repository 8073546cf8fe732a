import { concurrently } from '../../domain/concurrently.ts';
import { limits } from '../../domain/limits.ts';
import { closesPartition } from '../../domain/records/batches.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { partitionsOf } from '../../domain/topics.ts';
import { removeGroup } from '../../groups/remove.ts';
import type { BatchStore } from '../../stores/batches.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { MemberStore } from '../../stores/members.ts';
import type { PaceStore } from '../../stores/paces.ts';
import type { PartitionStore } from '../../stores/partitions.ts';
import type { GroupRemoval, Removal, RemovalStore, TopicRemoval } from '../../stores/removals.ts';
import type { SchemaStore } from '../../stores/schemas.ts';
import type { TopicStore } from '../../stores/topics.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { markDeleted } from '../../topics/mark-deleted.ts';
import type { SweepArchive } from './archive.ts';

export interface RemovalDeps {
  readonly topics: Pick<TopicStore, 'get' | 'update' | 'delete'>;
  readonly groups: Pick<GroupStore, 'list' | 'delete' | 'deletePlaces'>;
  readonly cursors: Pick<CursorStore, 'deleteAll'>;
  readonly members: Pick<MemberStore, 'deleteAll'>;
  readonly paces: Pick<PaceStore, 'deleteAll'>;
  readonly partitions: Pick<PartitionStore, 'deleteAll'>;
  readonly schemas: Pick<SchemaStore, 'deleteAll'>;
  readonly batches: Pick<BatchStore, 'last' | 'range' | 'delete'>;
  readonly removals: RemovalStore;
  /** The archive; absent where there is none. */
  readonly archive?: Pick<SweepArchive, 'segments' | 'objects'>;
  /** The log's appender: writes the batch that closes a partition; closing twice is no error. */
  readonly appender: { close(at: PartitionRef): Promise<void> };
  readonly clock: Clock;
}

/** What came of a turn: all is gone; there is more to do now; or it is too early, or there is no time. */
export type TurnOutcome = 'finished' | 'more' | 'waits';

/** Log batches that are deleted in one turn. */
const batchesOfOneTurn = 1000;
const batchesOfOneDelete = 100;
const closesAtOnce = 8;

/**
 * Takes apart what was deleted: the log's batches, cursors, members, paces, partition states, schemas, groups and endpoints. Every step may be
 * repeated, so that a crash anywhere leaves work for the next turn and nothing else. Groups and their endpoints go at once,
 * so that nobody is called any more. Nothing else is taken apart until `limits.removalMinAgeMs` after it was deleted (a
 * topic: closed), when no writer can still believe in it and no late copy of a write can bring a part of it back.
 */
export class RemovalTurns {
  readonly #deps: RemovalDeps;
  /** By topic id: the first partition that still has batches, so that a later turn of this sweep begins there. */
  readonly #emptied = new Map<string, number>();
  /** Ids of topics whose logs were seen to be old enough. */
  readonly #old = new Set<string>();

  constructor(deps: RemovalDeps) {
    this.#deps = deps;
  }

  /** Goes on with one for one turn, or until there is no time. */
  async take(removal: Removal, hasTime: () => boolean): Promise<TurnOutcome> {
    const outcome =
      removal.kind === 'topic'
        ? await this.#takeTopic(removal, hasTime)
        : await takeGroup(this.#deps, removal);
    if (outcome === 'finished') await this.#deps.removals.delete(removal);
    return outcome;
  }

  async #takeTopic(removal: TopicRemoval, hasTime: () => boolean): Promise<TurnOutcome> {
    const deps = this.#deps;
    if (removal.closedAt === undefined) {
      await closeTopic(deps, removal, hasTime);
      return 'waits';
    }
    if (!isOld(removal.closedAt, deps)) return 'waits';
    // And by what the log shows: the clock that noted it, or this one, may have been wrong for a moment.
    if (!(await this.#isLogOld(removal, hasTime))) return 'waits';
    if (!(await this.#deleteBatches(removal, hasTime))) return hasTime() ? 'more' : 'waits';
    if (!(await this.#deleteSegments(removal, hasTime))) return hasTime() ? 'more' : 'waits';
    for (const { group } of await deps.groups.list(removal.id)) {
      if (!hasTime()) return 'waits';
      // Before its group, by which they are found.
      await deleteItemsOf(deps, group.groupId);
      await deps.groups.delete({ topicId: removal.id, group: group.name }, group.groupId);
    }
    await deps.groups.deletePlaces(removal.id);
    await deps.partitions.deleteAll(removal.id);
    await deps.schemas.deleteAll(removal.id);
    return 'finished';
  }

  /** Asked of the log once: what is old stays old. */
  async #isLogOld(removal: TopicRemoval, hasTime: () => boolean): Promise<boolean> {
    if (!this.#old.has(removal.id) && (await isLogOld(this.#deps, removal, hasTime)))
      this.#old.add(removal.id);
    return this.#old.has(removal.id);
  }

  /** Deletes batches of every partition from the oldest on, the closing one last. False when there is more to do. */
  async #deleteBatches({ id: topicId, partitions }: TopicRemoval, hasTime: () => boolean): Promise<boolean> {
    let left = batchesOfOneTurn;
    for (let partition = this.#emptied.get(topicId) ?? 0; partition < partitions; partition += 1) {
      this.#emptied.set(topicId, partition);
      for (;;) {
        if (left <= 0 || !hasTime()) return false;
        const deleted = await deleteOldest(this.#deps, { topicId, partition });
        if (deleted === 0) break;
        left -= deleted;
      }
    }
    return true;
  }

  /** Deletes the archive of every partition. False when there is more to do. */
  async #deleteSegments({ id: topicId, partitions }: TopicRemoval, hasTime: () => boolean): Promise<boolean> {
    const { archive } = this.#deps;
    if (archive === undefined) return true;
    for (let partition = 0; partition < partitions; partition += 1) {
      for (let deleted = 1; deleted > 0; ) {
        if (!hasTime()) return false;
        deleted = await deleteFirst(archive, { topicId, partition });
      }
      await archive.segments.forgetNewest({ topicId, partition });
    }
    return true;
  }
}

/**
 * Whether the last batch of each partition is old enough, or gone: the closing one, or what a process that was frozen for
 * hours put where all was deleted already. Its date is as right as the store's clock demands (`Batch.appendedAt`), and so was
 * the clock here when the store took the query (lib/log/tail.ts).
 */
const isLogOld = async (
  { batches, clock }: RemovalDeps,
  { id: topicId, partitions }: TopicRemoval,
  hasTime: () => boolean,
): Promise<boolean> => {
  const old = await concurrently(closesAtOnce, partitionsOf({ topicId, partitions }), async (at) => {
    if (!hasTime()) return false;
    const askedAt = clock.now();
    const last = await batches.last(at);
    return last === undefined || Math.min(askedAt, clock.now()) - last.appendedAt >= limits.removalMinAgeMs;
  });
  return !old.includes(false);
};

/** Deletes some of the first segments: the objects before the manifest, by which they are found. Gives how many. */
const deleteFirst = async (
  { segments, objects }: NonNullable<RemovalDeps['archive']>,
  at: PartitionRef,
): Promise<number> => {
  const first = await segments.list(at, { from: 0, limit: batchesOfOneDelete });
  if (first.length > 0) await objects.delete(first.map(({ object }) => object));
  for (const segment of first) await segments.delete(at, segment);
  return first.length;
};

/** Gives how many batches it deleted: none when none is left. */
const deleteOldest = async ({ batches }: RemovalDeps, at: PartitionRef): Promise<number> => {
  const page = await batches.range(at, { from: 0, limit: batchesOfOneDelete, consistent: true });
  const records = page.batches.filter((batch) => !closesPartition(batch));
  // The last deletion is that of the closing batch alone: it stands for as long as there is anything before it.
  const next = records.length > 0 ? records : page.batches;
  if (next.length === 0) return 0;
  await batches.delete(
    at,
    next.map(({ base }) => base),
  );
  return next.length;
};

const isOld = (since: number, { clock }: Pick<RemovalDeps, 'clock'>): boolean =>
  clock.now() - since >= limits.removalMinAgeMs;

const takeGroup = async (deps: RemovalDeps, removal: GroupRemoval): Promise<TurnOutcome> => {
  // It may still stand, when whoever deleted it got no further than asking for it. And once more at the end: an endpoint's
  // put may land late.
  await deps.groups.delete({ topicId: removal.topicId, group: removal.name }, removal.id);
  if (!isOld(removal.requestedAt, deps)) return 'waits';
  await deleteItemsOf(deps, removal.id);
  return 'finished';
};

/** Members too, whatever the mode of the group was, which nothing tells any more: those of others are none. */
const deleteItemsOf = async (
  { cursors, members, paces }: Pick<RemovalDeps, 'cursors' | 'members' | 'paces'>,
  groupId: string,
): Promise<void> => {
  await cursors.deleteAll(groupId);
  await members.deleteAll(groupId);
  await paces.deleteAll(groupId);
};

/** Finishes what deleting the topic begins with: each partition is closed, its name and its groups go. Then notes that. */
const closeTopic = async (
  deps: RemovalDeps,
  { id: topicId, name, partitions }: TopicRemoval,
  hasTime: () => boolean,
): Promise<void> => {
  await markDeleted(deps, name, topicId);
  const closed = await concurrently(closesAtOnce, partitionsOf({ topicId, partitions }), async (at) => {
    if (!hasTime()) return false;
    const last = await deps.batches.last(at);
    if (last === undefined || !closesPartition(last)) await deps.appender.close(at);
    return true;
  });
  // Not before: whoever has the name next must not be written to where this topic was.
  if (closed.includes(false)) return;
  await deps.topics.delete(name, topicId);
  for (const { group } of await deps.groups.list(topicId)) await removeGroup(deps, group);
  await deps.removals.noteClosed(topicId, deps.clock.now());
};
