import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../stores/clock.ts';
import { isConditionFailure } from '../../stores/dynamodb/errors.ts';
import type { Item, Table } from '../../stores/dynamodb/table.ts';
import type { TableDefinition } from '../../stores/dynamodb/tables.ts';

const pageSize = 200;
/** Between two pages, so that the process has time for others. */
const pauseMs = 10;

/**
 * Stands in for DynamoDB's expiry, which embedded servers have not: deletes the items whose time is over, by the attribute
 * that the table's definition names, while there is time.
 * @returns how many were deleted.
 */
export const deleteExpired = async (
  { client, table, clock }: Omit<Table, 'clock'> & { readonly clock: Pick<Clock, 'now' | 'sleep'> },
  { timeToLive }: Pick<TableDefinition, 'timeToLive'>,
  run: { remainingMs(): number },
): Promise<number> => {
  let deleted = 0;
  if (timeToLive === undefined) return deleted;
  const isOver = {
    ExpressionAttributeNames: { '#ttl': timeToLive },
    ExpressionAttributeValues: { ':now': { N: String(Math.floor(clock.now() / 1000)) } },
  };
  let from: Item | undefined;
  const scan = () =>
    client.send(
      new ScanCommand({
        TableName: table,
        Limit: pageSize,
        FilterExpression: '#ttl <= :now',
        ProjectionExpression: 'pk, sk',
        ...isOver,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
  do {
    const page = await scan();
    for (const Key of page.Items ?? []) {
      // It may have been replaced since it was read.
      const remove = new DeleteItemCommand({
        TableName: table,
        Key,
        ConditionExpression: '#ttl <= :now',
        ...isOver,
      });
      await client.send(remove).catch((error: unknown) => {
        if (!isConditionFailure(error)) throw error;
        deleted -= 1;
      });
      deleted += 1;
    }
    from = page.LastEvaluatedKey;
    if (from !== undefined) await clock.sleep(pauseMs);
  } while (from !== undefined && run.remainingMs() > 0);
  return deleted;
};
