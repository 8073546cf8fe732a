import { Problem } from '../domain/errors.ts';
import {
  checkTogether,
  grownAt,
  refuseWhileDeleted,
  type Topic,
  type TopicChange,
  type TopicSettings,
} from '../domain/topics.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { TopicDirectory } from './directory.ts';

const changesAtMost = 5;

/**
 * Changes settings of a topic. Partitions may be added: records of a key may then go to another partition than before.
 * A change is made to the topic as it was read; when others were first, it is read again.
 * @throws Problem `topic_not_found`, `invalid_request` for settings that do not go together, or `conflict` when partitions would be taken away, the topic is being deleted, or
 * others keep changing it.
 */
export const changeTopic = async (
  deps: {
    readonly topics: Pick<TopicStore, 'update'>;
    readonly directory: TopicDirectory;
    readonly clock: Pick<Clock, 'now'>;
  },
  name: string,
  change: Partial<TopicSettings>,
): Promise<Topic> => {
  let topicId: string | undefined;
  for (let attempt = 0; attempt < changesAtMost; attempt += 1) {
    const topic = await deps.directory.resolveAgain(name);
    topicId ??= topic.topicId;
    if (topic.topicId !== topicId) {
      throw conflict(
        `Topic "${name}" was deleted and created again meanwhile. Nothing was changed; try again.`,
      );
    }
    refuseWhileDeleted(topic);
    if ((change.partitions ?? topic.partitions) < topic.partitions) {
      throw conflict(
        `Partitions cannot be taken away: topic "${name}" has ${topic.partitions}. Nothing was changed.`,
      );
    }
    checkTogether({ ...topic, ...change });
    const changed = await deps.topics.update(topic, withGrowth(topic, change, deps.clock.now()));
    if (changed !== undefined) {
      deps.directory.remember(changed);
      return changed;
    }
  }
  throw conflict(`Topic "${name}" is being changed by others. Nothing was changed; try again.`);
};

const withGrowth = (topic: Topic, change: Partial<TopicSettings>, now: number): TopicChange => {
  const grows = change.partitions !== undefined && change.partitions > topic.partitions;
  return grows ? { ...change, grown: grownAt(topic, now) } : change;
};

const conflict = (detail: string): Problem => new Problem('conflict', detail);
