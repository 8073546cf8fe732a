import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Wake } from '../../lib/domain/delivery/wakes.ts';
import { MemoryWakeQueue } from '../../lib/stores/memory/wake-queue.ts';
import { Database } from '../../lib/stores/sqlite/database.ts';
import { SqliteWakeQueue } from '../../lib/stores/sqlite/wake-queue.ts';
import { wakeFromMessage } from '../../lib/stores/sqs/wake-message.ts';
import { sqsWakeQueue } from '../../lib/stores/sqs/wake-queue.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import type { WakeQueue, WakeReceipts } from '../../lib/stores/wake-queue.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import { embeddedQueue, type TestQueue } from '../embedded/queue.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';

const wake = (partition: number, more: Partial<Wake> = {}): Wake => ({
  kind: 'append',
  topicId: 't',
  groupId: 'g',
  group: 'billing',
  partition,
  ...more,
});

/** A queue, and the wakes that are visible on it now, which are taken off it, or given out with their receipts. */
interface Opened {
  readonly queue: WakeQueue & WakeReceipts;
  take(): Promise<Wake[]>;
  receive(): Promise<readonly string[]>;
}

const describeWakeQueue = (name: string, open: () => Opened): void => {
  describe(name, () => {
    test('every wake arrives as it was sent, however many', async () => {
      const { queue, take } = open();
      const sent = Array.from({ length: 25 }, (_, partition) => wake(partition));
      const last = wake(25, { kind: 'retry', epoch: 4, requestId: 'r-1' });
      await queue.send([...sent, last].map((each) => ({ wake: each })));
      const found: Wake[] = [];
      for (let wakes = await take(); wakes.length > 0; wakes = await take()) found.push(...wakes);
      expect(found.sort((a, b) => a.partition - b.partition)).toStrictEqual([...sent, last]);
    });

    test('a delayed wake is not seen at once', async () => {
      const { queue, take } = open();
      await queue.send([{ wake: wake(0), delayMs: 60_000 }, { wake: wake(1) }]);
      expect(await take()).toStrictEqual([wake(1)]);
      expect(await take()).toStrictEqual([]);
    });

    test('a wake that was given out is shown again when it is asked for, and stays hidden as long', async () => {
      const { queue, take, receive } = open();
      await queue.send([{ wake: wake(0) }]);
      const [hidden = ''] = await receive();
      await queue.showAgain(hidden, 60_000);
      expect(await take()).toStrictEqual([]);
      await queue.showAgain(hidden, 0);
      expect(await take()).toStrictEqual([wake(0)]);
    });

    test('sending nothing is no error', async () => {
      const { queue, take } = open();
      await queue.send([]);
      expect(await take()).toStrictEqual([]);
    });
  });
};

describe('SQLite', () => {
  /** A queue whose `receive` gives up instead of waiting. */
  const opened = (clock: Pick<Clock, 'now'> = systemClock, given?: Database) => {
    const database = given ?? new Database(':memory:');
    if (given === undefined) onTestFinished(() => database.close());
    let over = new AbortController();
    const hasty = { ...systemClock, ...clock, sleep: async () => over.abort() };
    const queue = new SqliteWakeQueue(database, { clock: hasty, visibilityMs: 30_000 });
    const receive = (most = 10) => {
      over = new AbortController();
      return queue.receive(most, over.signal);
    };
    const take = async () => {
      const received = await receive();
      for (const { receipt } of received) await queue.acknowledge(receipt);
      return received.map(({ body }) => wakeFromMessage(body));
    };
    return { queue, receive, take };
  };

  describeWakeQueue('contract', () => {
    const { queue, receive, take } = opened();
    return { queue, take, receive: async () => (await receive()).map(({ receipt }) => receipt) };
  });

  test('a wake that is not acknowledged comes back when its visibility is over, and is then known by a new receipt', async () => {
    const clock = { time: 1000, now: () => clock.time };
    const { queue, receive } = opened(clock);
    await queue.send([{ wake: wake(0) }]);
    const [first] = await receive();
    clock.time += 29_999;
    expect(await receive()).toEqual([]);
    clock.time += 1;
    const [second] = await receive();
    expect([first?.receives, second?.receives]).toEqual([1, 2]);
    expect(second?.messageId).toBe(first?.messageId);
    await queue.acknowledge(first?.receipt ?? '');
    await queue.showAgain(first?.receipt ?? '', 0);
    clock.time += 29_999;
    expect(await receive()).toEqual([]);
    await queue.acknowledge(second?.receipt ?? '');
    clock.time += 1;
    expect(await receive()).toEqual([]);
  });

  test('those longest visible come first, no more than are asked for', async () => {
    const clock = { time: 1000, now: () => clock.time };
    const { queue, receive } = opened(clock);
    await queue.send([{ wake: wake(0), delayMs: 20 }, { wake: wake(1), delayMs: 10 }, { wake: wake(2) }]);
    clock.time += 20;
    const received = [await receive(2), await receive(2)];
    const partitions = received.map((messages) =>
      messages.map(({ body }) => wakeFromMessage(body).partition),
    );
    expect(partitions).toEqual([[2, 1], [0]]);
  });

  test('whoever waits is told at once of what can be received sooner', async () => {
    const database = new Database(':memory:');
    onTestFinished(() => database.close());
    const sleeps: number[] = [];
    const slept = Promise.withResolvers<void>();
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) => {
        sleeps.push(ms);
        slept.resolve();
        return systemClock.sleep(3_600_000, signal);
      },
    };
    const queue = new SqliteWakeQueue(database, { clock, visibilityMs: 30_000 });
    const waiting = queue.receive(10, new AbortController().signal);
    await slept.promise;
    await queue.send([{ wake: wake(7) }]);
    expect((await waiting).map(({ body }) => wakeFromMessage(body))).toEqual([wake(7)]);
    expect(sleeps).toHaveLength(1);
  });

  test('what was not answered is there for the next process, at once or when its delay is over, and known by other ids', async () => {
    const clock = { time: 1000, now: () => clock.time };
    const database = new Database(':memory:');
    onTestFinished(() => database.close());
    const first = opened(clock, database);
    await first.queue.send([{ wake: wake(0) }, { wake: wake(1) }, { wake: wake(2), delayMs: 60_000 }]);
    const [answered, under] = await first.receive();
    await first.queue.acknowledge(answered?.receipt ?? '');
    // Whatever is written later comes later: by then the queue is written too.
    await database.write('process', () => undefined);

    const second = opened(clock, database);
    expect((await second.receive()).map(({ body }) => wakeFromMessage(body))).toEqual([wake(1)]);
    await second.queue.send([{ wake: wake(3) }]);
    const [next] = await second.receive();
    expect([answered?.messageId, under?.messageId]).not.toContain(next?.messageId);
    clock.time += 60_000;
    expect((await second.receive()).map(({ body }) => wakeFromMessage(body).partition).sort()).toEqual([
      1, 2, 3,
    ]);
  });

  test('a wake is in the file soon, also where nothing else is written', async () => {
    const file = join(temporaryFolder(), 'millrace.db');
    const database = new Database(file);
    const { queue } = opened(systemClock, database);
    await queue.send([{ wake: wake(0) }]);
    const reader = new DatabaseSync(file, { readOnly: true });
    onTestFinished(() => reader.close());
    const rows = () => reader.prepare('SELECT wake FROM wakes').all().length;
    await expect.poll(rows).toBe(1);
    await queue.acknowledge((await queue.receive(1, new AbortController().signal))[0]?.receipt ?? '');
    await expect.poll(rows).toBe(0);
  });
});

