import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Erasure } from '../../domain/archive/erasures.ts';
import { limits } from '../../domain/limits.ts';
import type { ErasureStore } from '../erasures.ts';
import { erasureKey, erasurePrefix, erasuresKey } from './keys.ts';
import { fromItem, type Item, itemsUnder, type Table, toItem, toKey, unlessRefused } from './table/table.ts';
import { itemAt } from './table/tombstones.ts';

const toErasure = (item: Item): Erasure => fromItem<Erasure>(item, ['ttl']);

/** Erasures on a DynamoDB table, whose expiry takes them when their time is over. */
export const dynamoErasureStore = (state: Table): ErasureStore => {
  const { client, table } = state;
  return {
    put: async (erasure) => {
      const ttl = Math.ceil((erasure.requestedAt + limits.erasureKeptMs) / 1000);
      const put = new PutItemCommand({
        TableName: table,
        Item: toItem(erasureKey(erasure), { ...erasure, ttl }),
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      await unlessRefused(client.send(put));
    },
    get: async (ref) => {
      const item = await itemAt(state, erasureKey(ref));
      return item && toErasure(item);
    },
    list: async (topicId) => {
      const erasures: Erasure[] = [];
      const prefix = topicId === undefined ? {} : { prefix: erasurePrefix(topicId) };
      for await (const item of itemsUnder(state, { pk: erasuresKey, ...prefix }))
        erasures.push(toErasure(item));
      return erasures;
    },
    note: async (ref, partition, progress) => {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: toKey(erasureKey(ref)),
        UpdateExpression: 'SET progress.#partition = :progress',
        ConditionExpression:
          'attribute_exists(pk) AND (attribute_not_exists(progress.#partition) OR progress.#partition.isDone = :false)',
        ExpressionAttributeNames: { '#partition': String(partition) },
        ExpressionAttributeValues: { ':progress': { M: marshall(progress) }, ':false': { BOOL: false } },
      });
      await unlessRefused(client.send(update));
    },
  };
};
