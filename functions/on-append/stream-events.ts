import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { type PartitionRef, parsePartitionKey, partitionKey } from '../../lib/domain/records/records.ts';
import type { Telemetry } from '../../lib/surroundings/telemetry.ts';

export interface StreamConsumerDeps {
  /** Told of the partitions of one topic that have new batches. Throws when it must be told again. */
  readonly onAppend: (changed: readonly PartitionRef[]) => Promise<void>;
  readonly telemetry: Telemetry;
}

/** What one topic has in an event. */
interface Change {
  readonly partitions: Map<string, PartitionRef>;
  readonly sequenceNumbers: string[];
}

/** The partition that a batch was written to; undefined for what is no new batch. */
const partitionOf = (record: DynamoDBRecord): PartitionRef | undefined =>
  record.eventName === 'INSERT' ? parsePartitionKey(record.dynamodb?.Keys?.['pk']?.S ?? '') : undefined;

const changesByTopic = (records: readonly DynamoDBRecord[], telemetry: Telemetry): Change[] => {
  const changes = new Map<string, Change>();
  for (const record of records) {
    const at = partitionOf(record);
    if (at === undefined) {
      // Nobody reads such an item, so trying it again would only hold up the rest of the shard.
      if (record.eventName === 'INSERT')
        telemetry.record({
          kind: 'fault',
          where: 'on-append',
          error: new Error(`Stream record ${record.eventID} is of no partition: passed over`),
        });
      continue;
    }
    const change: Change = changes.get(at.topicId) ?? { partitions: new Map(), sequenceNumbers: [] };
    changes.set(at.topicId, change);
    change.partitions.set(partitionKey(at), at);
    const sequenceNumber = record.dynamodb?.SequenceNumber;
    if (sequenceNumber !== undefined) change.sequenceNumbers.push(sequenceNumber);
  }
  return [...changes.values()];
};

/**
 * Turns events of the log table's stream into changed partitions, each once, topic by topic: a topic that fails does
 * not hold up the others. The failed ones' records are named in the answer, and come again.
 *
 * A batch that closes its partition passes as any other: the wakes it makes find nothing to do.
 */
export const createStreamConsumer =
  ({ onAppend, telemetry }: StreamConsumerDeps) =>
  async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const changes = changesByTopic(event.Records, telemetry);
    const failed = await Promise.all(
      changes.map(async ({ partitions, sequenceNumbers }) => {
        try {
          await onAppend([...partitions.values()]);
          return [];
        } catch (error) {
          telemetry.record({ kind: 'fault', where: 'on-append', error });
          return sequenceNumbers;
        }
      }),
    );
    return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
  };
