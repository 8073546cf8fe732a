import type { Wake } from '../../domain/delivery/wakes.ts';
import type { Cursor } from '../../domain/groups/cursors.ts';
import type { Lease } from '../../groups/lease.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Backlog } from '../backlog.ts';
import type { Turn } from '../turn.ts';
import type { Settled } from './settle.ts';
import type { Window } from './window.ts';

/** What is acknowledged is kept so often while requests are under way: after a crash as much may be sent again. */
const keptEveryMs = 100;

/**
 * Keeps in the cursor what a window knows, by one conditional write for whatever came since the one before. Where a consumer acknowledged
 * something meanwhile, that is found by the write, taken in, and the write made again.
 */
export class Keeping {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #wake: Wake;
  readonly #turn: Turn;
  readonly #backlog: Backlog;
  #window: Window | undefined;
  /** Not counted in the cursor yet. */
  #lost = 0;
  #deadLettered = 0;
  #deadRow = 0;
  #hasAcknowledged = false;
  #isDirty = false;
  #keptAt = 0;

  constructor(
    { clock }: { readonly clock: Pick<Clock, 'monotonic'> },
    wake: Wake,
    turn: Turn,
    backlog: Backlog,
  ) {
    this.#clock = clock;
    this.#wake = wake;
    this.#turn = turn;
    this.#backlog = backlog;
  }

  /** From now on it is this window that is kept, which begins with the cursor. */
  begin(window: Window, cursor: Cursor | undefined): void {
    this.#window = window;
    this.#deadRow = cursor?.deadRow ?? 0;
  }

  /** Dead letters one after the other, with nothing acknowledged between. */
  get deadRow(): number {
    return this.#deadRow;
  }

  /** Whether the endpoint has taken anything in this run. */
  get hasAcknowledged(): boolean {
    return this.#hasAcknowledged;
  }

  note({ acknowledged, deadLettered }: Settled): void {
    this.#isDirty = true;
    this.#hasAcknowledged ||= acknowledged;
    this.#deadRow = acknowledged ? 0 : this.#deadRow + deadLettered;
    this.#deadLettered += deadLettered;
  }

  /** The endpoint has a message, which is not acknowledged by that. */
  noteTaken(): void {
    this.#isDirty = true;
    this.#hasAcknowledged = true;
  }

  noteChange(): void {
    this.#isDirty = true;
  }

  noteLost(records: number): void {
    this.#lost += records;
  }

  /** A lease was just taken: nothing is to be kept for a while. */
  rest(): void {
    this.#keptAt = this.#clock.monotonic();
  }

  /** Keeps what there is, where it is time. False: superseded. */
  async keepNow(lease: Lease): Promise<boolean> {
    const isTime = this.#clock.monotonic() - this.#keptAt >= keptEveryMs;
    return !this.#isDirty || !isTime || this.keep(lease, true);
  }

  /** @param kept whether the lease goes on, or is let go. False: superseded. */
  async keep(lease: Lease, kept: boolean, change: Partial<Cursor> = {}): Promise<boolean> {
    const { committed = lease.cursor.committed } = this.#window?.ahead() ?? {};
    await this.#turn.tellLoss(lease, committed, { lost: this.#lost });
    this.#turn.assertRunning();
    this.rest();
    const [lost, deadLettered] = [this.#lost, this.#deadLettered];
    for (;;) {
      const { deadRow } = lease.cursor;
      const made = (cursor: Cursor): Cursor => ({ ...this.#cursorAfter(cursor), ...change });
      const outcome = await this.#turn.replace(lease, made, kept);
      if (outcome === 'done') break;
      if (outcome === 'superseded') return false;
      this.#turn.assertRunning();
      this.#window?.merge(lease.cursor);
      if (deadRow !== undefined && lease.cursor.deadRow === undefined) this.#deadRow = 0;
    }
    this.#window?.stored();
    this.#isDirty = false;
    this.#lost -= lost;
    this.#deadLettered -= deadLettered;
    this.#turn.tellLeftOut(this.#backlog, lease.cursor.committed);
    return true;
  }

  /** The cursor with what the window knows. */
  #cursorAfter(cursor: Cursor): Cursor {
    const { committed, runs } = this.#window?.ahead() ?? { committed: cursor.committed, runs: [] };
    const { epoch, wakeAt, retryAt, lastFailure, failingSince, failedAt, outageMs } = cursor;
    const lost = (cursor.lost ?? 0) + this.#lost;
    const filtered = (cursor.filtered ?? 0) + this.#backlog.leftOutBelow(committed);
    const deadLettered = (cursor.deadLettered ?? 0) + this.#deadLettered;
    const stuck = this.#window?.stuck ?? 0;
    const failing = this.#hasAcknowledged
      ? { attempts: 0, retryAt: 0 }
      : {
          ...{ attempts: cursor.attempts, retryAt },
          ...(lastFailure !== undefined && { lastFailure }),
          ...(failingSince !== undefined && { failingSince }),
          ...(failedAt !== undefined && { failedAt }),
          ...(outageMs !== undefined && { outageMs }),
        };
    return {
      ...{ committed, epoch, leaseUntil: 0, ...failing },
      ...(runs.length > 0 && { runs }),
      ...(lost > 0 && { lost }),
      ...(filtered > 0 && { filtered }),
      ...(deadLettered > 0 && { deadLettered }),
      ...(this.#deadRow > 0 && { deadRow: this.#deadRow }),
      ...(stuck > 0 && { stuck }),
      // The one that this run answers is over.
      ...(wakeAt !== undefined && this.#wake.kind !== 'due' && { wakeAt }),
    };
  }
}
