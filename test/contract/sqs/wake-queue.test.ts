import { describe, expect, test } from 'vitest';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import { OutcomeUnknownError, ThrottledError } from '../../../lib/domain/errors.ts';
import { createQueueClient } from '../../../lib/stores/sqs/client.ts';
import { ForeignMessageError } from '../../../lib/stores/sqs/foreign-message.ts';
import { wakeFromMessage, wakeToMessage } from '../../../lib/stores/sqs/wake-message.ts';
import { sqsWakeQueue } from '../../../lib/stores/sqs/wake-queue.ts';
import type { QueuedWake, WakeQueue, WakeReceipts } from '../../../lib/stores/wake-queue.ts';
import { type Answer, refusal, type ScriptedServer, scriptedServer } from '../../embedded/scripted-server.ts';

const wake: Wake = { kind: 'append', topicId: 't', groupId: 'g', group: 'billing', partition: 3 };

const queueAt = ({ endpoint }: ScriptedServer): WakeQueue & WakeReceipts => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createQueueClient({ endpoint, region: 'us-east-1', credentials });
  return sqsWakeQueue({ client, queueUrl: `${endpoint}/1/wakes`, clock: { sleep: async () => undefined } });
};

const entriesOf = ({ received }: ScriptedServer): Record<string, unknown>[][] =>
  received.map(({ body }) => body['Entries'] as Record<string, unknown>[]);

const done: Answer = { status: 200, body: { Successful: [], Failed: [] } };
const failing = (id: string, senderFault: boolean): Answer => ({
  status: 200,
  body: { Successful: [], Failed: [{ Id: id, SenderFault: senderFault, Code: 'InternalError' }] },
});

describe('sending wakes to SQS', () => {
  test('they go in tens', async () => {
    const server = await scriptedServer(done);
    await queueAt(server).send(Array.from({ length: 23 }, (): QueuedWake => ({ wake })));
    expect(entriesOf(server).map((entries) => entries.length)).toStrictEqual([10, 10, 3]);
  });

  test('each says whose it is, so that the queue is fair', async () => {
    const server = await scriptedServer(done);
    await queueAt(server).send([{ wake }, { wake: { ...wake, groupId: 'g2' }, delayMs: 5000 }]);
    expect(entriesOf(server)[0]?.map((entry) => entry['MessageGroupId'])).toStrictEqual(['g', 'g2']);
  });

  test('a delay is rounded up to a second and cut to fifteen minutes', async () => {
    const server = await scriptedServer(done);
    const delays = [undefined, 0, 1, 1000, 1001, 899_001, 3_600_000];
    await queueAt(server).send(
      delays.map((delayMs) => ({ wake, ...(delayMs === undefined ? {} : { delayMs }) })),
    );
    expect(entriesOf(server)[0]?.map((entry) => entry['DelaySeconds'])).toStrictEqual([
      0, 0, 1, 1, 2, 900, 900,
    ]);
  });

  test('those that the queue did not take are sent again, and only those', async () => {
    const server = await scriptedServer(failing('1', false), done);
    await queueAt(server).send([0, 1, 2].map((partition) => ({ wake: { ...wake, partition } })));
    const [first, second, ...more] = entriesOf(server);
    expect(first).toHaveLength(3);
    expect(second).toStrictEqual([first?.[1]]);
    expect(more).toHaveLength(0);
  });

  test('a wake that the queue keeps refusing is an error', async () => {
    const server = await scriptedServer(failing('0', false));
    await expect(queueAt(server).send([{ wake }])).rejects.toBeInstanceOf(ThrottledError);
  });

  test('a wake that the queue calls wrong is an error at once', async () => {
    const server = await scriptedServer(failing('0', true));
    await expect(queueAt(server).send([{ wake }])).rejects.toThrow('InternalError');
    expect(server.received).toHaveLength(1);
  });

  test('no definite answer is an error', async () => {
    const server = await scriptedServer(refusal('AWS.SimpleQueueService.NonExistentQueue'));
    await expect(queueAt(server).send([{ wake }])).rejects.toBeInstanceOf(OutcomeUnknownError);
  });
});

describe('showing a wake again', () => {
  test('asks for whole seconds from now, rounded up', async () => {
    const server = await scriptedServer({ status: 200, body: {} });
    for (const ms of [0, 1, 24_001]) await queueAt(server).showAgain('a-receipt', ms);
    expect(server.received.map(({ body }) => body)).toMatchObject(
      [0, 1, 25].map((VisibilityTimeout) => ({ ReceiptHandle: 'a-receipt', VisibilityTimeout })),
    );
  });

  test('throws when the queue refuses', async () => {
    const server = await scriptedServer(refusal('ReceiptHandleIsInvalid'));
    await expect(queueAt(server).showAgain('a-receipt', 0)).rejects.toThrow();
  });
});

describe('reading a message', () => {
  test('a wake comes out as it went in', () => {
    const full: Wake = { ...wake, kind: 'continue', epoch: 0, lane: 'r1', requestId: 'r' };
    expect(wakeFromMessage(wakeToMessage(full))).toStrictEqual(full);
    expect(wakeFromMessage(wakeToMessage(wake))).toStrictEqual(wake);
  });

  test('what a later version adds is left out', () => {
    expect(wakeFromMessage(JSON.stringify({ ...wake, colour: 'red' }))).toStrictEqual(wake);
  });

  test.each<[string, string, string]>([
    ['text', 'hello', 'its body is not JSON'],
    ['nothing', '', 'its body is not JSON'],
    ['another value', 'null', 'wrong in its body'],
    ['another message', '{"Records":[]}', 'wrong in kind, topicId, groupId, group, partition'],
    ['a kind that is not known', JSON.stringify({ ...wake, kind: 'secret-kind' }), 'wrong in kind'],
    ['a partition that is none', JSON.stringify({ ...wake, partition: 1024 }), 'wrong in partition'],
    ['an epoch that is none', JSON.stringify({ ...wake, epoch: 1.5 }), 'wrong in epoch'],
  ])('%s is refused, saying where it is wrong and not what it holds', (_name, body, says) => {
    expect(() => wakeFromMessage(body)).toThrow(ForeignMessageError);
    expect(() => wakeFromMessage(body)).toThrow(says);
    expect(() => wakeFromMessage(body)).not.toThrow(/secret|hello|Records/);
  });
});
