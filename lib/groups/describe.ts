import { concurrently } from '../domain/concurrently.ts';
import { Problem } from '../domain/errors.ts';
import type { Group, Subscription } from '../domain/groups/groups.ts';
import { isName } from '../domain/text/names.ts';
import { partitionsOf, type Topic } from '../domain/topics.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { PartitionStore } from '../stores/partitions.ts';
import { lagOf, type PartitionLag } from './lag.ts';
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

/** How far a group is in every partition of its topic, in order. */
export const groupProgress = async (
  deps: ProgressDeps,
  topic: Topic,
  group: Group,
): Promise<readonly PartitionLag[]> => {
  const starts = await deps.partitions.list(topic.topicId);
  const ends = await concurrently(partitionsAtOnce, partitionsOf(topic), (at) => deps.reader.endOffset(at));
  return lagOf(group, await deps.cursors.list(group.groupId), { ends, starts });
};
