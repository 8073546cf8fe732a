import { UndecodableBatchError } from '../../domain/errors.ts';
import type { Backlog, Found, Wanted } from '../backlog.ts';
import type { Window } from './window.ts';

/** Records of one look. */
const recordsAtOnce = 1000;

/** Fills a window from the log. A batch that cannot be decoded ends what there is: `failure`. */
export class Loading {
  readonly #backlog: Backlog;
  readonly #window: Window;
  readonly #textOf: Wanted['textOf'];
  /** What stands in the way behind what there is. */
  failure: UndecodableBatchError | undefined;

  /** @param textOf a record as it stands in the body. */
  constructor(backlog: Backlog, window: Window, textOf: Wanted['textOf']) {
    this.#backlog = backlog;
    this.#window = window;
    this.#textOf = textOf;
  }

  /** Whether there may be more than the window has. */
  get mayHaveMore(): boolean {
    return this.failure === undefined && this.#backlog.mayHave(this.#window.loadedThrough);
  }

  /**
   * Reads until the window has what its cursor has ahead of it, and `wanted` records beside it that nobody has sent, or nothing is left.
   * @param again whether it looks where nothing was when it looked last.
   * @returns how many records retention took that were not done with.
   */
  async load(wanted: number, again: boolean): Promise<number> {
    let lost = 0;
    let looks = again && this.failure === undefined;
    while (this.#window.room > 0 && (!this.#window.isWhole || this.#window.waiting < wanted)) {
      if (!looks && !this.mayHaveMore) break;
      looks = false;
      const from = this.#window.loadedThrough;
      const maxRecords = Math.min(this.#window.room, recordsAtOnce);
      const found = await this.#next(from, maxRecords);
      if (found === undefined) break;
      lost += this.#window.beginAt(from + found.lost);
      const last = found.records.at(-1);
      const through = last === undefined ? (found.leftOutBelow ?? 0) : last.offset + 1;
      this.#window.add(found.records, through);
      if (this.#window.loadedThrough === from) break;
    }
    return lost;
  }

  async #next(from: number, maxRecords: number): Promise<Found | undefined> {
    try {
      const textOf = this.#textOf === undefined ? {} : { textOf: this.#textOf };
      return await this.#backlog.next({ from, maxRecords, ...textOf });
    } catch (error) {
      if (!(error instanceof UndecodableBatchError)) throw error;
      this.failure = error;
      return undefined;
    }
  }
}
