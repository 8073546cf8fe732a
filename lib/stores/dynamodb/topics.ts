import type { NewTopic, Topic, TopicChange } from '../../domain/topics.ts';
import type { TopicPage, TopicStore } from '../topics.ts';
import { topicKey, topicsKey } from './keys.ts';
import { fromItem, type Item, itemsUnder, type Table } from './table/table.ts';
import { bury, isTombstone, putUnderName, standingItem, stands } from './table/tombstones.ts';
import { changeVersion } from './table/versions.ts';

/** Topics on a DynamoDB table. */
export const dynamoTopicStore = (state: Table): TopicStore => ({
  create: (topic) => create(state, topic),
  get: (name) => get(state, name),
  list: (page) => list(state, page),
  update: (topic, change) => update(state, topic, change),
  delete: async (name, topicId) => {
    const isThis = `topicId = :topicId AND attribute_exists(deletingSince) AND ${stands}`;
    const values = { ':topicId': topicId };
    await bury(state, topicKey(name), ['topicId'], { expression: isThis, values });
  },
});

const create = async (state: Table, topic: NewTopic): Promise<{ created: boolean; topic: Topic }> => {
  const wanted: Topic = { ...topic, version: 1 };
  const standing = toTopic(await putUnderName(state, topicKey(topic.name), wanted, 'topicId'));
  return { created: standing.topicId === topic.topicId, topic: standing };
};

/** A topic of before there were versions has none. */
const toTopic = (item: Item): Topic => ({ version: 0, ...fromItem<Omit<Topic, 'version'>>(item) });

const get = async (state: Table, name: string): Promise<Topic | undefined> => {
  const item = await standingItem(state, topicKey(name));
  return item && toTopic(item);
};

const list = async (
  state: Table,
  { limit, after }: { limit: number; after?: string },
): Promise<TopicPage> => {
  const topics: Topic[] = [];
  // One more than asked, to know whether there is another page.
  const settings = { Limit: limit + 1, ...(after === undefined ? {} : { after }) };
  for await (const item of itemsUnder(state, { pk: topicsKey }, settings)) {
    if (isTombstone(item)) continue;
    const last = topics.at(-1);
    if (topics.length === limit && last) return { topics, nextAfter: last.name };
    topics.push(toTopic(item));
  }
  return { topics };
};

/** Bound to the topic's id as well: one that was created again begins its versions anew. */
const update = async (state: Table, topic: Topic, change: TopicChange): Promise<Topic | undefined> => {
  const changed = await changeVersion(state, topicKey(topic.name), {
    read: topic.version === 0 ? undefined : topic.version,
    version: topic.version + 1,
    id: { name: 'topicId', value: topic.topicId },
    set: { ...change },
  });
  return changed && toTopic(changed);
};
