import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Removal, RemovalStore } from '../removals.ts';
import { removalKey, removalsKey } from './keys.ts';
import { fromItem, itemsUnder, type Table, toItem, toKey, writing } from './table.ts';

/** Removals on a DynamoDB table. */
export const dynamoRemovalStore = (state: Table): RemovalStore => {
  const { client, table } = state;
  return {
    put: async (removal) => {
      const item = toItem(removalKey(removal), removal);
      await writing(client.send(new PutItemCommand({ TableName: table, Item: item })));
    },
    list: async (limit) => {
      const removals: Removal[] = [];
      for await (const item of itemsUnder(state, { pk: removalsKey }, { Limit: limit })) {
        removals.push(fromItem<Removal>(item));
        if (removals.length === limit) break;
      }
      return removals;
    },
    delete: async (removal) => {
      const Key = toKey(removalKey(removal));
      await writing(client.send(new DeleteItemCommand({ TableName: table, Key })));
    },
  };
};
