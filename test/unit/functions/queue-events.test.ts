import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createQueueConsumer } from '../../../functions/deliver/queue-events.ts';
import type { Wake } from '../../../lib/domain/wakes.ts';
import { wakeToMessage } from '../../../lib/stores/sqs/wake-message.ts';
import type { TelemetryEvent } from '../../../lib/stores/telemetry.ts';

const wake = (partition: number): Wake => ({
  kind: 'append',
  topicId: 'T',
  groupId: 'G',
  group: 'billing',
  partition,
});

const event = (...bodies: string[]): SQSEvent => ({
  Records: bodies.map((body, index) => ({ messageId: `m${index}`, body }) as SQSRecord),
});

const context = { getRemainingTimeInMillis: () => 4321 };

describe('messages of the wake queue', () => {
  it('are answered side by side, each with the time that the run has left', async () => {
    const begun: number[] = [];
    const { promise: allBegun, resolve } = Promise.withResolvers<void>();
    const handle = createQueueConsumer({
      deliver: async ({ partition }, run) => {
        begun.push(partition, run.remainingMs());
        if (begun.length === 4) resolve();
        await allBegun;
      },
      telemetry: { record: () => undefined },
    });
    const answer = await handle(event(wakeToMessage(wake(0)), wakeToMessage(wake(1))), context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(begun).toEqual([0, 4321, 1, 4321]);
  });

  it('that appends sent for one partition are answered by one run, and come back together', async () => {
    const answered: string[] = [];
    const handle = createQueueConsumer({
      deliver: async ({ kind, partition }, { messageId }) => {
        answered.push(`${kind} ${partition} by ${messageId}`);
        if (partition === 1) throw new Error('no answer to commit');
      },
      telemetry: { record: () => undefined },
    });
    const retry: Wake = { ...wake(1), kind: 'retry', epoch: 3 };
    const other: Wake = { ...wake(1), groupId: 'H' };
    const bodies = [wake(1), wake(2), retry, wake(1), other, wake(2), retry].map(wakeToMessage);
    const { batchItemFailures } = await handle(event(...bodies), context);
    expect(answered).toEqual([
      'append 1 by m0',
      'append 2 by m1',
      'retry 1 by m2',
      'append 1 by m4',
      'retry 1 by m6',
    ]);
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
      'm0',
      'm2',
      'm3',
      'm4',
      'm6',
    ]);
    answered.length = 0;
    await handle(event(wakeToMessage(wake(2))), context);
    expect(answered).toEqual(['append 2 by m0']);
  });

  it('come back when their wake failed, and only those', async () => {
    const events: TelemetryEvent[] = [];
    const handle = createQueueConsumer({
      deliver: async ({ partition }) => {
        if (partition === 1) throw new Error('no answer to commit');
      },
      telemetry: { record: (recorded) => events.push(recorded) },
    });
    const bodies = [0, 1, 2].map((partition) => wakeToMessage(wake(partition)));
    expect(await handle(event(...bodies), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }],
    });
    expect(events).toMatchObject([{ kind: 'fault', where: 'deliver, message m1' }]);
  });

  it('that are no wakes fail until they are dead letters, and do not stop the others', async () => {
    const events: TelemetryEvent[] = [];
    const delivered: Wake[] = [];
    const handle = createQueueConsumer({
      deliver: async (answered) => {
        delivered.push(answered);
      },
      telemetry: { record: (recorded) => events.push(recorded) },
    });
    const bodies = ['{', '{"kind":"append","secret":"hush"}', wakeToMessage(wake(5))];
    expect(await handle(event(...bodies), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }],
    });
    expect(delivered).toEqual([wake(5)]);
    const reasons = events.map((recorded) => (recorded.kind === 'fault' ? String(recorded.error) : ''));
    expect(reasons).toEqual([expect.stringMatching(/not JSON/), expect.stringMatching(/not a wake/)]);
    expect(reasons.join()).not.toMatch(/hush/);
  });

  it('that fail are logged with the id of the call that asked for them, where there was one', async () => {
    const events: TelemetryEvent[] = [];
    const handle = createQueueConsumer({
      deliver: () => Promise.reject(new Error('the table is away')),
      telemetry: { record: (told) => void events.push(told) },
    });
    await handle(event(wakeToMessage({ ...wake(0), requestId: 'r1' }), wakeToMessage(wake(1))), context);
    expect(events).toEqual([
      { kind: 'fault', where: 'deliver, message m0', error: new Error('the table is away'), requestId: 'r1' },
      { kind: 'fault', where: 'deliver, message m1', error: new Error('the table is away') },
    ]);
  });
});
