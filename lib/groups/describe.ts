import { concurrently } from '../domain/concurrently.ts';
import type { Cursor } from '../domain/cursors.ts';
import { Problem } from '../domain/errors.ts';
import type { Group, Subscription } from '../domain/groups.ts';
import { isName } from '../domain/names.ts';
import type { Topic } from '../domain/topics.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import { type OffsetReader, partitionsOf } from './start-offsets.ts';

/** Where a group stands in one partition. */
export interface Progress {
  readonly partition: number;
  /** The next offset to be acknowledged. */
  readonly committed: number;
  /** The next offset to be written. */
  readonly end: number;
  /** `end - committed`. */
  readonly lag: number;
  /** Absent where nothing was delivered yet. */
  readonly cursor?: Cursor;
}

const readAtOnce = 16;

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

/** Where a group stands in every partition of its topic, in order. Cursors are read before the ends: no lag is negative. */
export const groupProgress = async (
  deps: { readonly cursors: Pick<CursorStore, 'list'>; readonly reader: Pick<OffsetReader, 'endOffset'> },
  topic: Topic,
  group: Group,
): Promise<readonly Progress[]> => {
  const cursors = await deps.cursors.list(group.groupId);
  return concurrently(readAtOnce, partitionsOf(topic), async (at) => {
    const { partition } = at;
    const cursor = cursors.get(partition);
    const committed = cursor?.committed ?? group.startOffsets[partition] ?? 0;
    const end = await deps.reader.endOffset(at);
    return { partition, committed, end, lag: end - committed, ...(cursor !== undefined && { cursor }) };
  });
};
