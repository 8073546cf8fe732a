import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { SQSClient } from '@aws-sdk/client-sqs';
import { limits } from '../../lib/domain/limits.ts';
import type { LocalStores } from '../../lib/local/stores.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import {
  createLogClient,
  createStateClient,
  type RequestUsage,
} from '../../lib/stores/dynamodb/table/client.ts';
import { tables } from '../../lib/stores/dynamodb/table/tables.ts';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { s3ObjectStore } from '../../lib/stores/s3/objects.ts';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import { noTelemetry, type Telemetry } from '../../lib/surroundings/telemetry.ts';
import { type EmbeddedService, startDynamodb } from './dynamodb.ts';
import { ensureBucket, ensureQueue, ensureTable, streamOf } from './resources.ts';
import { sqsReceiver } from './sqs-receiver.ts';
import { startSqsAndS3 } from './sqs-s3.ts';
import { TableStream } from './table-stream.ts';

export interface EmbeddedOptions {
  readonly clock: Clock;
  /** The endpoint of a DynamoDB; without, one is embedded, in memory. */
  readonly dynamodbEndpoint?: string;
  /** Whether that one has streams, as DynamoDB Local: true unless said. Without them nothing else may write there. */
  readonly dynamodbStreams?: boolean;
  /** Told of every single request to DynamoDB. */
  readonly onRequest?: (usage: RequestUsage) => void;
  readonly telemetry?: Telemetry;
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
const archiveBucket = 'millrace-archive';

const connect = async (
  dynamodb: EmbeddedService,
  sqs: EmbeddedService,
  options: EmbeddedOptions,
): Promise<LocalStores> => {
  const { clock, onRequest, dynamodbEndpoint, dynamodbStreams = true, telemetry = noTelemetry } = options;
  const toTables = { ...anyone, endpoint: dynamodb.endpoint, ...(onRequest && { onRequest }) };
  const log = { client: createLogClient(toTables), table: logTable, clock };
  const state = { client: createStateClient(toTables), table: stateTable, clock };
  const sender = createQueueClient({ ...anyone, endpoint: sqs.endpoint });
  // Waits for messages longer than any other request takes.
  const receiver = new SQSClient({ ...anyone, endpoint: sqs.endpoint });
  const streams = dynamodbEndpoint !== undefined && dynamodbStreams;
  await ensureTable(log.client, clock, log.table, tables.log, { streams });
  await ensureTable(state.client, clock, state.table, tables.state);
  const visibilitySeconds = limits.wakeVisibilityMs / 1000;
  const queueUrl = await ensureQueue(sender, sqs.endpoint, 'millrace-wakes', visibilitySeconds);
  const s3 = createArchiveClient({ ...anyone, endpoint: sqs.endpoint });
  await ensureBucket(s3, archiveBucket);
  const streamArn = streams ? await streamOf(log.client, log.table) : undefined;
  return {
    ...dynamoStateStores(state),
    batches: dynamoBatchStore(log),
    objects: s3ObjectStore({ client: s3, bucket: archiveBucket, clock }),
    queue: { ...sqsWakeQueue({ client: sender, queueUrl, clock }), ...sqsReceiver(receiver, queueUrl) },
    ...(streamArn !== undefined && {
      stream: (push) => {
        const client = new DynamoDBStreamsClient({ ...anyone, endpoint: dynamodb.endpoint });
        return new TableStream({ client, streamArn, push, clock, telemetry });
      },
    }),
    expire: async () => undefined,
    stop: async () => {
      for (const client of [log.client, state.client, sender, receiver, s3]) client.destroy();
      await sqs.stop();
      await dynamodb.stop();
    },
  };
};

const dynamodbAt = (endpoint: string): EmbeddedService => ({ endpoint, stop: async () => undefined });

/** The adapters of AWS over services that run in this process, which keep everything in memory. */
export const openEmbeddedStores = async (options: EmbeddedOptions): Promise<LocalStores> => {
  const { dynamodbEndpoint } = options;
  const dynamodb = dynamodbEndpoint === undefined ? await startDynamodb() : dynamodbAt(dynamodbEndpoint);
  try {
    return await connect(dynamodb, await startSqsAndS3(), options);
  } catch (error) {
    await dynamodb.stop();
    throw error;
  }
};
