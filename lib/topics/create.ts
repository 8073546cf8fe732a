import { Problem } from '../domain/errors.ts';
import { checkTogether, refuseWhileDeleted, type Topic, type TopicSettings } from '../domain/topics.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';
import type { TopicDirectory } from './directory.ts';

export interface CreateTopicDeps {
  readonly topics: TopicStore;
  readonly directory: TopicDirectory;
  readonly clock: Clock;
  readonly random: Random;
}

const settingNames = ['partitions', 'retentionHours', 'retentionBytes', 'archive', 'cleanup'] as const;

/** A setting that topics of older versions do not have is the default. */
const settingOf = (settings: TopicSettings, setting: (typeof settingNames)[number]): unknown =>
  settings[setting] ?? (setting === 'cleanup' ? 'delete' : null);

/**
 * Creates a topic, or finds the one of that name with just these settings.
 * @throws Problem `invalid_request` for settings that do not go together, `topic_exists` when the topic that stands there has other settings, `conflict` while it is being
 * deleted.
 */
export const createTopic = async (
  deps: CreateTopicDeps,
  name: string,
  settings: TopicSettings,
): Promise<{ readonly created: boolean; readonly topic: Topic }> => {
  checkTogether(settings);
  const wanted = { name, topicId: newId(deps.random), createdAt: deps.clock.now(), ...settings };
  const outcome = await deps.topics.create(wanted);
  deps.directory.remember(outcome.topic);
  refuseWhileDeleted(outcome.topic);
  const different = settingNames.filter(
    (setting) => settingOf(outcome.topic, setting) !== settingOf(settings, setting),
  );
  if (outcome.created || different.length === 0) return outcome;
  const differences = different
    .map((setting) => `${setting} ${settingOf(outcome.topic, setting)}`)
    .join(', ');
  throw new Problem(
    'topic_exists',
    `Topic "${name}" exists with other settings (${differences}). Change it with PATCH, or choose another name.`,
  );
};
