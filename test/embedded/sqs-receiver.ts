import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { WakeReceiver } from '../../lib/stores/wake-queue.ts';

/** Messages that one request takes or gives back. */
const atOnce = 10;

/** Receives from SQS, as an event source mapping does. @param client waits for messages longer than other requests take. */
export const sqsReceiver = (client: SQSClient, queueUrl: string): WakeReceiver => ({
  receive: async (most, signal) => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(most, atOnce),
        WaitTimeSeconds: 20,
        MessageSystemAttributeNames: ['All'],
      }),
      { abortSignal: signal },
    );
    return Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes }) => ({
      messageId: MessageId,
      receipt: ReceiptHandle,
      receives: Number(Attributes?.ApproximateReceiveCount ?? 1),
      body: Body,
    }));
  },
  acknowledge: async (receipt) => {
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
  },
  // In a second, and not at once: a request to receive that was given up may still be open, and would take them.
  giveBack: async (receipts) => {
    for (let from = 0; from < receipts.length; from += atOnce) {
      const Entries = receipts.slice(from, from + atOnce).map((ReceiptHandle, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: 1,
      }));
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
  },
});
