import { closesPartition } from '../domain/batches.ts';
import { concurrently } from '../domain/concurrently.ts';
import { limits } from '../domain/limits.ts';
import type { PartitionRef } from '../domain/records.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { Clock } from '../stores/clock.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { PartitionStore } from '../stores/partitions.ts';
import type { GroupRemoval, Removal, RemovalStore, TopicRemoval } from '../stores/removals.ts';
import type { TopicStore } from '../stores/topics.ts';
import { markDeleted } from '../topics/mark-deleted.ts';

export interface RemovalDeps {
  readonly topics: Pick<TopicStore, 'get' | 'update' | 'delete'>;
  readonly groups: Pick<GroupStore, 'list' | 'delete'>;
  readonly cursors: Pick<CursorStore, 'deleteAll'>;
  readonly partitions: Pick<PartitionStore, 'deleteAll'>;
  readonly batches: Pick<BatchStore, 'last' | 'range' | 'delete'>;
  readonly removals: RemovalStore;
  /** The log's appender: writes the batch that closes a partition; closing twice is no error. */
  readonly appender: { close(at: PartitionRef): Promise<void> };
  readonly clock: Clock;
}

/** Removals that one sweep goes on with, and log batches that it deletes: what remains is for the next. */
const removalsOfOneSweep = 200;
const batchesOfOneSweep = 5000;
const batchesOfOneDelete = 100;
const closesAtOnce = 8;

/**
 * Goes on with taking apart what was deleted: the log's batches, cursors, partition states, groups and endpoints. Every
 * step may be repeated, so that a crash anywhere leaves work for the next call and nothing else. Nothing is taken apart
 * until `limits.removalMinAgeMs` after it was deleted (a topic: closed), when no writer can still believe in it.
 * @returns how many were finished.
 * @throws what failed first, after the others were gone on with.
 */
export const finishRemovals = async (deps: RemovalDeps): Promise<number> => {
  const budget = { batches: batchesOfOneSweep };
  const failures: unknown[] = [];
  let finished = 0;
  const page = { limit: removalsOfOneSweep };
  const removals = [
    ...(await deps.removals.list('topic', page)),
    ...(await deps.removals.list('group', page)),
  ];
  for (const removal of removals) {
    try {
      if (await remove(deps, removal, budget)) finished += 1;
    } catch (error) {
      // One that fails must not keep the others waiting.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return finished;
};

/** Goes on with one; true when it is finished. */
const remove = async (deps: RemovalDeps, removal: Removal, budget: { batches: number }): Promise<boolean> => {
  const done =
    removal.kind === 'topic' ? await removeTopic(deps, removal, budget) : await removeGroup(deps, removal);
  if (done) await deps.removals.delete(removal);
  return done;
};

const isOld = (since: number, { clock }: Pick<RemovalDeps, 'clock'>): boolean =>
  clock.now() - since >= limits.removalMinAgeMs;

const removeGroup = async (deps: RemovalDeps, removal: GroupRemoval): Promise<boolean> => {
  if (!isOld(removal.requestedAt, deps)) return false;
  // It may still stand, when whoever deleted it got no further than asking for it.
  await deps.groups.delete({ topicId: removal.topicId, group: removal.name }, removal.id);
  await deps.cursors.deleteAll(removal.id);
  return true;
};

const removeTopic = async (
  deps: RemovalDeps,
  removal: TopicRemoval,
  budget: { batches: number },
): Promise<boolean> => {
  if (removal.closedAt === undefined) {
    await closeTopic(deps, removal);
    return false;
  }
  if (!isOld(removal.closedAt, deps)) return false;
  if (!(await deleteBatches(deps, removal, budget))) return false;
  for (const { group } of await deps.groups.list(removal.id)) {
    // Before its group, by which they are found.
    await deps.cursors.deleteAll(group.groupId);
    await deps.groups.delete({ topicId: removal.id, group: group.name }, group.groupId);
  }
  await deps.partitions.deleteAll(removal.id);
  return true;
};

/** Finishes what deleting the topic begins with: each partition is closed, and its name goes. Then notes that it is. */
const closeTopic = async (
  deps: RemovalDeps,
  { id: topicId, name, partitions }: TopicRemoval,
): Promise<void> => {
  await markDeleted(deps, name, topicId);
  const all = Array.from({ length: partitions }, (_, partition) => ({ topicId, partition }));
  await concurrently(closesAtOnce, all, async (at) => {
    const last = await deps.batches.last(at);
    if (last === undefined || !closesPartition(last)) await deps.appender.close(at);
  });
  // Not before: whoever has the name next must not be written to where this topic was.
  await deps.topics.delete(name, topicId);
  await deps.removals.noteClosed(topicId, deps.clock.now());
};

/** Deletes the batches of every partition from the oldest on, the closing one last. False when there is more to do. */
const deleteBatches = async (
  deps: RemovalDeps,
  { id: topicId, partitions }: TopicRemoval,
  budget: { batches: number },
): Promise<boolean> => {
  for (let partition = 0; partition < partitions; partition += 1) {
    const at = { topicId, partition };
    for (;;) {
      if (budget.batches <= 0) return false;
      const { batches } = await deps.batches.range(at, {
        from: 0,
        limit: batchesOfOneDelete,
        consistent: true,
      });
      const records = batches.filter((batch) => !closesPartition(batch));
      // The last deletion is that of the closing batch alone: it stands for as long as there is anything before it.
      const next = records.length > 0 ? records : batches;
      if (next.length === 0) break;
      await deps.batches.delete(
        at,
        next.map(({ base }) => base),
      );
      budget.batches -= next.length;
    }
  }
  return true;
};
