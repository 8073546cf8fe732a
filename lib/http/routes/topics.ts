import { isForTopic } from '../../auth/permissions.ts';
import { eventsTopicName, eventsTopicSettings } from '../../domain/events/topic.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import { type Topic, topicDefaults } from '../../domain/topics.ts';
import { changeTopic } from '../../topics/change.ts';
import { type CreateTopicDeps, createTopic } from '../../topics/create.ts';
import { listVisibleTopics } from '../../topics/list.ts';
import { type RemoveTopicDeps, removeTopic } from '../../topics/remove.ts';
import { refuseForEvents, requireFreeName } from '../../topics/reserved.ts';
import type { TopicAnswer, TopicListAnswer } from '../answers/topics.ts';
import { type Api, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { answerJson } from '../bytes/answer.ts';
import { noQuery, readQuery } from '../query.ts';
import { check, checkName } from '../schemas/check.ts';
import {
  parseTopicList,
  topicChange,
  topicCursor,
  topicListParameters,
  topicSettings,
} from '../schemas/topics.ts';

export type TopicDeps = ApiDeps & CreateTopicDeps & RemoveTopicDeps;

/** Where nothing is said: the last record of a key is kept for as long as it is the last. */
const retentionHoursOf = ({ cleanup, retentionHours }: Partial<Topic>): number | null =>
  retentionHours ?? (retentionHours === null || cleanup === 'compact' ? null : topicDefaults.retentionHours);

const shown = ({
  name,
  partitions,
  retentionHours,
  retentionBytes,
  archive,
  cleanup,
  createdAt,
}: Topic): TopicAnswer => ({
  name,
  partitions,
  retentionHours,
  retentionBytes: retentionBytes ?? null,
  archive,
  cleanup: cleanup ?? 'delete',
  createdAt: timestampText(createdAt),
});

const path = '/v1/topics/:topic';

/** `GET /v1/topics`: those that the key is for. */
const listTopics = (api: Api, deps: TopicDeps): void => {
  api.get('/v1/topics', allow(deps), async (c) => {
    const page = parseTopicList(readQuery(c, topicListParameters));
    const key = c.get('apiKey');
    const isVisible = (name: string): boolean => isForTopic(key, name);
    const { topics, nextAfter } = await listVisibleTopics(deps.topics, { ...page, isVisible });
    const next = nextAfter === undefined ? {} : { nextCursor: topicCursor(nextAfter) };
    return answerJson(c, { topics: topics.map(shown), ...next } satisfies TopicListAnswer);
  });
};

/** So that the topic can be asked for whether something was told already or not. */
const withDefaultsOfEvents = (json: unknown): unknown =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
    ? { ...eventsTopicSettings, ...json }
    : json;

/** `PUT /v1/topics/{topic}` */
const putTopic = (api: Api, deps: TopicDeps): void => {
  api.put(path, allow(deps, 'admin'), async (c) => {
    noQuery(c);
    const name = checkName('topic', pathParameter(c, 'topic'));
    const json = await readJson(c, { limit: 'settingsBytes', whenEmpty: {} });
    const given = check(topicSettings, name === eventsTopicName ? withDefaultsOfEvents(json) : json);
    await requireFreeName(deps, name);
    const settings = { ...given, retentionHours: retentionHoursOf(given) };
    const { created, topic } = await createTopic(deps, name, settings);
    return c.json(shown(topic), created ? 201 : 200);
  });
};

/** Topics: created, listed, shown, changed and deleted. */
export const topicRoutes = (api: Api, deps: TopicDeps): void => {
  listTopics(api, deps);
  putTopic(api, deps);
  api.get(path, allow(deps), async (c) => {
    noQuery(c);
    return c.json(shown(await deps.directory.resolveAgain(pathParameter(c, 'topic'))));
  });
  api.patch(path, allow(deps, 'admin'), async (c) => {
    noQuery(c);
    const change = check(topicChange, await readJson(c, { limit: 'settingsBytes' }));
    return c.json(shown(await changeTopic(deps, pathParameter(c, 'topic'), change)));
  });
  api.delete(path, allow(deps, 'admin'), async (c) => {
    noQuery(c);
    const name = pathParameter(c, 'topic');
    refuseForEvents(name, 'delete');
    await removeTopic(deps, name);
    return c.body(null, 204);
  });
};
