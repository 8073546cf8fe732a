import type { ArchiveQueue } from '../archive-queue.ts';
import { taskToMessage } from './archive-message.ts';
import { type Queue, sendMessages } from './send.ts';

/**
 * The archive queue on SQS. The topic's id as `MessageGroupId` keeps a topic of many partitions from holding up the others,
 * as the group's does on the wake queue.
 */
export const sqsArchiveQueue = (queue: Queue): ArchiveQueue => ({
  send: (tasks) =>
    sendMessages(
      queue,
      'task',
      tasks.map((task) => ({ MessageBody: taskToMessage(task), MessageGroupId: task.topicId })),
    ),
});
