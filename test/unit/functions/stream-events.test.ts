import type { DynamoDBRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createStreamConsumer } from '../../../functions/on-append/stream-events.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';

const record = (
  pk: string,
  sequence: string,
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE' = 'INSERT',
): DynamoDBRecord => ({
  eventID: `event-${sequence}`,
  eventName,
  dynamodb: {
    Keys: { pk: { S: pk }, sk: { N: '0' } },
    SequenceNumber: sequence,
    StreamViewType: 'KEYS_ONLY',
  },
});

/** A consumer of which the topics in `failing` fail, and what it was told. */
const consumer = (failing: readonly string[] = []) => {
  const told: PartitionRef[][] = [];
  const events: TelemetryEvent[] = [];
  const handle = createStreamConsumer({
    onAppend: async (changed) => {
      told.push([...changed]);
      if (changed.some(({ topicId }) => failing.includes(topicId))) throw new Error('the queue is away');
    },
    telemetry: { record: (event) => events.push(event) },
  });
  return { told, events, handle };
};

describe('events of the log table', () => {
  it('tell of each changed partition once, topic by topic', async () => {
    const { told, handle } = consumer();
    const Records = [record('A/0', '1'), record('A/0', '2'), record('B/7', '3'), record('A/1023', '4')];
    expect(await handle({ Records })).toEqual({ batchItemFailures: [] });
    expect(told).toEqual([
      [
        { topicId: 'A', partition: 0 },
        { topicId: 'A', partition: 1023 },
      ],
      [{ topicId: 'B', partition: 7 }],
    ]);
  });

  it('tell of nothing when batches are deleted', async () => {
    const { told, events, handle } = consumer();
    const Records = [record('A/0', '1', 'REMOVE'), record('A/0', '2', 'MODIFY')];
    expect(await handle({ Records })).toEqual({ batchItemFailures: [] });
    expect([told, events]).toEqual([[], []]);
  });

  it('come again for a topic that failed, and only for that one', async () => {
    const { told, events, handle } = consumer(['A']);
    const Records = [record('B/0', '1'), record('A/0', '2'), record('B/0', '3'), record('A/1', '4')];
    expect(await handle({ Records })).toEqual({
      batchItemFailures: [{ itemIdentifier: '2' }, { itemIdentifier: '4' }],
    });
    expect(told).toHaveLength(2);
    expect(events).toMatchObject([
      { kind: 'fault', where: 'on-append', error: new Error('the queue is away') },
    ]);
  });

  it('do not hold up the shard for an item that is of no partition, and say so', async () => {
    const { told, events, handle } = consumer();
    const Records = [record('stray', '1'), record('A/0', '2')];
    expect(await handle({ Records })).toEqual({ batchItemFailures: [] });
    expect(told).toEqual([[{ topicId: 'A', partition: 0 }]]);
    expect(events).toMatchObject([{ kind: 'fault', error: { message: /event-1 is of no partition/ } }]);
  });
});
