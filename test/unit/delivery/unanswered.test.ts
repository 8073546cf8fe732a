import type { SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createQueueConsumer } from '../../../functions/deliver/queue-events.ts';
import { deliver } from '../../../lib/delivery/deliver.ts';
import { shownAgainAfterMs, UnansweredError } from '../../../lib/delivery/unanswered.ts';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { wakeFor } from '../../../lib/groups/wake-group.ts';
import { MemoryWakeQueue } from '../../../lib/stores/memory/wake-queue.ts';
import { wakeToMessage } from '../../../lib/stores/sqs/wake-message.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { answered, makeRig, ok } from './rig.ts';

/** How many ms the lease of the rig's group lasts: its timeout and the margin. */
const leaseMs = 15_000 + limits.leaseMarginMs;

/** The rig behind the queue and its consumer: each round gives out what is visible then, in one event. */
const makeConsumed = async () => {
  const made = await makeRig();
  const { rig, deps, clock, group } = made;
  const queue = new MemoryWakeQueue({ clock, visibilityMs: limits.wakeVisibilityMs });
  const consume = createQueueConsumer({
    deliver: (wake, run) => deliver({ ...deps, queue }, wake, run),
    receipts: queue,
    telemetry: noTelemetry,
  });
  const wake = (more: Partial<Wake> = {}) => ({ wake: { ...wakeFor(group, 0, 'append').wake, ...more } });
  const receive = async (): Promise<number> => {
    const taken = queue.receive();
    const Records = taken.map(({ wake: received, messageId, receipt, receives }) => {
      const attributes = { ApproximateReceiveCount: String(receives) };
      const body = wakeToMessage(received);
      return { messageId, receiptHandle: receipt, body, attributes } as SQSRecord;
    });
    const answer = await consume({ Records }, { getRemainingTimeInMillis: () => 120_000 });
    const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { messageId, receipt } of taken) if (!failed.has(messageId)) queue.acknowledge(receipt);
    return failed.size;
  };
  /** Ms until the next wake is visible, which are passed. */
  const passToNext = (): number => {
    const ms = (queue.nextVisibleAt() ?? Number.NaN) - clock.now();
    rig.pass(ms);
    return ms;
  };
  return { ...made, queue, wake, receive, passToNext };
};

const stayOut = () => Promise.reject(new Error('no answer'));

describe('a wake that failed comes back', () => {
  it.each(['acquire', 'commit'] as const)(
    'when the lease is over, if the answer to %s stayed out, whether it took effect or not',
    async (method) => {
      for (const tookEffect of [true, false]) {
        const { rig, append, cursors, queue, wake, receive, passToNext, cursor } = await makeConsumed();
        append({ value: 0 });
        const real = cursors[method].bind(cursors) as (...given: unknown[]) => Promise<unknown>;
        const lost = async (...given: unknown[]) => {
          Object.assign(cursors, { [method]: real });
          rig.pass(3000);
          if (tookEffect) await real(...given);
          return stayOut();
        };
        Object.assign(cursors, { [method]: lost });
        await queue.send([wake()]);
        expect(await receive()).toBe(1);
        const passed = passToNext();
        expect(passed).toBeGreaterThan(leaseMs - 3000);
        expect(passed).toBeLessThanOrEqual(leaseMs + 1000);
        expect(await receive()).toBe(0);
        for (let left = queue.size; left > 0; left = queue.size) {
          passToNext();
          await receive();
        }
        expect(await cursor()).toMatchObject({ committed: 1, leaseUntil: 0 });
      }
    },
  );

  it('when the lease is over, if the answer to its release stayed out', async () => {
    const { rig, append, cursors, deliver } = await makeConsumed();
    append({ value: 0 });
    rig.answer = () => answered(500);
    cursors.release = stayOut;
    await expect(deliver()).rejects.toMatchObject({ name: 'UnansweredError', leaseMs });
  });

  it.each(['cursors', 'groups'] as const)(
    'after little where no lease was taken, each time after twice as long, if the %s cannot be read',
    async (which) => {
      const made = await makeConsumed();
      const { queue, wake, receive, passToNext, append, sent } = made;
      append({ value: 0 });
      const get = made[which].get.bind(made[which]);
      Object.assign(made[which], { get: stayOut });
      await queue.send([wake()]);
      const passed: number[] = [];
      for (let failures = 0; failures < 5; failures += 1) {
        expect(await receive()).toBe(1);
        passed.push(passToNext());
      }
      expect(passed).toEqual([2000, 4000, 8000, 16_000, 32_000]);
      Object.assign(made[which], { get });
      expect(await receive()).toBe(0);
      expect(sent).toHaveLength(1);
    },
  );

  it('after little when the look at the tail failed that follows the release', async () => {
    const { append, batches, queue, wake, receive, passToNext, cursor } = await makeConsumed();
    append({ value: 0 });
    const range = batches.range.bind(batches);
    batches.range = async (...given) => ((await cursor())?.leaseUntil === 0 ? stayOut() : range(...given));
    await queue.send([wake()]);
    expect(await receive()).toBe(1);
    expect(passToNext()).toBe(2000);
  });

  it('as often as an outage of ten minutes needs, before the queue sets it aside', () => {
    let passed = 0;
    for (let receives = 1; receives < limits.wakeReceives; receives += 1)
      passed += shownAgainAfterMs(new Error('away'), receives);
    expect(passed).toBeGreaterThanOrEqual(10 * 60_000);
    expect(shownAgainAfterMs(new UnansweredError('away', 9000), 100)).toBe(limits.wakeVisibilityMs);
  });
});

describe('wakes that one event has for one partition', () => {
  it('all stay on the queue while another run answers one of them', async () => {
    const { rig, deps, append, queue, wake, receive, sent, group } = await makeConsumed();
    append({ value: 0 });
    await queue.send([wake(), wake()]);
    // The second message is given out twice: a run of its own has it, and is at its endpoint.
    rig.answer = async () => {
      rig.answer = () => ok;
      expect(await receive()).toBe(2);
      return ok;
    };
    const run = { messageIds: ['m1'], remainingMs: () => 120_000 } as const;
    await deliver({ ...deps, queue }, wakeFor(group, 0, 'append').wake, run);
    expect([sent.length, queue.size]).toEqual([1, 2]);
  });

  it('cost one run between them', async () => {
    const { append, queue, wake, receive, calls } = await makeConsumed();
    append({ value: 0 });
    await queue.send([wake(), wake(), wake()]);
    await receive();
    expect(calls.filter((call) => call === 'cursors.get')).toHaveLength(1);
    expect(queue.size).toBe(0);
  });
});
