/** As bare-dynamodb.ts, with the queue's client and the command that sends wakes. */
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { createStateClient } from '../../lib/stores/dynamodb/table/client.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { handler as dynamodb } from './bare-dynamodb.ts';

const clients = [createQueueClient()];
const commands = [SendMessageBatchCommand];

/** @param event `queries`: how many queries to send first, one after the other. */
export const handler = async ({ queries = 0 }: { readonly queries?: number }): Promise<number> => {
  const client = createStateClient();
  for (let sent = 0; sent < queries; sent += 1)
    await client.send(
      new QueryCommand({
        TableName: 'state',
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'topic' } },
      }),
    );
  return clients.length + commands.length + (await dynamodb());
};
