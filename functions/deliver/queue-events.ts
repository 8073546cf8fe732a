import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Run } from '../../lib/delivery/deps.ts';
import type { Wake } from '../../lib/domain/wakes.ts';
import { wakeFromMessage } from '../../lib/stores/sqs/wake-message.ts';
import type { Telemetry } from '../../lib/stores/telemetry.ts';

export interface QueueConsumerDeps {
  /** Answers one wake. Throws when its message must come back. */
  readonly deliver: (wake: Wake, run: Run) => Promise<void>;
  readonly telemetry: Telemetry;
}

/**
 * Answers wakes, those of one event that an append sent for the same partition by one run: it begins after all of them
 * came, and what fails it fails them all.
 */
const answering = (deliver: QueueConsumerDeps['deliver']): QueueConsumerDeps['deliver'] => {
  const begun = new Map<string, Promise<void>>();
  return (wake, run) => {
    if (wake.kind !== 'append') return deliver(wake, run);
    const partition = `${wake.groupId}/${wake.partition}`;
    const answer = begun.get(partition) ?? deliver(wake, run);
    begun.set(partition, answer);
    return answer;
  };
};

/**
 * Turns events of the wake queue into wakes and answers them side by side. A message whose wake threw is named in the
 * answer, and comes back when its visibility timeout is over; so does one that is no wake, until it is a dead letter.
 */
export const createQueueConsumer =
  ({ deliver, telemetry }: QueueConsumerDeps) =>
  async (event: SQSEvent, context: { getRemainingTimeInMillis(): number }): Promise<SQSBatchResponse> => {
    const remainingMs = () => context.getRemainingTimeInMillis();
    const answer = answering(deliver);
    const failed = await Promise.all(
      event.Records.map(async ({ messageId, body }) => {
        let wake: Wake | undefined;
        try {
          wake = wakeFromMessage(body);
          await answer(wake, { messageId, remainingMs });
          return [];
        } catch (error) {
          const where = `deliver, message ${messageId}`;
          const requestId = wake?.requestId;
          telemetry.record({ kind: 'fault', where, error, ...(requestId !== undefined && { requestId }) });
          return [{ itemIdentifier: messageId }];
        }
      }),
    );
    return { batchItemFailures: failed.flat() };
  };
