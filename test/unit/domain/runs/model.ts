import type { Run, Unacknowledged } from '../../../../lib/domain/groups/cursors.ts';
import type { Ahead } from '../../../../lib/domain/groups/runs/ahead.ts';
import type { Bounds, Range } from '../../../../lib/domain/groups/runs/hand-out.ts';
import type { Patience } from '../../../../lib/domain/groups/runs/recover.ts';
import type { Outcome, Settler } from '../../../../lib/domain/groups/runs/settle.ts';
import { limits } from '../../../../lib/domain/limits.ts';

/** What is known of one offset. */
type Cell = Omit<Run, 'start' | 'end'>;

const done: Cell = { state: 'acknowledged', deliveries: 0 };
const offsetsOf = ({ from, to }: Range): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_none, index) => from + index);

const textOf = ({ state, by, until, deliveries, reason, since }: Cell): string =>
  JSON.stringify([state, by, until, deliveries, reason, since]);

/** What a group has of a partition, offset by offset: nothing is ever joined, split or moved. */
export class OffsetModel {
  /** By offset, from 0 on; below where the group began they are done with. The length is where new ones begin. */
  readonly #cells: Cell[];
  readonly #patience: Patience;
  readonly #bounds: Bounds;

  constructor(start: number, patience: Patience, bounds: Bounds) {
    this.#cells = new Array<Cell>(start).fill(done);
    this.#patience = patience;
    this.#bounds = bounds;
  }

  get readEnd(): number {
    return this.#cells.length;
  }

  get committed(): number {
    const first = this.#cells.findIndex(({ state }) => state !== 'acknowledged');
    return first < 0 ? this.readEnd : first;
  }

  /** What the run list has to be. */
  get ahead(): Ahead {
    return { committed: this.committed, runs: this.#runsFrom(this.committed) };
  }

  #runsFrom(start: number): Run[] {
    const runs: Run[] = [];
    for (const [offset, cell] of this.#cells.entries()) {
      const last = runs.at(-1);
      if (offset < start) continue;
      if (last !== undefined && textOf(last) === textOf(cell))
        runs[runs.length - 1] = { ...last, end: offset + 1 };
      else runs.push({ start: offset, end: offset + 1, ...cell });
    }
    return runs;
  }

  isAcknowledged(offset: number): boolean {
    return this.#cells[offset]?.state === 'acknowledged';
  }

