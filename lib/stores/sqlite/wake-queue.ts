import TinyQueue from 'tinyqueue';
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { QueuedWake, QueueMessage, WakeQueue, WakeReceipts, WakeReceiver } from '../wake-queue.ts';
import type { Database } from './database.ts';

export interface SqliteWakeQueueOptions {
  readonly clock: Clock;
  /** For so long a wake is hidden that was received. */
  readonly visibilityMs: number;
}

interface Message {
  readonly body: string;
  /** Wall clock ms. */
  readonly visibleAt: number;
  readonly receives: number;
}

/** When a message can be received. Passed over where that has changed since. */
interface Turn {
  readonly id: number;
  readonly visibleAt: number;
}

/** For so long at most `receive` waits: a wall clock that is set shows its new time by then. */
const longestWaitMs = 20_000;

/**
 * The wake queue, with the delays and the visibility of SQS. A table has what is on it, from soon after it was sent and no
 * later than what is written after it; which of it is hidden, and until when, this process alone knows, since whoever
 * received a wake is gone with it. By its end, or a power failure, the last changes may be lost: the sweep of the next
 * start makes such wakes anew, and one that comes again does no harm.
 */
export class SqliteWakeQueue implements WakeQueue, WakeReceipts, WakeReceiver {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #visibilityMs: number;
  readonly #messages = new Map<number, Message>();
  readonly #turns = new TinyQueue<Turn>([], (a, b) => a.visibleAt - b.visibleAt || a.id - b.id);
  #lastId: number;
  /** Aborted when there may be something to receive earlier than was known. */
  #sooner = new AbortController();

  constructor(database: Database, { clock, visibilityMs }: SqliteWakeQueueOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#visibilityMs = visibilityMs;
    const rows = database.all<{ id: number; at: number; wake: string }>(
      'SELECT id, visible_at AS at, wake FROM wakes ORDER BY id',
    );
    for (const { id, at, wake } of rows) this.#show(id, { body: wake, visibleAt: at, receives: 0 });
    // Ids do not come again, also where the last was deleted before the last start.
    this.#lastId = Math.max(rows.at(-1)?.id ?? 0, Math.floor(clock.now() * 1000));
  }

  async send(wakes: readonly QueuedWake[]): Promise<void> {
    if (wakes.length === 0) return;
    const now = this.#clock.now();
    for (const { wake, delayMs = 0 } of wakes) {
      this.#lastId += 1;
      const id = this.#lastId;
      const body = JSON.stringify(wake);
      const visibleAt = now + Math.min(Math.max(delayMs, 0), limits.wakeDelayMs);
      this.#database.writeSoon(() => {
        const sql = 'INSERT INTO wakes (id, visible_at, wake) VALUES (?, ?, ?)';
        this.#database.run(sql, id, visibleAt, body);
      });
      this.#show(id, { body, visibleAt, receives: 0 });
    }
    this.#lookAgain();
  }

  async receive(most: number, signal: AbortSignal): Promise<readonly QueueMessage[]> {
    const stop = (): void => this.#lookAgain();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        const received = this.#take(most);
        if (received.length > 0) return received;
        const waitMs = (this.#next()?.message.visibleAt ?? Number.POSITIVE_INFINITY) - this.#clock.now();
        await this.#clock.sleep(Math.min(Math.max(waitMs, 0), longestWaitMs), this.#sooner.signal);
      }
      return [];
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async acknowledge(receipt: string): Promise<void> {
    const found = this.#find(receipt);
    if (found === undefined) return;
    this.#messages.delete(found.id);
    this.#database.writeSoon(() => {
      this.#database.run('DELETE FROM wakes WHERE id = ?', found.id);
    });
  }

  async showAgain(receipt: string, afterMs: number): Promise<void> {
    const found = this.#find(receipt);
    if (found === undefined) return;
    this.#show(found.id, { ...found.message, visibleAt: this.#clock.now() + Math.max(0, afterMs) });
    this.#lookAgain();
  }

  async giveBack(receipts: readonly string[]): Promise<void> {
    for (const receipt of receipts) await this.showAgain(receipt, 0);
  }

  #show(id: number, message: Message): void {
    this.#messages.set(id, message);
    this.#turns.push({ id, visibleAt: message.visibleAt });
  }

  #lookAgain(): void {
    this.#sooner.abort();
    this.#sooner = new AbortController();
  }

  /** The message that can be received next, by the next turn that still holds. */
  #next(): { readonly id: number; readonly message: Message } | undefined {
    for (let turn = this.#turns.peek(); turn !== undefined; turn = this.#turns.peek()) {
      const message = this.#messages.get(turn.id);
      if (message?.visibleAt === turn.visibleAt) return { id: turn.id, message };
      this.#turns.pop();
    }
    return undefined;
  }

  /** Those longest visible first. */
  #take(most: number): readonly QueueMessage[] {
    const now = this.#clock.now();
    const taken: QueueMessage[] = [];
    while (taken.length < most) {
      const next = this.#next();
      if (next === undefined || next.message.visibleAt > now) break;
      const { id, message } = next;
      const receives = message.receives + 1;
      this.#show(id, { ...message, visibleAt: now + this.#visibilityMs, receives });
      taken.push({ messageId: String(id), receipt: `${id}.${receives}`, receives, body: message.body });
    }
    return taken;
  }

  #find(receipt: string): { readonly id: number; readonly message: Message } | undefined {
    const [id = 0, receives = 0] = receipt.split('.').map(Number);
    const message = this.#messages.get(id);
    return message !== undefined && message.receives === receives ? { id, message } : undefined;
  }
}
