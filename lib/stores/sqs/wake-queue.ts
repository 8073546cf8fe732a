import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import { limits } from '../../domain/limits.ts';
import type { QueuedWake, WakeQueue, WakeReceipts } from '../wake-queue.ts';
import { type Message, type Queue, sendMessages } from './send.ts';
import { wakeToMessage } from './wake-message.ts';

/** The wake queue on SQS. */
export const sqsWakeQueue = (queue: Queue): WakeQueue & WakeReceipts => ({
  send: (wakes) => sendMessages(queue, 'wake', wakes.map(toMessage)),
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
const toMessage = ({ wake, delayMs = 0 }: QueuedWake): Message => ({
  MessageBody: wakeToMessage(wake),
  MessageGroupId: wake.groupId,
  DelaySeconds: Math.ceil(Math.min(Math.max(delayMs, 0), limits.wakeDelayMs) / 1000),
});
