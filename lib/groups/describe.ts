import { concurrently } from '../domain/concurrently.ts';
import { Problem } from '../domain/errors.ts';
import type { Group, Subscription } from '../domain/groups/groups.ts';
import { isName } from '../domain/text/names.ts';
import { partitionsOf, type Topic } from '../domain/topics.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { PartitionStore } from '../stores/partitions.ts';
import { lagOf, type PartitionBounds, type PartitionLag } from './lag.ts';
import { type OffsetReader, partitionsAtOnce } from './start-offsets.ts';

/**
 * A topic's group with its endpoints.
 * @throws Problem `group_not_found`
 */
export const findGroup = async (
  groups: Pick<GroupStore, 'get'>,
  topic: Topic,
  name: string,
): Promise<Subscription> => {
  const found = isName(name) ? await groups.get({ topicId: topic.topicId, group: name }) : undefined;
  if (found !== undefined) return found;
  throw new Problem(
    'group_not_found',
    `Topic "${topic.name}" has no group "${name.slice(0, 128)}". Create it with PUT.`,
  );
};

export interface ProgressDeps {
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly partitions: Pick<PartitionStore, 'list'>;
  readonly reader: Pick<OffsetReader, 'endOffset'>;
}

/** Where the partitions of a topic begin and end. One query for each, and one. */
export const topicBounds = async (
  { partitions, reader }: Pick<ProgressDeps, 'partitions' | 'reader'>,
  topic: Topic,
): Promise<PartitionBounds> => {
  const starts = await partitions.list(topic.topicId);
  const ends = await concurrently(partitionsAtOnce, partitionsOf(topic), (at) => reader.endOffset(at));
  return { ends, starts };
};

/** How far a group is in every partition of its topic, in order. */
export const groupProgress = async (
  deps: ProgressDeps,
  topic: Topic,
  group: Group,
): Promise<readonly PartitionLag[]> => {
  const bounds = await topicBounds(deps, topic);
  return lagOf(group, await deps.cursors.list(group.groupId), bounds);
};
