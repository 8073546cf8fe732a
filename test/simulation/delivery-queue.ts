import { MemoryWakeQueue, type ReceivedWake } from '../../lib/stores/memory/wake-queue.ts';
import type { Random } from '../../lib/stores/random.ts';
import type { QueuedWake, WakeQueue } from '../../lib/stores/wake-queue.ts';
import type { Scheduler } from './scheduler.ts';

export interface QueueOptions {
  readonly visibilityMs: number;
  /** The longest delay it keeps; longer ones are cut. */
  readonly longestDelayMs: number;
  /** How many wakes are out at once. */
  readonly invocationsAtOnce: number;
  /** The chance that a wake is given out twice, as two messages, and that it is not forgotten when it should be. */
  readonly repeats: () => number;
  /** The chance that one message is given to two runs. */
  readonly copies: () => number;
  /** Works on a wake; `done` ends it, once, and says whether it was the first to: with true the wake is forgotten. */
  readonly invoke: (received: ReceivedWake, done: (forget: boolean) => boolean) => void;
}

/** A message whose copy was out of reach when it was received is given out again as soon as the copy is back. */
const longestUntilCopyMs = 5000;

/** The wake queue with what stands between it and the deliverers: gives out wakes as they become visible. */
export class SimulatedQueue implements WakeQueue {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #options: QueueOptions;
  readonly #queue: MemoryWakeQueue;
  #running = 0;
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

  #pump(): void {
    this.#pumpAt = Number.POSITIVE_INFINITY;
    while (this.#running < this.#options.invocationsAtOnce) {
      const [received] = this.#queue.receive(1);
      if (received === undefined) break;
      if (this.#random.number() < this.#options.repeats()) void this.send([{ wake: received.wake }]);
      this.#give(received);
      const copies = this.#options.copies();
      if (copies > 0 && this.#random.number() < copies) this.#giveAgain(received);
    }
    if (this.#running < this.#options.invocationsAtOnce) this.#pumpSoon();
  }

  #give(received: ReceivedWake): void {
    this.#running += 1;
    this.#options.invoke(received, this.#once(received));
  }

  /** The same message to a second run while the first has it: whichever ends well deletes it for both. */
  #giveAgain(received: ReceivedWake): void {
    this.#scheduler.after(this.#random.number() * longestUntilCopyMs, () => {
      if (this.#queue.isOut(received.receipt)) this.#give(received);
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

  #once({ receipt }: ReceivedWake): (forget: boolean) => boolean {
    let over = false;
    return (forget) => {
      if (over) return false;
      over = true;
      this.#running -= 1;
      if (forget && this.#random.number() >= this.#options.repeats()) this.#queue.acknowledge(receipt);
      this.#pumpSoon();
      return true;
    };
  }
}
