import { limits } from '../../domain/limits.ts';
import type { Clock } from '../clock.ts';
import type { QueuedWake, QueueMessage, WakeQueue, WakeReceipts, WakeReceiver } from '../wake-queue.ts';
import type { Database } from './database.ts';

interface Row {
  readonly id: number;
  readonly receives: number;
  readonly wake: string;
}

export interface SqliteWakeQueueOptions {
  readonly clock: Clock;
  /** For so long a wake is hidden that was received. */
  readonly visibilityMs: number;
}

/** For so long at most `receive` waits: a wall clock that is set shows its new time by then. */
const longestWaitMs = 20_000;

/**
 * The wake queue as a table, with the delays and the visibility of SQS. What is on it outlives the process. By a power
 * failure the last changes may be lost: the sweep of the next start makes the wakes anew.
 */
export class SqliteWakeQueue implements WakeQueue, WakeReceipts, WakeReceiver {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #visibilityMs: number;
  /** Aborted when there may be something to receive earlier than was known. */
  #sooner = new AbortController();

  constructor(database: Database, { clock, visibilityMs }: SqliteWakeQueueOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#visibilityMs = visibilityMs;
  }

  async send(wakes: readonly QueuedWake[]): Promise<void> {
    if (wakes.length === 0) return;
    await this.#database.write('process', () => {
      const now = this.#clock.now();
      for (const { wake, delayMs = 0 } of wakes) {
        const visibleAt = now + Math.min(Math.max(delayMs, 0), limits.wakeDelayMs);
        const sql = 'INSERT INTO wakes (visible_at, receives, wake) VALUES (?, 0, ?)';
        this.#database.run(sql, visibleAt, JSON.stringify(wake));
      }
    });
    this.#lookAgain();
  }

  async receive(most: number, signal: AbortSignal): Promise<readonly QueueMessage[]> {
    const stop = (): void => this.#lookAgain();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        const sooner = this.#sooner.signal;
        const waitMs = this.#msUntilVisible();
        const received = waitMs > 0 ? [] : await this.#take(most);
        if (received.length > 0) return received;
        if (waitMs > 0) await this.#clock.sleep(Math.min(waitMs, longestWaitMs), sooner);
      }
      return [];
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async acknowledge(receipt: string): Promise<void> {
    await this.#database.write('process', () => {
      this.#database.run('DELETE FROM wakes WHERE id = ? AND receives = ?', ...partsOf(receipt));
    });
  }

  async showAgain(receipt: string, afterMs: number): Promise<void> {
    await this.#database.write('process', () => {
      const visibleAt = this.#clock.now() + Math.max(0, afterMs);
      const sql = 'UPDATE wakes SET visible_at = ? WHERE id = ? AND receives = ?';
      this.#database.run(sql, visibleAt, ...partsOf(receipt));
    });
    this.#lookAgain();
  }

  async giveBack(receipts: readonly string[]): Promise<void> {
    await Promise.all(receipts.map((receipt) => this.showAgain(receipt, 0)));
  }

  /**
   * Shows every wake at once that was received, for a process that is alone on its data: whoever received it is gone.
   * @returns how many.
   */
  showAll(): Promise<number> {
    return this.#database.write('process', () =>
      this.#database.run(
        'UPDATE wakes SET visible_at = min(visible_at, ?) WHERE receives > 0',
        this.#clock.now(),
      ),
    );
  }

  #lookAgain(): void {
    this.#sooner.abort();
    this.#sooner = new AbortController();
  }

  #msUntilVisible(): number {
    const sql = 'SELECT visible_at AS at FROM wakes ORDER BY visible_at LIMIT 1';
    const first = this.#database.one<{ at: number }>(sql);
    return first === undefined ? Number.POSITIVE_INFINITY : first.at - this.#clock.now();
  }

  /** Those longest visible first. */
  #take(most: number): Promise<readonly QueueMessage[]> {
    return this.#database.write('process', () => {
      const now = this.#clock.now();
      const rows = this.#database.all<Row>(
        'SELECT id, receives, wake FROM wakes WHERE visible_at <= ? ORDER BY visible_at, id LIMIT ?',
        now,
        most,
      );
      for (const { id } of rows) {
        const sql = 'UPDATE wakes SET visible_at = ?, receives = receives + 1 WHERE id = ?';
        this.#database.run(sql, now + this.#visibilityMs, id);
      }
      return rows.map(({ id, receives, wake }) => ({
        messageId: String(id),
        receipt: `${id}.${receives + 1}`,
        receives: receives + 1,
        body: wake,
      }));
    });
  }
}

/** The wake's id, and which of its receipts it is. */
const partsOf = (receipt: string): [number, number] => {
  const [id = 0, receives = 0] = receipt.split('.').map(Number);
  return [id, receives];
};
