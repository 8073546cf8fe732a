import type { Wake } from '../../domain/delivery/wakes.ts';
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { QueuedWake, WakeQueue, WakeReceipts } from '../wake-queue.ts';

/** A wake handed out: back on the queue when its visibility is over, unless it is acknowledged before. */
export interface ReceivedWake {
  readonly wake: Wake;
  /** The same each time that it is handed out. */
  readonly messageId: string;
  /** Of this receipt alone: a wake that comes back has another, and the old one does nothing. */
  readonly receipt: string;
  /** How often it was handed out, this time included. */
  readonly receives: number;
}

interface Message {
  readonly wake: Wake;
  visibleAt: number;
  receives: number;
}

/**
 * The wake queue in memory, as SQS behaves: a delay before a message is first seen, and a visibility timeout after
 * each receipt. Nothing moves by itself: whoever drives it asks `receive` by the injected clock.
 */
export class MemoryWakeQueue implements WakeQueue, WakeReceipts {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #visibilityMs: number;
  readonly #messages = new Map<number, Message>();
  #sent = 0;

  constructor({ clock, visibilityMs }: { clock: Pick<Clock, 'now'>; visibilityMs: number }) {
    this.#clock = clock;
    this.#visibilityMs = visibilityMs;
  }

  async send(wakes: readonly QueuedWake[]): Promise<void> {
    for (const { wake, delayMs = 0 } of wakes) {
      const visibleAt = this.#clock.now() + Math.min(delayMs, limits.wakeDelayMs);
      this.#messages.set(this.#sent++, { wake: Object.freeze({ ...wake }), visibleAt, receives: 0 });
    }
  }

  /** At most `max` wakes that are visible now, those longest visible first; each is hidden for the visibility timeout. */
  receive(max = 10): readonly ReceivedWake[] {
    const now = this.#clock.now();
    return [...this.#messages]
      .filter(([, message]) => message.visibleAt <= now)
      .sort(([, a], [, b]) => a.visibleAt - b.visibleAt)
      .slice(0, max)
      .map(([id, message]) => {
        message.visibleAt = now + this.#visibilityMs;
        message.receives += 1;
        const { wake, receives } = message;
        return { wake, messageId: `m${id}`, receipt: `${id}.${receives}`, receives };
      });
  }

  async showAgain(receipt: string, afterMs: number): Promise<void> {
    const id = this.#find(receipt);
    const message = id === undefined ? undefined : this.#messages.get(id);
    if (message !== undefined) message.visibleAt = this.#clock.now() + Math.max(0, afterMs);
  }

  /** Whether the wake of this receipt is still there and was not handed out again since. */
  isOut(receipt: string): boolean {
    return this.#find(receipt) !== undefined;
  }

  /** Removes a wake for good. A receipt that was superseded does nothing. */
  acknowledge(receipt: string): void {
    const id = this.#find(receipt);
    if (id !== undefined) this.#messages.delete(id);
  }

  /** Wall clock ms from which the next wake can be received; undefined when the queue is empty. */
  nextVisibleAt(): number | undefined {
    let next: number | undefined;
    for (const { visibleAt } of this.#messages.values())
      next = next === undefined ? visibleAt : Math.min(next, visibleAt);
    return next;
  }

  /** Wakes on the queue, delayed and hidden ones included. */
  get size(): number {
    return this.#messages.size;
  }

  #find(receipt: string): number | undefined {
    const [id, receives] = receipt.split('.').map(Number);
    return id !== undefined && this.#messages.get(id)?.receives === receives ? id : undefined;
  }
}