  countOf(state: Run['state'], by?: string): number {
    return this.#cells.filter(
      (cell, offset) =>
        offset >= this.committed && cell.state === state && (by === undefined || cell.by === by),
    ).length;
  }

  recover(now: number, isGone: (owner: string) => boolean): void {
    this.#changeAll((cell) => {
      if (cell.state !== 'held') return cell;
      if (this.msLeft(cell, now) === 0) return this.#unacknowledged(cell, 'timeout', now, 0);
      return isGone(cell.by ?? '') ? this.#unacknowledged(cell, 'member_lost', now, 0) : cell;
    });
  }

  /** Of every offset that may change by itself. */
  dueMs(now: number): number {
    const waiting = this.#cells.filter(({ state }) => state !== 'acknowledged');
    return Math.min(Number.POSITIVE_INFINITY, ...waiting.map((cell) => this.msLeft(cell, now)));
  }

  msLeft({ state, until = 0 }: Cell, now: number): number {
    const longest = { held: this.#patience.ackTimeoutMs, delayed: 12 * 3_600_000, stuck: 30_000 };
    const mayBe = state === 'acknowledged' ? 0 : longest[state] + limits.clockAllowanceMs;
    return until <= now || until - now > mayBe ? 0 : until - now;
  }

  again(now: number): number[] {
    return [...this.#cells.keys()].filter((offset) => this.#is('delayed', offset, now));
  }

  stuck(now: number): number[] {
    return [...this.#cells.keys()].filter((offset) => this.#is('stuck', offset, now));
  }

  #is(state: Run['state'], offset: number, now: number): boolean {
    const cell = this.#cells[offset];
    return cell !== undefined && cell.state === state && this.msLeft(cell, now) === 0;
  }

  get room(): number {
    const { runs } = this.ahead;
    if (runs.length >= this.#bounds.runs) return 0;
    return Math.max(0, this.#bounds.records - (this.readEnd - this.committed));
  }

  /** @returns what is handed out, with how often it was by then. */
  handOut(
    range: Range,
    offsets: readonly number[],
    holder: { readonly by: string; readonly until: number; readonly now: number },
  ): Map<number, number> {
    const { by, until, now } = holder;
    const given = new Map<number, number>();
    const [start, from, room] = [this.committed, this.readEnd, this.room];
    const give = (offset: number): void => {
      const deliveries = (this.#cells[offset]?.deliveries ?? 0) + 1;
      const isThere = offsets.includes(offset);
      this.#cells[offset] = isThere ? { state: 'held', by, until, deliveries } : done;
      if (isThere) given.set(offset, deliveries);
    };
    for (const offset of this.again(now)) if (isIn(range, offset)) give(offset);
    const most = Math.max(this.#bounds.runs, this.#runsFrom(start).length);
    for (let offset = from; range.from <= from && offset < Math.min(range.to, from + room); offset += 1) {
      give(offset);
      if (this.#runsFrom(start).length <= most) continue;
      this.#cells.pop();
      given.delete(offset);
      break;
    }
    return given;
  }

  /** @returns the first offset that may not be, and why; nothing has moved then. */
  settle(
    outcomes: readonly Outcome[],
    { by, now, until }: Settler,
  ): { readonly kind: 'lost' | 'beyond'; readonly from: number } | undefined {
    const before = [...this.#cells];
    for (const { from, to, outcome, delayMs = 0 } of outcomes) {
      const refused = this.#refused({ from, to }, outcome, by);
      if (refused !== undefined) {
        this.#cells.splice(0, before.length, ...before);
        return refused;
      }
      for (const offset of offsetsOf({ from, to })) {
        const cell = this.#cells[offset] ?? done;
        if (cell.state === 'acknowledged') continue;
        if (outcome === 'ack') this.#cells[offset] = done;
        else if (outcome === 'extend') this.#cells[offset] = { ...cell, until };
        else this.#cells[offset] = this.#unacknowledged(cell, 'nack', now, delayMs === 0 ? 0 : now + delayMs);
      }
    }
    return undefined;
  }

  #refused(range: Range, outcome: Outcome['outcome'], by: string) {
    if (range.to > this.readEnd) return { kind: 'beyond', from: Math.max(range.from, this.readEnd) } as const;
    const from = offsetsOf(range).find((offset) => {
      const cell = this.#cells[offset];
      if (outcome === 'ack' && cell?.state === 'acknowledged') return false;
      return !(cell?.state === 'held' && cell.by === by);
    });
    return from === undefined ? undefined : ({ kind: 'lost', from } as const);
  }

  /** @returns how many became dead letters. */
  bury(range: Range): number {
    const before = this.countOf('stuck');
    this.#changeAll((cell, offset) => (cell.state === 'stuck' && isIn(range, offset) ? done : cell));
    return before - this.countOf('stuck');
  }

  holdStuck(range: Range, until: number): void {
    this.#changeAll((cell, offset) =>
      cell.state === 'stuck' && isIn(range, offset) ? { ...cell, until } : cell,
    );
  }

  /** @returns how many of what retention took were not done with. */
  startAt(start: number): number {
    let lost = 0;
    for (let offset = 0; offset < start; offset += 1) {
      if (!this.isAcknowledged(offset)) lost += 1;
      this.#cells[offset] = done;
    }
    return lost;
  }

  #changeAll(change: (cell: Cell, offset: number) => Cell): void {
    for (const [offset, cell] of this.#cells.entries()) this.#cells[offset] = change(cell, offset);
  }

  #unacknowledged({ deliveries }: Cell, reason: Unacknowledged, now: number, until: number): Cell {
    const { maxDeliveries } = this.#patience;
    return maxDeliveries !== null && deliveries >= maxDeliveries
      ? { state: 'stuck', until: 0, since: now, deliveries, reason }
      : { state: 'delayed', until, deliveries, reason };
  }
}

const isIn = ({ from, to }: Range, offset: number): boolean => offset >= from && offset < to;
