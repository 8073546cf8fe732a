import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Run } from '../../lib/delivery/deps.ts';
import { AnsweredElsewhereError, shownAgainAfterMs, UnansweredError } from '../../lib/delivery/unanswered.ts';
import type { Wake } from '../../lib/domain/delivery/wakes.ts';
import { wakeFromMessage } from '../../lib/stores/sqs/wake-message.ts';
import type { WakeReceipts } from '../../lib/stores/wake-queue.ts';
import type { Telemetry } from '../../lib/surroundings/telemetry.ts';

export interface QueueConsumerDeps {
  /** Answers one wake. Throws when its messages must come back. */
  readonly deliver: (wake: Wake, run: Run) => Promise<void>;
  readonly receipts: WakeReceipts;
  readonly telemetry: Telemetry;
}

/** A message of an event, with its wake if it is one. */
interface Received {
  readonly message: SQSRecord;
  readonly wake?: Wake;
  /** What is wrong with it, if it is none. */
  readonly error?: unknown;
}

const received = (message: SQSRecord): Received => {
  try {
    return { message, wake: wakeFromMessage(message.body) };
  } catch (error) {
    return { message, error };
  }
};

/** What one run answers: each message by itself, but those together that appends sent for the same partition. */
const answeredTogether = ({ message, wake }: Received): string =>
  wake?.kind === 'append' ? `${wake.groupId}/${wake.partition}` : message.messageId;

/** What went wrong, without what is only said of the lease. */
const reasonOf = (error: unknown): unknown =>
  error instanceof UnansweredError && error.cause instanceof Error ? error.cause : error;

/**
 * Turns events of the wake queue into wakes and answers them side by side. A message whose wake threw is named in the
 * answer and shown again when it can be answered; so is one that is no wake, until it is a dead letter.
 */
export const createQueueConsumer = (deps: QueueConsumerDeps) => {
  const fail = async ({ message, wake }: Received, error: unknown): Promise<SQSBatchItemFailure> => {
    const { messageId, receiptHandle, attributes } = message;
    const where = `deliver, message ${messageId}`;
    const requestId = wake?.requestId;
    const told = { kind: 'fault', where, error: reasonOf(error) } as const;
    if (!(error instanceof AnsweredElsewhereError))
      deps.telemetry.record({ ...told, ...(requestId !== undefined && { requestId }) });
    try {
      const afterMs = shownAgainAfterMs(error, Number(attributes.ApproximateReceiveCount));
      await deps.receipts.showAgain(receiptHandle, afterMs);
    } catch (unchanged) {
      // It comes back all the same, when its visibility timeout is over.
      deps.telemetry.record({ kind: 'fault', where: `${where}, shown again`, error: unchanged });
    }
    return { itemIdentifier: messageId };
  };

  const answer = async (
    together: readonly [Received, ...Received[]],
    remainingMs: () => number,
  ): Promise<readonly SQSBatchItemFailure[]> => {
    const [{ message, wake, error }, ...others] = together;
    try {
      if (wake === undefined) throw error;
      const messageIds = [message.messageId, ...others.map((other) => other.message.messageId)] as const;
      await deps.deliver(wake, { messageIds, remainingMs });
      return [];
    } catch (failure) {
      return Promise.all(together.map((each) => fail(each, failure)));
    }
  };

  return async (
    event: SQSEvent,
    context: { getRemainingTimeInMillis(): number },
  ): Promise<SQSBatchResponse> => {
    const runs = Map.groupBy(event.Records.map(received), answeredTogether);
    const failed = [...runs.values()].map(([first, ...others]) =>
      first === undefined ? [] : answer([first, ...others], () => context.getRemainingTimeInMillis()),
    );
    return { batchItemFailures: (await Promise.all(failed)).flat() };
  };
};
