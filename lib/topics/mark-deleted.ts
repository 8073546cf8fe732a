import { Problem } from '../domain/errors.ts';
import type { Topic } from '../domain/topics.ts';
import type { TopicRemoval } from '../stores/removals.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';

const changesAtMost = 5;

/**
 * Marks a topic as being deleted, from when on nothing else of it changes: it has all the partitions that it ever will.
 * Repeating it is no error.
 * @returns the topic as it is then; undefined when the name is not this topic's any more.
 * @throws Problem `conflict` when others keep changing it.
 */
export const markDeleted = async (
  {
    topics,
    clock,
  }: { readonly topics: Pick<TopicStore, 'get' | 'update'>; readonly clock: Pick<Clock, 'now'> },
  name: string,
  topicId: string,
): Promise<Topic | undefined> => {
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const topic = await topics.get(name);
    if (topic?.topicId !== topicId) return undefined;
    if (topic.deletingSince !== undefined) return topic;
    const marked = await topics.update(topic, { deletingSince: clock.now() });
    if (marked !== undefined) return marked;
  }
  throw new Problem(
    'conflict',
    `Topic "${name}" is being changed by others. Nothing was changed; try again.`,
  );
};

/** What there is to remove of a topic that is marked. */
export const removalOf = ({ topicId, name, partitions, deletingSince = 0 }: Topic): TopicRemoval => ({
  kind: 'topic',
  id: topicId,
  name,
  partitions,
  requestedAt: deletingSince,
});
