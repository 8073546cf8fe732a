import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { expect, it } from 'vitest';
import { createArchiveConsumer } from '../../../functions/archive/queue-events.ts';
import { taskToMessage } from '../../../lib/stores/sqs/archive-message.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';

const task = (partition: number) => ({ topic: 'orders', topicId: 'T', partition });
const event = (...bodies: string[]): SQSEvent => ({
  Records: bodies.map((body, index) => ({ messageId: `m${index}`, body }) as SQSRecord),
});
const context = { getRemainingTimeInMillis: () => 4321 };

it('hands each task over, one after the other, with the time that the run has left', async () => {
  const steps: string[] = [];
  const handle = createArchiveConsumer({
    archive: async ({ topic, partition }, run) => {
      steps.push(`${topic}/${partition} in ${run.remainingMs()}`);
      await Promise.resolve();
      steps.push('done');
    },
    telemetry: { record: () => undefined },
  });
  const answer = await handle(event(taskToMessage(task(0)), taskToMessage(task(1))), context);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(steps).toEqual(['orders/0 in 4321', 'done', 'orders/1 in 4321', 'done']);
});

it('names the messages that failed, and those that are none of ours, and tells of each', async () => {
  const events: TelemetryEvent[] = [];
  const failure = new Error('no answer from the bucket');
  const handle = createArchiveConsumer({
    archive: ({ partition }) => (partition === 1 ? Promise.reject(failure) : Promise.resolve()),
    telemetry: { record: (told) => void events.push(told) },
  });
  const bodies = [taskToMessage(task(0)), taskToMessage(task(1)), '{"secret":1}', taskToMessage(task(2))];
  const answer = await handle(event(...bodies), context);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm2' }] });
  expect(events).toEqual([
    { kind: 'fault', where: 'archive, message m1', error: failure },
    { kind: 'fault', where: 'archive, message m2', error: expect.any(Error) },
  ]);
  expect(JSON.stringify(events)).not.toContain('secret');
});
