import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Removal, RemovalKind, RemovalPage, RemovalStore } from '../removals.ts';
import { removalKey, removalPrefix, removalsKey } from './keys.ts';
import { fromItem, itemsUnder, type Table, toItem, toKey, unlessRefused, writing } from './table/table.ts';

/**
 * Removals on a DynamoDB table. One that has ended leaves no tombstone: it ends `limits.removalMinAgeMs` after it was
 * asked for at the earliest, when no copy of its put can be under way.
 */
export const dynamoRemovalStore = (state: Table): RemovalStore => {
  const { client, table } = state;
  return {
    put: async (removal) => {
      const put = new PutItemCommand({
        TableName: table,
        Item: toItem(removalKey(removal), removal),
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      await unlessRefused(client.send(put));
    },
    list: (kind, page) => list(state, kind, page),
    noteClosed: async (topicId, closedAt) => {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: toKey(removalKey({ kind: 'topic', id: topicId })),
        UpdateExpression: 'SET closedAt = :closedAt',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(closedAt)',
        ExpressionAttributeValues: { ':closedAt': { N: String(closedAt) } },
      });
      await unlessRefused(client.send(update));
    },
    delete: async (removal) => {
      const Key = toKey(removalKey(removal));
      await writing(client.send(new DeleteItemCommand({ TableName: table, Key })));
    },
  };
};

const list = async <Kind extends RemovalKind>(
  state: Table,
  kind: Kind,
  { limit, after }: RemovalPage,
): Promise<Extract<Removal, { kind: Kind }>[]> => {
  const removals: Extract<Removal, { kind: Kind }>[] = [];
  const from = after === undefined ? {} : { after: removalKey({ kind, id: after }).sk };
  const under = { pk: removalsKey, prefix: removalPrefix(kind) };
  for await (const item of itemsUnder(state, under, { Limit: limit, ...from })) {
    removals.push(fromItem(item));
    if (removals.length === limit) break;
  }
  return removals;
};
