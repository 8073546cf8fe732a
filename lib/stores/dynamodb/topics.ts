import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { NewTopic, Topic, TopicChange } from '../../domain/topics.ts';
import type { TopicPage, TopicStore } from '../topics.ts';
import { isConditionFailure, writeFailure } from './errors.ts';
import { topicKey, topicsKey } from './keys.ts';
import { fromItem, type Item, itemsUnder, type Table, toKey } from './table.ts';
import { bury, isTombstone, putUnderName, standingItem, stands } from './tombstones.ts';

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

const update = async (state: Table, topic: Topic, change: TopicChange): Promise<Topic | undefined> => {
  const changes = Object.entries(change).filter(([, value]) => value !== undefined);
  const version = topic.version + 1;
  const isAsRead = topic.version === 0 ? 'attribute_not_exists(#version)' : '#version = :read';
  try {
    const { Attributes } = await state.client.send(
      new UpdateItemCommand({
        TableName: state.table,
        Key: toKey(topicKey(topic.name)),
        UpdateExpression: [
          'SET #version = :version',
          ...changes.map(([setting]) => `#${setting} = :${setting}`),
        ].join(),
        ConditionExpression: `topicId = :topicId AND ${isAsRead} AND ${stands}`,
        ExpressionAttributeNames: Object.fromEntries(
          ['version', ...changes.map(([setting]) => setting)].map((name) => [`#${name}`, name]),
        ),
        ExpressionAttributeValues: marshall({
          ':topicId': topic.topicId,
          ':version': version,
          ...(topic.version > 0 && { ':read': topic.version }),
          ...Object.fromEntries(changes.map(([setting, value]) => [`:${setting}`, value])),
        }),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return Attributes && toTopic(Attributes);
  } catch (error) {
    if (!isConditionFailure(error)) throw writeFailure(error);
    const standing = await get(state, topic.name);
    // It may be this very change, whose first answer was lost; or one like it, which comes to the same.
    const isDone =
      standing?.topicId === topic.topicId &&
      standing.version === version &&
      changes.every(([setting, value]) => standing[setting as keyof Topic] === value);
    return isDone ? standing : undefined;
  }
};
