import type { Wake } from '../../domain/delivery/wakes.ts';
import { UndecodableBatchError } from '../../domain/errors.ts';
import type { PushGroup } from '../../domain/groups/groups.ts';
import { type Telemetry, undecodableBatch } from '../../surroundings/telemetry.ts';
import type { Backlog, Found, Wanted } from '../backlog.ts';
import type { Window } from './window.ts';

/** Records of one look. */
const recordsAtOnce = 1000;

export interface Loaded {
  /** Records that retention took, and that were not done with. */
  readonly lost: number;
}

/** Fills a window from the log. A batch that cannot be decoded ends what there is, until `failure` is thrown. */
export class Loading {
  readonly #backlog: Backlog;
  readonly #window: Window;
  failure: UndecodableBatchError | undefined;

  readonly #textOf: Wanted['textOf'];

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
   */
  async load(wanted: number, again: boolean): Promise<Loaded> {
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
    return { lost };
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

  /** Says what is in the way. @throws UndecodableBatchError where something is. */
  throwFailure({ telemetry }: { readonly telemetry: Telemetry }, { topic }: PushGroup, wake: Wake): void {
    if (this.failure === undefined) return;
    const { topicId, group, requestId } = wake;
    const reader = { topicId, group, topic, ...(requestId !== undefined && { requestId }) };
    telemetry.record(undecodableBatch(this.failure, reader));
    throw this.failure;
  }
}
