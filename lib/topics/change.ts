import { Problem } from '../domain/errors.ts';
import type { Topic, TopicSettings } from '../domain/topics.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { TopicDirectory } from './directory.ts';

/**
 * Changes settings of a topic. Partitions may be added: records of a key may then go to another partition than before.
 * @throws Problem `topic_not_found`, or `conflict` when partitions would be taken away.
 */
export const changeTopic = async (
  deps: { readonly topics: TopicStore; readonly directory: TopicDirectory },
  name: string,
  change: Partial<TopicSettings>,
): Promise<Topic> => {
  const topic = await deps.directory.resolveAgain(name);
  const changed = await deps.topics.update(name, topic.topicId, change);
  if (changed !== undefined) {
    deps.directory.remember(changed);
    return changed;
  }
  const now = await deps.directory.resolveAgain(name);
  if (now.topicId === topic.topicId && (change.partitions ?? now.partitions) < now.partitions) {
    throw new Problem(
      'conflict',
      `Partitions cannot be taken away: topic "${name}" has ${now.partitions}. Nothing was changed.`,
    );
  }
  throw new Problem(
    'conflict',
    `Topic "${name}" was deleted and created again meanwhile. Nothing was changed; try again.`,
  );
};
