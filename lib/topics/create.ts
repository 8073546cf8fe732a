import { Problem } from '../domain/errors.ts';
import { refuseWhileDeleted, type Topic, type TopicSettings } from '../domain/topics.ts';
import type { Clock } from '../stores/clock.ts';
import { newId } from '../stores/ids.ts';
import type { Random } from '../stores/random.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { TopicDirectory } from './directory.ts';

export interface CreateTopicDeps {
  readonly topics: TopicStore;
  readonly directory: TopicDirectory;
  readonly clock: Clock;
  readonly random: Random;
}

const settingNames = ['partitions', 'retentionHours', 'retentionBytes', 'archive'] as const;

/**
 * Creates a topic, or finds the one of that name with just these settings.
 * @throws Problem `topic_exists` when the topic that stands there has other settings, `conflict` while it is being
 * deleted.
 */
export const createTopic = async (
  deps: CreateTopicDeps,
  name: string,
  settings: TopicSettings,
): Promise<{ readonly created: boolean; readonly topic: Topic }> => {
  const wanted = { name, topicId: newId(deps.random), createdAt: deps.clock.now(), ...settings };
  const outcome = await deps.topics.create(wanted);
  deps.directory.remember(outcome.topic);
  refuseWhileDeleted(outcome.topic);
  const different = settingNames.filter(
    (setting) => (outcome.topic[setting] ?? null) !== (settings[setting] ?? null),
  );
  if (outcome.created || different.length === 0) return outcome;
  const differences = different.map((setting) => `${setting} ${outcome.topic[setting] ?? null}`).join(', ');
  throw new Problem(
    'topic_exists',
    `Topic "${name}" exists with other settings (${differences}). Change it with PATCH, or choose another name.`,
  );
};
