import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ApiKey } from '../../domain/keys.ts';
import type { KeyStore } from '../keys.ts';
import { apiKeyKey, apiKeysKey } from './keys.ts';
import { fromItem, itemsUnder, reading, type Table, toItem, toKey, writing } from './table.ts';

/** API keys on a DynamoDB table. */
export const dynamoKeyStore = (state: Table): KeyStore => {
  const { client, table } = state;
  return {
    put: async (key) => {
      const item = toItem(apiKeyKey(key.keyId), key);
      await writing(client.send(new PutItemCommand({ TableName: table, Item: item })));
    },
    get: async (keyId) => {
      const Key = toKey(apiKeyKey(keyId));
      const { Item } = await reading(
        client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true })),
      );
      return Item && fromItem<ApiKey>(Item);
    },
    list: async () => {
      const keys: ApiKey[] = [];
      for await (const item of itemsUnder(state, { pk: apiKeysKey })) keys.push(fromItem<ApiKey>(item));
      return keys;
    },
    delete: async (keyId) => {
      const Key = toKey(apiKeyKey(keyId));
      const { Attributes } = await writing(
        client.send(new DeleteItemCommand({ TableName: table, Key, ReturnValues: 'ALL_OLD' })),
      );
      return Attributes !== undefined;
    },
  };
};
