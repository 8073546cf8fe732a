import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SweepPlace, SweepPlaceStore } from '../sweep-places.ts';
import { sweepPlaceKey } from './keys.ts';
import { fromItem, reading, type Table, toItem, toKey, writing } from './table/table.ts';

/** The sweep's place on a DynamoDB table. */
export const dynamoSweepPlaceStore = ({ client, table }: Table): SweepPlaceStore => ({
  get: async () => {
    const get = new GetItemCommand({ TableName: table, Key: toKey(sweepPlaceKey), ConsistentRead: true });
    const { Item } = await reading(client.send(get));
    return Item === undefined ? {} : fromItem<SweepPlace>(Item);
  },
  set: async (place) => {
    await writing(client.send(new PutItemCommand({ TableName: table, Item: toItem(sweepPlaceKey, place) })));
  },
});
