import { expect, onTestFinished, test } from 'vitest';
import type { ArchiveTask } from '../../../lib/domain/archive/archive-tasks.ts';
import { OutcomeUnknownError } from '../../../lib/domain/errors.ts';
import type { ArchiveQueue } from '../../../lib/stores/archive-queue.ts';
import { taskFromMessage, taskToMessage } from '../../../lib/stores/sqs/archive-message.ts';
import { sqsArchiveQueue } from '../../../lib/stores/sqs/archive-queue.ts';
import { createQueueClient } from '../../../lib/stores/sqs/client.ts';
import { ForeignMessageError } from '../../../lib/stores/sqs/foreign-message.ts';
import { embeddedQueue } from '../../embedded/queue.ts';
import { refusal, type ScriptedServer, scriptedServer } from '../../embedded/scripted-server.ts';

const task: ArchiveTask = { topic: 'orders', topicId: 't', partition: 3 };

const queueAt = ({ endpoint }: ScriptedServer): ArchiveQueue => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createQueueClient({ endpoint, region: 'us-east-1', credentials });
  return sqsArchiveQueue({
    client,
    queueUrl: `${endpoint}/1/tasks`,
    clock: { sleep: async () => undefined },
  });
};

test('every task arrives, however many they are', async () => {
  const queue = await embeddedQueue();
  onTestFinished(() => queue[Symbol.asyncDispose]());
  const tasks = Array.from({ length: 23 }, (_, partition) => ({ ...task, partition }));
  await sqsArchiveQueue(queue).send(tasks);
  const arrived: ArchiveTask[] = [];
  for (let bodies = await queue.take(); bodies.length > 0; bodies = await queue.take())
    arrived.push(...bodies.map(taskFromMessage));
  expect(arrived.toSorted((a, b) => a.partition - b.partition)).toEqual(tasks);
});

test('each says of which topic it is, so that the queue is fair', async () => {
  const server = await scriptedServer({ status: 200, body: { Successful: [], Failed: [] } });
  await queueAt(server).send([task, { ...task, topicId: 't2' }]);
  const entries = server.received[0]?.body['Entries'] as { MessageGroupId: string }[];
  expect(entries.map(({ MessageGroupId }) => MessageGroupId)).toEqual(['t', 't2']);
});

test('no definite answer is an error', async () => {
  const server = await scriptedServer(refusal('AWS.SimpleQueueService.NonExistentQueue'));
  await expect(queueAt(server).send([task])).rejects.toBeInstanceOf(OutcomeUnknownError);
});

test('a task comes out of a message as it went in, without what a later version adds', () => {
  expect(taskFromMessage(taskToMessage(task))).toStrictEqual(task);
  expect(taskFromMessage(JSON.stringify({ ...task, colour: 'red' }))).toStrictEqual(task);
});

test.each<[string, string, string]>([
  ['text', 'hello', 'its body is not JSON'],
  ['a wake', '{"kind":"append","topicId":"t","partition":0}', 'wrong in topic'],
  ['a partition that is none', JSON.stringify({ ...task, partition: -1 }), 'wrong in partition'],
])('%s is refused, saying where it is wrong and not what it holds', (_name, body, says) => {
  expect(() => taskFromMessage(body)).toThrow(ForeignMessageError);
  expect(() => taskFromMessage(body)).toThrow(says);
  expect(() => taskFromMessage(body)).not.toThrow(/hello|append/);
});
