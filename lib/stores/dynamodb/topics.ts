import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Topic, TopicSettings } from '../../domain/topics.ts';
import type { TopicPage, TopicStore } from '../topics.ts';
import { topicKey, topicsKey } from './keys.ts';
import {
  fromItem,
  itemsUnder,
  putOrFind,
  reading,
  type Table,
  toItem,
  toKey,
  unlessRefused,
} from './table.ts';

/** Topics on a DynamoDB table. */
export const dynamoTopicStore = (state: Table): TopicStore => ({
  create: (topic) => create(state, topic),
  get: (name) => get(state, name),
  list: (page) => list(state, page),
  update: (name, topicId, change) => update(state, name, topicId, change),
  delete: (name, topicId, partitions) => remove(state, name, topicId, partitions),
});

const remove = async (state: Table, name: string, topicId: string, partitions: number): Promise<boolean> => {
  const removed = await unlessRefused(
    state.client.send(
      new DeleteItemCommand({
        TableName: state.table,
        Key: toKey(topicKey(name)),
        ConditionExpression: 'topicId = :topicId AND #partitions <= :partitions',
        ExpressionAttributeNames: { '#partitions': 'partitions' },
        ExpressionAttributeValues: { ':topicId': { S: topicId }, ':partitions': { N: String(partitions) } },
      }),
    ),
  );
  // What the condition failed on: the topic itself, which has grown, or that it is gone.
  return removed !== undefined || (await get(state, name))?.topicId !== topicId;
};

const create = async (state: Table, topic: Topic): Promise<{ created: boolean; topic: Topic }> => {
  const standing = await putOrFind<Topic>(
    state,
    new PutItemCommand({
      TableName: state.table,
      Item: toItem(topicKey(topic.name), topic),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
    topic,
    () => get(state, topic.name),
  );
  return { created: standing.topicId === topic.topicId, topic: standing };
};

const get = async ({ client, table }: Table, name: string): Promise<Topic | undefined> => {
  const { Item } = await reading(
    client.send(new GetItemCommand({ TableName: table, Key: toKey(topicKey(name)), ConsistentRead: true })),
  );
  return Item && fromItem<Topic>(Item);
};

const list = async (
  state: Table,
  { limit, after }: { limit: number; after?: string },
): Promise<TopicPage> => {
  const topics: Topic[] = [];
  // One more than asked, to know whether there is another page.
  const settings = { Limit: limit + 1, ...(after === undefined ? {} : { after }) };
  for await (const item of itemsUnder(state, { pk: topicsKey }, settings)) {
    const last = topics.at(-1);
    if (topics.length === limit && last) return { topics, nextAfter: last.name };
    topics.push(fromItem<Topic>(item));
  }
  return { topics };
};

const update = async (
  state: Table,
  name: string,
  topicId: string,
  change: Partial<TopicSettings>,
): Promise<Topic | undefined> => {
  const changes = Object.entries(change).filter(([, value]) => value !== undefined);
  const partitions = changes.find(([setting]) => setting === 'partitions');
  const answer = await unlessRefused(
    state.client.send(
      new UpdateItemCommand({
        TableName: state.table,
        Key: toKey(topicKey(name)),
        // Setting the id to itself makes an update of nothing one like any other.
        UpdateExpression: [
          'SET topicId = :topicId',
          ...changes.map(([setting]) => `#${setting} = :${setting}`),
        ].join(),
        ConditionExpression: `topicId = :topicId${partitions ? ' AND #partitions <= :partitions' : ''}`,
        ...(changes.length > 0
          ? {
              ExpressionAttributeNames: Object.fromEntries(
                changes.map(([setting]) => [`#${setting}`, setting]),
              ),
            }
          : {}),
        ExpressionAttributeValues: marshall({
          ':topicId': topicId,
          ...Object.fromEntries(changes.map(([setting, value]) => [`:${setting}`, value])),
        }),
        ReturnValues: 'ALL_NEW',
      }),
    ),
  );
  return answer?.Attributes && fromItem<Topic>(answer.Attributes);
};
