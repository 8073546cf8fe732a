import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { ProducerState } from '../../domain/idempotency/producers.ts';
import { limits } from '../../domain/limits.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { ProducerStore } from '../producers.ts';
import { producerKey } from './keys.ts';
import { fromItem, type Table, toItem, unlessRefused, until } from './table/table.ts';
import { itemAt } from './table/tombstones.ts';

/** Parked producers on a DynamoDB table. */
export const dynamoProducerStore = (state: Table): ProducerStore => ({
  get: async (at, id, signal) => {
    const item = await itemAt(state, producerKey(at, id), signal);
    const expired = item !== undefined && Number(item['ttl']?.N ?? 0) * 1000 <= state.clock.now();
    return item === undefined || expired ? undefined : fromItem<ProducerState>(item, ['ttl']);
  },
  park: (at, producer, now, signal) => park(state, at, producer, now, signal),
});

const park = async (
  { client, table }: Table,
  at: PartitionRef,
  producer: ProducerState,
  now: number,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const ttl = Math.ceil((now + limits.producerKeptMs) / 1000);
  await unlessRefused(
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: toItem(producerKey(at, producer.id), { ...producer, ttl }),
        ConditionExpression:
          'attribute_not_exists(pk) OR epoch < :epoch OR (epoch = :epoch AND #sequence < :sequence)',
        ExpressionAttributeNames: { '#sequence': 'sequence' },
        ExpressionAttributeValues: marshall({ ':epoch': producer.epoch, ':sequence': producer.sequence }),
      }),
      until(signal),
    ),
  );
};
