import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { createQueueClient } from '../../lib/stores/sqs/client.ts';
import type { Queue } from '../../lib/stores/sqs/send.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import type { EmbeddedService } from './dynamodb.ts';
import { ensureQueue } from './resources.ts';
import { startSqsAndS3 } from './sqs-s3.ts';

export interface TestQueue extends AsyncDisposable, Queue {
  /** The bodies of at most ten messages that are visible now, which are deleted. */
  take(): Promise<string[]>;
  /** The receipts of those, which are not deleted. */
  receive(): Promise<string[]>;
}

/** A queue on `server`; without one, on a fauxqs of its own, in memory, on a port of 127.0.0.1. */
export const embeddedQueue = async (name = 'wakes', given?: EmbeddedService): Promise<TestQueue> => {
  const server = given ?? (await startSqsAndS3());
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createQueueClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
  const queueUrl = await ensureQueue(client, server.endpoint, name, 30);
  const take = async (): Promise<string[]> => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    if (Entries.length > 0) await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return Messages.map(({ Body = '' }) => Body);
  };
  const receive = async (): Promise<string[]> => {
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
    return Messages.map(({ ReceiptHandle = '' }) => ReceiptHandle);
  };
  return {
    client,
    queueUrl,
    clock: systemClock,
    take,
    receive,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      if (given === undefined) await server.stop();
    },
  };
};
