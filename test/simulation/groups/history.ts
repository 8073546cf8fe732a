import type { Cursor, CursorRef, Run } from '../../../lib/domain/groups/cursors.ts';
import { type Member, ownerOf } from '../../../lib/domain/groups/members.ts';
import { aheadOf, readEnd } from '../../../lib/domain/groups/runs/ahead.ts';
import type { Bounds } from '../../../lib/domain/groups/runs/hand-out.ts';

/** By how much two clocks of the world differ at most, ms. */
export const skewMs = 2000;

/** What is looked at while a world runs. */
export interface Watched {
  /** Of the world, ms. */
  readonly now: () => number;
  /** The members as they are stored. */
  readonly members: () => readonly Member[];
  readonly bounds: Bounds;
}

/** What became of the records of one partition since the last seek. */
interface Fates {
  /** Offsets that a consumer was done with, or that are among the dead letters. */
  readonly done: Set<number>;
  /** Offsets whose acknowledgement was answered, with when, ms of the world. */
  readonly answered: Map<number, number>;
  /** Grows by one with each seek. */
  generation: number;
}

/** What holds of every world, whatever goes wrong in it. */
export class GroupHistory {
  readonly #watched: Watched;
  readonly #fates = new Map<number, Fates>();
  readonly #cursors = new Map<number, Cursor>();
  /** Records that a consumer gave back at some time: a write may hold both that, and that another got it. */
  readonly #givenBack = new Set<string>();
  /** Sessions that are over, and when they would have been. */
  readonly #ended = new Map<string, number>();
  /** The first invariant that did not hold. */
  breach: string | undefined;
  handedOut = 0;
  redelivered = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  report(what: string): void {
    this.breach ??= what;
  }

  generation(partition: number): number {
    return this.#of(partition).generation;
  }

  committed(partition: number): number {
    return this.#cursors.get(partition)?.committed ?? 0;
  }

  /** A consumer is done with a record that it got in that generation. */
  done(partition: number, offset: number, generation: number): void {
    const fates = this.#of(partition);
    if (fates.generation === generation) fates.done.add(offset);
  }

  /** A consumer says that a record may go to others. */
  givesBack(partition: number, offset: number): void {
    this.#givenBack.add(`${partition}/${offset}`);
  }

  /** A consumer was told that a record is acknowledged. */
  answered(partition: number, offset: number, generation: number): void {
    const fates = this.#of(partition);
    if (fates.generation === generation && !fates.answered.has(offset))
      fates.answered.set(offset, this.#watched.now());
  }

  /** Records came with a poll that began at that time. */
  received(
    partition: number,
    offset: number,
    begun: { readonly at: number; readonly generation: number },
  ): void {
    this.handedOut += 1;
    const { answered, generation } = this.#of(partition);
    const at = answered.get(offset);
    if (generation === begun.generation && at !== undefined && at < begun.at)
      this.report(`offset ${offset} of ${partition} was handed out after it was acknowledged`);
  }

  /** @param isSeek whoever wrote it moves the group to another place. */
  onCursor({ partition, lane }: CursorRef, next: Cursor, isSeek: boolean): void {
    if (lane !== undefined) return;
    const before = this.#cursors.get(partition);
    if (before?.writeId !== undefined && before.writeId === next.writeId) return;
    this.#cursors.set(partition, next);
    const fates = this.#of(partition);
    if (isSeek) {
      fates.generation += 1;
      fates.done.clear();
      fates.answered.clear();
      return;
    }
    this.#checkCommitted(partition, before, next);
    if (before !== undefined && (before.runs ?? next.runs) !== undefined)
      this.#checkRuns(partition, before, next);
    else if (before !== undefined) this.#checkHolder(partition, before, next);
  }

  #checkCommitted(partition: number, before: Cursor | undefined, next: Cursor): void {
    const from = before?.committed ?? 0;
    if (next.committed < from) this.report(`${partition} went back from ${from} to ${next.committed}`);
    const { done } = this.#of(partition);
    for (let offset = from; offset < next.committed; offset += 1)
      if (!done.has(offset))
        this.report(`offset ${offset} of ${partition} was committed, and nobody was done with it`);
  }

  /** A partition that one has is not taken from under it. */
  #checkHolder(partition: number, before: Cursor, next: Cursor): void {
    const { owner, ackUntil = 0, handedOut = 0, committed } = before;
    if (next.owner === owner || owner === undefined || handedOut <= committed) return;
    if (ackUntil > this.#watched.now() + skewMs && this.#isMember(owner))
      this.report(`${partition} was taken from ${owner}, which is alive and has it`);
  }

  #checkRuns(partition: number, before: Cursor, next: Cursor): void {
    const [was, is] = [aheadOf(before), aheadOf(next)];
    const { records } = this.#watched.bounds;
    if (readEnd(is) < readEnd(was)) this.report(`${partition} forgot what was handed out`);
    if (readEnd(is) - is.committed > Math.max(records, readEnd(was) - was.committed))
      this.report(`${partition} is ${readEnd(is) - is.committed} ahead, and may be ${records}`);
    for (let offset = was.committed; offset < readEnd(was); offset += 1)
      this.#checkRecord(
        partition,
        offset,
        runAt(was.runs, offset),
        offset < is.committed ? undefined : runAt(is.runs, offset),
      );
  }

  #checkRecord(partition: number, offset: number, was: Run | undefined, is: Run | undefined): void {
    // Below the committed offset: that is looked at by itself.
    if (was === undefined || is === undefined) return;
    if (was.state === 'acknowledged' && is.state !== 'acknowledged')
      this.report(`offset ${offset} of ${partition} was acknowledged, and is ${is.state}`);
    if (was.state !== 'held' || was.by === undefined || (was.until ?? 0) <= this.#watched.now() + skewMs)
      return;
    const isTaken =
      (is.state === 'held' && is.by !== was.by) || (is.state !== 'held' && is.reason === 'member_lost');
    if (isTaken && this.#isMember(was.by) && !this.#givenBack.has(`${partition}/${offset}`))
      this.report(`offset ${offset} of ${partition} was taken from ${was.by}, which is alive and has it`);
    if (is.state !== 'held' && is.reason === 'timeout' && was.reason !== 'timeout')
      this.report(`offset ${offset} of ${partition} was taken from ${was.by} before its time`);
  }

  #isMember(owner: string): boolean {
    return this.#watched.members().some((member) => ownerOf(member) === owner);
  }

  /**
   * A session was made or renewed: it must not be one that is over. A late copy of what made it may bring it back, for as long as it
   * would have been.
   */
  onSession(before: Member | undefined, next: Member): void {
    const owner = ownerOf(next);
    if (before !== undefined && ownerOf(before) !== owner) this.onSessionEnd(before);
    const ended = this.#ended.get(owner);
    const isRenewed = before !== undefined && ownerOf(before) === owner && before.expiresAt < next.expiresAt;
    const isLate = isRenewed && before.expiresAt <= next.polledAt;
    if (isLate || (ended !== undefined && next.expiresAt > ended))
      this.report(`the session ${owner} went on after it was over`);
    this.#ended.delete(owner);
  }

  onSessionEnd(member: Member): void {
    this.#ended.set(ownerOf(member), member.expiresAt);
  }

  #of(partition: number): Fates {
    const fates = this.#fates.get(partition) ?? { done: new Set(), answered: new Map(), generation: 0 };
    this.#fates.set(partition, fates);
    return fates;
  }
}

const runAt = (runs: readonly Run[], offset: number): Run | undefined =>
  runs.find(({ start, end }) => start <= offset && offset < end);
