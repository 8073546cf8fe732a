import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { MemoryWakeQueue, type ReceivedWake } from '../../../lib/stores/memory/wake-queue.ts';
import { wakeToMessage } from '../../../lib/stores/sqs/wake-message.ts';
import type { QueuedWake, WakeQueue, WakeReceipts } from '../../../lib/stores/wake-queue.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import type { Scheduler } from '../scheduler.ts';

export interface QueueOptions {
  readonly visibilityMs: number;
  /** The longest delay it keeps; longer ones are cut. */
  readonly longestDelayMs: number;
  /** How many wakes are out at once. */
  readonly invocationsAtOnce: number;
  /** How many wakes are given out together at most. */
  readonly eventSize: () => number;
  /** How often a wake is given out before it is set aside. */
  readonly receives: number;
  /** The chance that a wake is given out twice, as two messages, and that it is not forgotten when it should be. */
  readonly repeats: () => number;
  /** The chance that one message is given to two runs. */
  readonly copies: () => number;
  /** Works on wakes; `done` ends it, once, and says whether it was the first to. The wakes that it names stay. */
  readonly invoke: (received: readonly ReceivedWake[], done: Done) => void;
}

/** @param failed the ids of messages that are not to be forgotten; all, where it is undefined. */
export type Done = (failed: ReadonlySet<string> | undefined) => boolean;

/** The event by which a function is given messages of the queue. */
export const eventOf = (received: readonly ReceivedWake[]): SQSEvent => ({
  Records: received.map(({ wake, messageId, receipt, receives }) => {
    const attributes = { ApproximateReceiveCount: String(receives) };
    return { messageId, receiptHandle: receipt, body: wakeToMessage(wake), attributes } as SQSRecord;
  }),
});

/** A message whose copy was out of reach when it was received is given out again as soon as the copy is back. */
const longestUntilCopyMs = 5000;

/** The wake queue with what stands between it and the deliverers: gives out wakes as they become visible. */
export class SimulatedQueue implements WakeQueue, WakeReceipts {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #options: QueueOptions;
  readonly #queue: MemoryWakeQueue;
  #running = 0;
  /** Wakes that were given out too often. */
  setAside = 0;
  #pumpAt = Number.POSITIVE_INFINITY;

  constructor(scheduler: Scheduler, random: Random, options: QueueOptions) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#options = options;
    this.#queue = new MemoryWakeQueue({ clock: scheduler.clock, visibilityMs: options.visibilityMs });
  }

  /** Wakes that are still to come to their end. */
  get size(): number {
    return this.#queue.size;
  }

  async send(wakes: readonly QueuedWake[]): Promise<void> {
    const { longestDelayMs } = this.#options;
    await this.#queue.send(
      wakes.map(({ wake, delayMs = 0 }) => ({ wake, delayMs: Math.min(delayMs, longestDelayMs) })),
    );
    this.#pumpSoon();
  }

  async showAgain(receipt: string, afterMs: number): Promise<void> {
    await this.#queue.showAgain(receipt, afterMs);
    this.#pumpSoon();
  }

  #pump(): void {
    this.#pumpAt = Number.POSITIVE_INFINITY;
    while (this.#running < this.#options.invocationsAtOnce) {
      const received = this.#receive();
      if (received.length === 0) break;
      this.#give(received);
      for (const each of received) {
        if (this.#random.number() < this.#options.repeats()) void this.send([{ wake: each.wake }]);
        const copies = this.#options.copies();
        if (copies > 0 && this.#random.number() < copies) this.#giveAgain(each);
      }
    }
    if (this.#running < this.#options.invocationsAtOnce) this.#pumpSoon();
  }

  /** What is visible, as much of it as one event holds. */
  #receive(): readonly ReceivedWake[] {
    const received = this.#queue.receive(this.#options.eventSize());
    const spent = received.filter(({ receives }) => receives > this.#options.receives);
    for (const { receipt } of spent) this.#queue.acknowledge(receipt);
    this.setAside += spent.length;
    return spent.length < received.length || received.length === 0
      ? received.filter((each) => !spent.includes(each))
      : this.#receive();
  }

  #give(received: readonly ReceivedWake[]): void {
    this.#running += 1;
    this.#options.invoke(received, this.#once(received));
  }

  /**
   * The same message to a second run while the first has it, among others: whichever ends well deletes it for both.
   */
  #giveAgain(received: ReceivedWake): void {
    this.#scheduler.after(this.#random.number() * longestUntilCopyMs, () => {
      if (!this.#queue.isOut(received.receipt)) return;
      // As often as not beside another wake for the same partition, as there are when much is appended.
      if (this.#random.number() < 0.5) void this.#queue.send([{ wake: received.wake }]);
      this.#give([...this.#receive(), received]);
    });
  }

  /** Looks at the queue when the next of its messages becomes visible, a few ms later. */
  #pumpSoon(): void {
    const next = this.#queue.nextVisibleAt() ?? Number.POSITIVE_INFINITY;
    if (next >= this.#pumpAt) return;
    this.#pumpAt = next;
    const delayMs = next - this.#scheduler.now() + 10 * this.#random.number();
    this.#scheduler.after(delayMs, () => this.#pump());
  }

  #once(received: readonly ReceivedWake[]): Done {
    let over = false;
    return (failed) => {
      if (over) return false;
      over = true;
      this.#running -= 1;
      for (const { messageId, receipt } of received) {
        const forgotten = failed !== undefined && !failed.has(messageId);
        if (forgotten && this.#random.number() >= this.#options.repeats()) this.#queue.acknowledge(receipt);
      }
      this.#pumpSoon();
      return true;
    };
  }
}
