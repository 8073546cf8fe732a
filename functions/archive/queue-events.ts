import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { ArchiverRun } from '../../lib/archive/deps.ts';
import type { ArchiveTask } from '../../lib/domain/archive/archive-tasks.ts';
import { taskFromMessage } from '../../lib/stores/sqs/archive-message.ts';
import type { Telemetry } from '../../lib/surroundings/telemetry.ts';

export interface ArchiveConsumerDeps {
  /** Does what there is to do in one partition. Throws when the task has to come back. */
  readonly archive: (task: ArchiveTask, run: ArchiverRun) => Promise<void>;
  readonly telemetry: Telemetry;
}

/**
 * Turns events of the archive queue into tasks, and does them one after the other: a segment takes much of what memory and
 * processor a function has. A message that failed, or that is no task, is named in the answer. It comes back when its
 * visibility timeout is over, until it is a dead letter; a sweep sends the partition's next task before that.
 */
export const createArchiveConsumer = ({ archive, telemetry }: ArchiveConsumerDeps) => {
  const failureOf = async (
    { messageId, body }: SQSRecord,
    run: ArchiverRun,
  ): Promise<readonly SQSBatchItemFailure[]> => {
    try {
      await archive(taskFromMessage(body), run);
      return [];
    } catch (error) {
      telemetry.record({ kind: 'fault', where: `archive, message ${messageId}`, error });
      return [{ itemIdentifier: messageId }];
    }
  };

  return async (
    event: SQSEvent,
    context: { getRemainingTimeInMillis(): number },
  ): Promise<SQSBatchResponse> => {
    const run = { remainingMs: () => context.getRemainingTimeInMillis() };
    const batchItemFailures: SQSBatchItemFailure[] = [];
    for (const message of event.Records) batchItemFailures.push(...(await failureOf(message, run)));
    return { batchItemFailures };
  };
};
