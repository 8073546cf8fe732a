import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { limits } from '../domain/limits.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { Clock } from '../stores/clock.ts';
import { dynamoBatchStore } from '../stores/dynamodb/batches.ts';
import { createLogClient, createStateClient, type RequestUsage } from '../stores/dynamodb/client.ts';
import { dynamoStateStores } from '../stores/dynamodb/stores.ts';
import { tables } from '../stores/dynamodb/tables.ts';
import { createQueueClient } from '../stores/sqs/client.ts';
import { sqsWakeQueue } from '../stores/sqs/wake-queue.ts';
import type { WakeQueue, WakeReceipts } from '../stores/wake-queue.ts';
import { type EmbeddedService, startDynamodb } from './embedded/dynamodb.ts';
import { deleteExpired } from './embedded/expiry.ts';
import { ensureBucket, ensureQueue, ensureTable, streamOf } from './embedded/resources.ts';
import { startSqsAndS3 } from './embedded/sqs-s3.ts';

export interface StoresOptions {
  /** Folders of the embedded services; in memory without. */
  readonly folder?: { readonly dynamodb: string; readonly sqsAndS3: string };
  /** The endpoint of a DynamoDB; without, one is embedded. */
  readonly dynamodbEndpoint?: string;
  /** Whether that one has streams, as DynamoDB Local: true unless said. */
  readonly dynamodbStreams?: boolean;
  readonly clock: Clock;
  /** Told of every single request to DynamoDB. */
  readonly onRequest?: (usage: RequestUsage) => void;
}

/** Every store of the product, over services that run in this process. */
export interface EmbeddedStores extends ReturnType<typeof dynamoStateStores> {
  readonly batches: BatchStore;
  readonly queue: WakeQueue & WakeReceipts;
  /** The wake queue, as its receiver needs it. */
  readonly wakes: { readonly client: SQSClient; readonly queueUrl: string };
  /** The log table's own stream, where DynamoDB has streams. */
  readonly stream?: { readonly client: DynamoDBStreamsClient; readonly streamArn: string };
  /** Does what DynamoDB's expiry does. */
  expire(run: { remainingMs(): number }): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * The embedded services do not ask who is there. What the environment may say of endpoints of AWS would refuse those of
 * this machine.
 */
const anyone = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
};
const logTable = 'millrace-log';
const stateTable = 'millrace-state';

const archive = async (endpoint: string): Promise<void> => {
  const client = new S3Client({ ...anyone, endpoint, forcePathStyle: true });
  try {
    await ensureBucket(client, 'millrace-archive');
  } finally {
    client.destroy();
  }
};

const connect = async (
  dynamodb: EmbeddedService,
  sqsAndS3: EmbeddedService,
  { clock, onRequest, dynamodbEndpoint, dynamodbStreams = true }: StoresOptions,
): Promise<EmbeddedStores> => {
  const toTables = { ...anyone, endpoint: dynamodb.endpoint, ...(onRequest && { onRequest }) };
  const log = { client: createLogClient(toTables), table: logTable, clock };
  const state = { client: createStateClient(toTables), table: stateTable, clock };
  const sender = createQueueClient({ ...anyone, endpoint: sqsAndS3.endpoint });
  // Waits for messages longer than any other request takes.
  const receiver = new SQSClient({ ...anyone, endpoint: sqsAndS3.endpoint });
  const streams = dynamodbEndpoint !== undefined && dynamodbStreams;
  await ensureTable(log.client, clock, log.table, tables.log, { streams });
  await ensureTable(state.client, clock, state.table, tables.state);
  const visibilitySeconds = limits.wakeVisibilityMs / 1000;
  const queueUrl = await ensureQueue(sender, sqsAndS3.endpoint, 'millrace-wakes', visibilitySeconds);
  await archive(sqsAndS3.endpoint);
  return {
    ...dynamoStateStores(state),
    batches: dynamoBatchStore(log),
    queue: sqsWakeQueue({ client: sender, queueUrl, clock }),
    wakes: { client: receiver, queueUrl },
    ...(streams && {
      stream: {
        client: new DynamoDBStreamsClient({ ...anyone, endpoint: dynamodb.endpoint }),
        streamArn: await streamOf(log.client, log.table),
      },
    }),
    expire: (run) => deleteExpired(state, tables.state, run),
    stop: async () => {
      for (const client of [log.client, state.client, sender, receiver]) client.destroy();
      await sqsAndS3.stop();
      await dynamodb.stop();
    },
  };
};

const dynamodbAt = (endpoint: string): EmbeddedService => ({ endpoint, stop: async () => undefined });

/**
 * Starts the embedded services and makes the tables, the queue and the bucket where they are absent.
 * @throws StartError when what they kept cannot be read.
 */
export const openStores = async (options: StoresOptions): Promise<EmbeddedStores> => {
  const dynamodb =
    options.dynamodbEndpoint === undefined
      ? await startDynamodb(options.folder?.dynamodb)
      : dynamodbAt(options.dynamodbEndpoint);
  try {
    const sqsAndS3 = await startSqsAndS3(options.folder?.sqsAndS3);
    return await connect(dynamodb, sqsAndS3, options);
  } catch (error) {
    await dynamodb.stop();
    throw error;
  }
};
