import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { TableDefinition } from '../../lib/stores/dynamodb/table/tables.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';

const mostTries = 30;

/**
 * What `ask` answers. On a busy machine a start keeps its process from connecting to itself for seconds: what was not
 * answered in time is asked again. `ask` may be done twice.
 */
const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'TimeoutError') || tries === mostTries) throw error;
    }
  }
};

const tableStatus = async (client: DynamoDBClient, name: string): Promise<string | undefined> => {
  try {
    const { Table } = await answered(() => client.send(new DescribeTableCommand({ TableName: name })));
    return Table?.TableStatus;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
};

/** `make` may be done twice: the second time it finds what the first has made. */
const made = async (make: () => Promise<unknown>): Promise<void> => {
  try {
    await answered(make);
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
};

/**
 * Makes the table if it is absent, and waits until it can be used.
 * @param server.streams Whether the server has streams: the table then has the one that its definition wants.
 */
export const ensureTable = async (
  client: DynamoDBClient,
  clock: Clock,
  name: string,
  definition: TableDefinition,
  server: { readonly streams: boolean } = { streams: false },
): Promise<void> => {
  const { partitionKey, sortKey, stream } = definition;
  if ((await tableStatus(client, name)) === undefined) {
    await made(() =>
      client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [
            { AttributeName: partitionKey.name, KeyType: 'HASH' },
            { AttributeName: sortKey.name, KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [partitionKey, sortKey].map((key) => ({
            AttributeName: key.name,
            AttributeType: key.type,
          })),
          ...(server.streams &&
            stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } }),
        }),
      ),
    );
  }
  // A process killed while a table was being made leaves it in that state, in which dynalite serves it all the same.
  for (let looks = 0; looks < 50 && (await tableStatus(client, name)) !== 'ACTIVE'; looks += 1) {
    await clock.sleep(10);
  }
};

/** The ARN of the table's stream. */
export const streamOf = async (client: DynamoDBClient, table: string): Promise<string> => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  if (Table?.LatestStreamArn === undefined) throw new Error(`the table ${table} has no stream`);
  return Table.LatestStreamArn;
};

/** Makes the queue if it is absent and gives it this visibility timeout. Answers with its URL at today's endpoint. */
export const ensureQueue = async (
  client: SQSClient,
  endpoint: string,
  name: string,
  visibilitySeconds: number,
): Promise<string> => {
  const attributes = { VisibilityTimeout: String(visibilitySeconds) };
  let known: string | undefined;
  try {
    known = (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    known = (await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))).QueueUrl;
  }
  if (known === undefined) throw new Error(`the queue ${name} has no URL`);
  // The URL was stored with the port of the process that made the queue.
  const url = new URL(new URL(known).pathname, endpoint).href;
  await client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributes }));
  return url;
};

/** Makes the bucket. */
export const ensureBucket = async (client: S3Client, bucket: string): Promise<void> => {
  await answered(() => client.send(new CreateBucketCommand({ Bucket: bucket })));
};
