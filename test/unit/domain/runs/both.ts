import { expect } from 'vitest';
import { type Ahead, readEnd, startingAt } from '../../../../lib/domain/groups/runs/ahead.ts';
import { countsOf, heldBy } from '../../../../lib/domain/groups/runs/counts.ts';
import { buried, stillStuck, stuckRuns } from '../../../../lib/domain/groups/runs/dead-letters.ts';
import { decodeRuns, encodeRuns } from '../../../../lib/domain/groups/runs/encode.ts';
import { available, type Bounds, handOut, type Range } from '../../../../lib/domain/groups/runs/hand-out.ts';
import { nextDueMs, type Patience, recovered } from '../../../../lib/domain/groups/runs/recover.ts';
import { type Outcome, settle } from '../../../../lib/domain/groups/runs/settle.ts';
import { OffsetModel } from './model.ts';

export const owners = ['a', 'b', 'c'];
const start = 3;
export const logEnd = 60;

/** The run list and the model, which are told the same and have to say the same. */
export class Both {
  ahead: Ahead = { committed: start, runs: [] };
  now = 1_000_000;
  readonly model: OffsetModel;
  readonly patience: Patience;
  readonly bounds: Bounds;
  /** Offsets that have a record: compaction takes some away. */
  readonly records = new Set(Array.from({ length: logEnd }, (_none, offset) => offset));
  readonly #acknowledged = new Set<number>();

  constructor(patience: Patience, bounds: Bounds) {
    this.patience = patience;
    this.bounds = bounds;
    this.model = new OffsetModel(start, patience, bounds);
  }

  handOut(range: Range, by: string): void {
    const offsets = [...this.records].filter((offset) => offset >= range.from && offset < range.to);
    const holder = { by, until: this.now + this.patience.ackTimeoutMs, now: this.now };
    const before = this.ahead;
    const handed = handOut(before, range, offsets, holder, this.patience, this.bounds);
    expect(handed.given).toEqual(this.model.handOut(range, offsets, holder));
    for (const offset of handed.given.keys()) expect(this.#acknowledged).not.toContain(offset);
    this.ahead = handed.ahead;
    const isFresh = readEnd(this.ahead) > readEnd(before);
    if (!isFresh) return;
    expect(readEnd(this.ahead) - before.committed).toBeLessThanOrEqual(this.bounds.records);
  }

  settle(outcomes: readonly Outcome[], by: string): void {
    const settler = { by, now: this.now, until: this.now + this.patience.ackTimeoutMs };
    const settled = settle(this.ahead, outcomes, settler, this.patience);
    const refused = this.model.settle(outcomes, settler);
    if (settled.kind === 'done') this.ahead = settled.ahead;
    const told = settled.kind === 'done' ? undefined : { kind: settled.kind, from: settled.range.from };
    expect(told).toEqual(refused);
    if (settled.kind === 'done') return;
    const isAsked = outcomes.some(
      ({ from, to }) =>
        from <= settled.range.from && settled.range.from < settled.range.to && settled.range.to <= to,
    );
    expect(isAsked).toBe(true);
  }

  recover(gone: string): void {
    const isGone = (owner: string): boolean => owner === gone;
    const isAnything = this.ahead.runs.some(({ state }) => state === 'held');
    const next = recovered(this.ahead, this.patience, { now: this.now, isGone });
    if (!isAnything) expect(next).toBe(this.ahead);
    this.ahead = next;
    this.model.recover(this.now, isGone);
  }

  bury(range: Range): void {
    const { ahead, records } = buried(this.ahead, range);
    expect(records).toBe(this.model.bury(range));
    this.ahead = ahead;
  }

  holdStuck(range: Range, forMs: number): void {
    this.ahead = stillStuck(this.ahead, range, this.now + forMs);
    this.model.holdStuck(range, this.now + forMs);
  }

  trim(to: number): void {
    // Of what is past the read end too: nobody was given that, and it is lost as well.
    const { ahead, lost } = startingAt(this.ahead, to);
    expect(lost).toBe(this.model.startAt(to));
    this.ahead = ahead;
  }

  /** What holds at any time. */
  check(): void {
    const { ahead, model, now, patience } = this;
    // Joined, in order, without a gap, none that is empty, and the first unacknowledged: as the model makes it of its offsets.
    expect(ahead).toEqual(model.ahead);
    const { again, from, room } = available(ahead, now, patience, this.bounds);
    expect(again.flatMap(offsetsOf)).toEqual(model.again(now));
    expect({ from, room }).toEqual({ from: model.readEnd, room: model.room });
    const stuck = stuckRuns(ahead, now, patience);
    expect(stuck.flatMap(({ start: first, end }) => offsetsOf({ from: first, to: end }))).toEqual(
      model.stuck(now),
    );
    expect(nextDueMs(ahead, now, patience)).toBe(model.dueMs(now));
    const states = ['held', 'delayed', 'stuck', 'acknowledged'] as const;
    const counts = states.map((state) => [state, model.countOf(state)]);
    expect(countsOf(ahead)).toEqual(Object.fromEntries(counts));
    const held = owners.map((owner) => [owner, model.countOf('held', owner)] as const);
    expect(heldBy(ahead)).toEqual(new Map(held.filter(([, count]) => count > 0)));
    expect(decodeRuns(ahead.committed, encodeRuns(ahead.runs))).toEqual(ahead.runs);
    for (const offset of this.#acknowledged) expect(model.isAcknowledged(offset)).toBe(true);
    for (let offset = 0; offset < readEnd(ahead); offset += 1)
      if (model.isAcknowledged(offset)) this.#acknowledged.add(offset);
  }
}

const offsetsOf = ({ from, to }: Range): number[] =>
  Array.from({ length: to - from }, (_none, index) => from + index);