const takeFrom = (queue: MemoryWakeQueue): Wake[] =>
  queue.receive().map((received) => {
    queue.acknowledge(received.receipt);
    return received.wake;
  });

describeWakeQueue('memory', () => {
  const queue = new MemoryWakeQueue({ clock: { now: () => 0 }, visibilityMs: 30_000 });
  const receive = async () => queue.receive().map(({ receipt }) => receipt);
  return { queue, take: async () => takeFrom(queue), receive };
});

describe('SQS (fauxqs)', () => {
  let running: TestQueue;
  beforeAll(async () => {
    running = await embeddedQueue();
  });
  afterAll(() => running[Symbol.asyncDispose]());

  describeWakeQueue('contract', () => ({
    queue: sqsWakeQueue(running),
    take: async () => (await running.take()).map(wakeFromMessage),
    receive: () => running.receive(),
  }));
});

describe('the queue in memory, driven by a clock', () => {
  const world = () => {
    const clock = { time: 1000, now: () => clock.time };
    return { clock, queue: new MemoryWakeQueue({ clock, visibilityMs: 30_000 }) };
  };

  test('a wake that is not acknowledged comes back when its visibility is over', async () => {
    const { clock, queue } = world();
    await queue.send([{ wake: wake(0) }]);
    const [first] = queue.receive();
    clock.time += 29_999;
    expect(queue.receive()).toHaveLength(0);
    expect(queue.nextVisibleAt()).toBe(31_000);
    clock.time += 1;
    const [second] = queue.receive();
    expect([first?.receives, second?.receives]).toStrictEqual([1, 2]);
    queue.acknowledge(first?.receipt ?? '');
    expect(queue.size).toBe(1);
    queue.acknowledge(second?.receipt ?? '');
    expect([queue.size, queue.nextVisibleAt()]).toStrictEqual([0, undefined]);
  });

  test('a receipt that was superseded shows nothing again', async () => {
    const { clock, queue } = world();
    await queue.send([{ wake: wake(0) }]);
    const [first] = queue.receive();
    clock.time += 30_000;
    const [second] = queue.receive();
    await queue.showAgain(first?.receipt ?? '', 0);
    expect(queue.receive()).toHaveLength(0);
    await queue.showAgain(second?.receipt ?? '', 500);
    expect(queue.nextVisibleAt()).toBe(31_500);
  });

  test('a delay is kept to the millisecond and cut to fifteen minutes', async () => {
    const { clock, queue } = world();
    await queue.send([
      { wake: wake(0), delayMs: 250 },
      { wake: wake(1), delayMs: 3_600_000 },
    ]);
    expect(queue.nextVisibleAt()).toBe(1250);
    clock.time = 1250;
    expect(takeFrom(queue)).toStrictEqual([wake(0)]);
    expect(queue.nextVisibleAt()).toBe(901_000);
  });
});
