import { concurrently } from '../domain/concurrently.ts';
import { Problem } from '../domain/errors.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import { partitionsOf, type Topic } from '../domain/topics.ts';
import { removeGroup } from '../groups/remove.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { RemovalStore } from '../stores/removals.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import type { TopicDirectory } from './directory.ts';
import { markDeleted, removalOf } from './mark-deleted.ts';

export interface RemoveTopicDeps {
  readonly topics: TopicStore;
  readonly groups: Pick<GroupStore, 'list' | 'delete'>;
  readonly directory: TopicDirectory;
  readonly removals: Pick<RemovalStore, 'put'>;
  readonly appender: { close(at: PartitionRef): Promise<void> };
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const closedAtOnce = 16;
const removedAtOnce = 8;

/**
 * Deletes a topic: it is marked first, so that nobody is told any more that it stands; then it is written down what is to
 * be removed, each partition is closed, and then the name goes. So when the name can be another topic's, no process that
 * still remembers this one can append to it any more, and no record that is acknowledged then goes with it. Until then
 * records are taken and given as before. Then its groups go, so that nobody is called for a topic that nobody can find
 * any more. Whatever does not get done here, sweep finishes, as soon as the mark is there.
 * @throws Problem `topic_not_found`; `outcome_unknown` when it is left to sweep to go on.
 */
export const removeTopic = async (deps: RemoveTopicDeps, name: string): Promise<void> => {
  const { topicId } = await deps.directory.resolveAgain(name);
  const topic = await markDeleted(deps, name, topicId);
  // Otherwise somebody else has deleted it meanwhile.
  if (topic !== undefined) await closeAndRemove(deps, topic);
  deps.directory.forget(name);
  await removeGroups(deps, topicId);
};

const closeAndRemove = async (deps: RemoveTopicDeps, topic: Topic): Promise<void> => {
  const { name, topicId } = topic;
  deps.directory.remember(topic);
  try {
    await deps.removals.put(removalOf(topic));
    await concurrently(closedAtOnce, partitionsOf(topic), (at) => deps.appender.close(at));
    await deps.topics.delete(name, topicId);
  } catch (cause) {
    deps.telemetry.record({ kind: 'fault', where: 'deleting a topic', error: cause });
    throw new Problem(
      'outcome_unknown',
      `Topic "${name}" will be deleted, but may stand for some minutes. Repeat this to have it gone at once.`,
      { cause },
    );
  }
};

/** The topic is deleted by now: a failure is only recorded. */
const removeGroups = async (deps: RemoveTopicDeps, topicId: string): Promise<void> => {
  try {
    const subscriptions = await deps.groups.list(topicId);
    await concurrently(removedAtOnce, subscriptions, ({ group }) => removeGroup(deps, group));
  } catch (error) {
    deps.telemetry.record({ kind: 'fault', where: "deleting a topic's groups", error });
  }
};
