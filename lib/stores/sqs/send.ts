import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { OutcomeUnknownError, ThrottledError } from '../../domain/errors.ts';
import type { Clock } from '../../surroundings/clock.ts';

/** A queue as it is given to an adapter. */
export interface Queue {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly clock: Pick<Clock, 'sleep'>;
}

export type Message = Omit<SendMessageBatchRequestEntry, 'Id'>;

/** What one SendMessageBatch takes. */
const batchSize = 10;
const rounds = 4;

/**
 * Sends messages, of which `what` is the word for errors. What SQS does not take is sent again.
 * @throws ThrottledError when the queue keeps refusing some; OutcomeUnknownError when it did not answer; Error when it
 *   refuses one for good.
 */
export const sendMessages = async (
  queue: Queue,
  what: string,
  messages: readonly Message[],
): Promise<void> => {
  const entries = messages.map((message, index) => ({ Id: String(index), ...message }));
  for (let from = 0; from < entries.length; from += batchSize)
    await sendBatch(queue, what, entries.slice(from, from + batchSize));
};

const sendBatch = async (
  queue: Queue,
  what: string,
  entries: readonly SendMessageBatchRequestEntry[],
): Promise<void> => {
  let left = entries;
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) await queue.clock.sleep(50 * 2 ** round);
    const failed = await attempt(queue, what, left);
    const refused = failed.find(({ SenderFault }) => SenderFault);
    if (refused) throw new Error(`The queue refused a ${what}: ${refused.Code ?? 'no reason given'}.`);
    const ids = new Set(failed.map(({ Id }) => Id));
    left = left.filter(({ Id }) => ids.has(Id));
    if (left.length === 0) return;
  }
  throw new ThrottledError(`The queue did not take ${left.length} ${what}s.`);
};

const attempt = async (
  { client, queueUrl }: Queue,
  what: string,
  entries: readonly SendMessageBatchRequestEntry[],
) => {
  const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...entries] });
  try {
    return (await client.send(command)).Failed ?? [];
  } catch (error) {
    throw new OutcomeUnknownError(`The queue gave no definite answer to a ${what}.`, { cause: error });
  }
};
