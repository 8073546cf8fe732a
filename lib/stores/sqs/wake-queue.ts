import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { OutcomeUnknownError, ThrottledError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../clock.ts';
import type { QueuedWake, WakeQueue, WakeReceipts } from '../wake-queue.ts';
import { wakeToMessage } from './wake-message.ts';

/** The wake queue as it is given to the adapter. */
export interface Queue {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** What one SendMessageBatch takes. */
const batchSize = 10;
const rounds = 4;

/** The wake queue on SQS. */
export const sqsWakeQueue = (queue: Queue): WakeQueue & WakeReceipts => ({
  send: async (wakes) => {
    const entries = wakes.map(toEntry);
    for (let from = 0; from < entries.length; from += batchSize)
      await sendBatch(queue, entries.slice(from, from + batchSize));
  },
  // Whole seconds, counted from now; 12 hours in all since it was received:
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
  showAgain: async (receipt, afterMs) => {
    const change = {
      QueueUrl: queue.queueUrl,
      ReceiptHandle: receipt,
      VisibilityTimeout: Math.ceil(Math.max(afterMs, 0) / 1000),
    };
    await queue.client.send(new ChangeMessageVisibilityCommand(change));
  },
});

/**
 * SQS takes whole seconds, 15 minutes of them at most; rounded up, so that nothing comes early.
 *
 * The group's id as `MessageGroupId` makes a standard queue fair: a group with a disproportionate share of what is in
 * flight is served after the others, in no order and in parallel as before ("How Amazon SQS fair queues work", SQS
 * developer guide). SQS takes up to 128 letters, digits and marks of ASCII, of which ids are made.
 */
const toEntry = ({ wake, delayMs = 0 }: QueuedWake, index: number): SendMessageBatchRequestEntry => ({
  Id: String(index),
  MessageBody: wakeToMessage(wake),
  MessageGroupId: wake.groupId,
  DelaySeconds: Math.ceil(Math.min(Math.max(delayMs, 0), limits.wakeDelayMs) / 1000),
});

/** @throws ThrottledError when the queue keeps refusing some; OutcomeUnknownError when it did not answer. */
const sendBatch = async (
  { client, queueUrl, clock }: Queue,
  entries: SendMessageBatchRequestEntry[],
): Promise<void> => {
  let left = entries;
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) await clock.sleep(50 * 2 ** round);
    const failed = await attempt(client, queueUrl, left);
    const refused = failed.find(({ SenderFault }) => SenderFault);
    if (refused) throw new Error(`The queue refused a wake: ${refused.Code ?? 'no reason given'}.`);
    const ids = new Set(failed.map(({ Id }) => Id));
    left = left.filter(({ Id }) => ids.has(Id));
    if (left.length === 0) return;
  }
  throw new ThrottledError(`The queue did not take ${left.length} wakes.`);
};

const attempt = async (client: SQSClient, queueUrl: string, entries: SendMessageBatchRequestEntry[]) => {
  try {
    const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    return answer.Failed ?? [];
  } catch (error) {
    throw new OutcomeUnknownError('The queue gave no definite answer to a wake.', { cause: error });
  }
};
