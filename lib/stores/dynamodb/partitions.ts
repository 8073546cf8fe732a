import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { PartitionRef } from '../../domain/records/records.ts';
import { type PartitionState, type PartitionStore, untouchedPartition } from '../partitions.ts';
import { partitionIn, partitionPrefix, partitionStateKey, topicItemsKey } from './keys.ts';
import {
  deleteItemsUnder,
  fromItem,
  type Item,
  itemsUnder,
  reading,
  type Table,
  toKey,
  unlessRefused,
} from './table/table.ts';

/** Partition state on a DynamoDB table. */
export const dynamoPartitionStore = (state: Table): PartitionStore => ({
  get: (at) => get(state, at),
  list: async (topicId) => {
    const partitions = new Map<number, PartitionState>();
    for await (const item of itemsUnder(state, { pk: topicItemsKey(topicId), prefix: partitionPrefix }))
      partitions.set(partitionIn(item['sk']?.S ?? ''), toState(item));
    return partitions;
  },
  advance: (at, which, to) => advance(state, at, which, to),
  deleteAll: (topicId) => deleteItemsUnder(state, { pk: topicItemsKey(topicId), prefix: partitionPrefix }),
});

const toState = (item: Item): PartitionState => ({
  ...untouchedPartition,
  ...fromItem<Partial<PartitionState>>(item),
});

const get = async ({ client, table }: Table, at: PartitionRef): Promise<PartitionState> => {
  const Key = toKey(partitionStateKey(at));
  const { Item = {} } = await reading(
    client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true })),
  );
  return toState(Item);
};

const advance = async (
  { client, table }: Table,
  at: PartitionRef,
  which: keyof PartitionState,
  to: number,
): Promise<void> => {
  await unlessRefused(
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toKey(partitionStateKey(at)),
        UpdateExpression: 'SET #offset = :to',
        ConditionExpression: 'attribute_not_exists(#offset) OR #offset < :to',
        ExpressionAttributeNames: { '#offset': which },
        ExpressionAttributeValues: { ':to': { N: String(to) } },
      }),
    ),
  );
};
