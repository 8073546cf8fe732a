import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createQueueConsumer } from '../../../functions/deliver/queue-events.ts';
import { AnsweredElsewhereError, UnansweredError } from '../../../lib/delivery/unanswered.ts';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import { wakeToMessage } from '../../../lib/stores/sqs/wake-message.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';

const wake = (partition: number): Wake => ({
  kind: 'append',
  topicId: 'T',
  groupId: 'G',
  group: 'billing',
  partition,
});

const event = (...bodies: string[]): SQSEvent => ({
  Records: bodies.map((body, index) => {
    const attributes = { ApproximateReceiveCount: '3' };
    return { messageId: `m${index}`, receiptHandle: `r${index}`, body, attributes } as SQSRecord;
  }),
});

/** Notes when which message is shown again. */
const noting = () => {
  const shown: string[] = [];
  const showAgain = async (receipt: string, afterMs: number): Promise<void> => {
    shown.push(`${receipt} in ${afterMs}`);
  };
  return { shown, receipts: { showAgain } };
};
const { receipts } = noting();

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
      receipts,
      telemetry: { record: () => undefined },
    });
    const answer = await handle(event(wakeToMessage(wake(0)), wakeToMessage(wake(1))), context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(begun).toEqual([0, 4321, 1, 4321]);
  });

  it('that appends sent for one partition are answered by one run, and come back together', async () => {
    const answered: string[] = [];
    const handle = createQueueConsumer({
      deliver: async ({ kind, partition }, { messageIds }) => {
        answered.push(`${kind} ${partition} by ${messageIds.join('+')}`);
        if (partition === 1) throw new Error('no answer to commit');
      },
      receipts,
      telemetry: { record: () => undefined },
    });
    const retry: Wake = { ...wake(1), kind: 'retry', epoch: 3 };
    const other: Wake = { ...wake(1), groupId: 'H' };
    const bodies = [wake(1), wake(2), retry, wake(1), other, wake(2), retry].map(wakeToMessage);
    const { batchItemFailures } = await handle(event(...bodies), context);
    expect(answered).toEqual([
      'append 1 by m0+m3',
      'append 2 by m1+m5',
      'retry 1 by m2',
      'append 1 by m4',
      'retry 1 by m6',
    ]);
    const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort();
    expect(failed).toEqual(['m0', 'm2', 'm3', 'm4', 'm6']);
    answered.length = 0;
    await handle(event(wakeToMessage(wake(2))), context);
    expect(answered).toEqual(['append 2 by m0']);
  });

  it('come back when their wake failed, and only those', async () => {
    const events: TelemetryEvent[] = [];
    const handle = createQueueConsumer({
      deliver: async ({ partition }) => {
        if (partition === 1) throw new UnansweredError(new Error('no answer to commit'), 0);
      },
      receipts,
      telemetry: { record: (recorded) => events.push(recorded) },
    });
    const bodies = [0, 1, 2].map((partition) => wakeToMessage(wake(partition)));
    expect(await handle(event(...bodies), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }],
    });
    expect(events).toEqual([
      { kind: 'fault', where: 'deliver, message m1', error: new Error('no answer to commit') },
    ]);
  });

  it('that failed are shown again when the lease is over that may be held, or after a pause that grew', async () => {
    const { shown, receipts } = noting();
    const handle = createQueueConsumer({
      deliver: async ({ partition }) => {
        throw partition === 0 ? new UnansweredError('no answer', 24_000) : new Error('no answer to get');
      },
      receipts,
      telemetry: { record: () => undefined },
    });
    await handle(event(wakeToMessage(wake(0)), wakeToMessage(wake(1)), wakeToMessage(wake(0))), context);
    expect(shown.sort()).toEqual(['r0 in 25000', 'r1 in 8000', 'r2 in 25000']);
  });

  it('that another run answers come back, and nothing is wrong with them', async () => {
    const events: TelemetryEvent[] = [];
    const { shown, receipts } = noting();
    const handle = createQueueConsumer({
      deliver: () => Promise.reject(new AnsweredElsewhereError(20_000)),
      receipts,
      telemetry: { record: (recorded) => events.push(recorded) },
    });
    const answer = await handle(event(wakeToMessage(wake(0))), context);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(shown).toEqual(['r0 in 21000']);
    expect(events).toEqual([]);
  });

  it('that failed come back by themselves when the queue does not show them again', async () => {
    const events: TelemetryEvent[] = [];
    const handle = createQueueConsumer({
      deliver: () => Promise.reject(new Error('no answer')),
      receipts: { showAgain: () => Promise.reject(new Error('the queue is away')) },
      telemetry: { record: (recorded) => events.push(recorded) },
    });
    const answer = await handle(event(wakeToMessage(wake(0))), context);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(events).toMatchObject([
      { kind: 'fault', where: 'deliver, message m0' },
      { kind: 'fault', where: 'deliver, message m0, shown again' },
    ]);
  });

  it('that are no wakes fail until they are dead letters, and do not stop the others', async () => {
    const events: TelemetryEvent[] = [];
    const delivered: Wake[] = [];
    const handle = createQueueConsumer({
      deliver: async (answered) => {
        delivered.push(answered);
      },
      receipts,
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
      receipts,
      telemetry: { record: (told) => void events.push(told) },
    });
    await handle(event(wakeToMessage({ ...wake(0), requestId: 'r1' }), wakeToMessage(wake(1))), context);
    expect(events).toEqual([
      { kind: 'fault', where: 'deliver, message m0', error: new Error('the table is away'), requestId: 'r1' },
      { kind: 'fault', where: 'deliver, message m1', error: new Error('the table is away') },
    ]);
  });
});
