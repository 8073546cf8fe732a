import { UndecodableBatchError } from '../../domain/errors.ts';
import { type Cursor, newCursor } from '../../domain/groups/cursors.ts';
import { ownerOf } from '../../domain/groups/members.ts';
import { aheadOf, startingAt, withAhead } from '../../domain/groups/runs/ahead.ts';
import { stuckRuns } from '../../domain/groups/runs/dead-letters.ts';
import { available, handOut, type Range } from '../../domain/groups/runs/hand-out.ts';
import { nextDueMs, recovered } from '../../domain/groups/runs/recover.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { Seen } from './cursor-changes.ts';
import { type PollDeps, patienceOf, type Subject, sessionMsOf } from './deps.ts';
import { Found, type ReadRange, type Share } from './found.ts';
import { type Lane, laneKey, lanesOf } from './lanes.ts';
import { changeAndTell } from './losses.ts';
import { type Brought, inTurn, type ModePoll, type Wanted } from './poll.ts';
import type { PollRequest } from './requests.ts';
import { isOverIn, type Roll } from './sessions.ts';
import { byLane, judgeLanes, type LaneOutcomes, settledBy, settleLane } from './settle.ts';
import { buryStuck } from './stuck.ts';
import { type Budget, takeRange } from './take.ts';

/** Ranges of one partition that a poll takes at most, so that a list in pieces costs no read for each. */
const rangesAtOnce = 8;

/** What there may be for the member in a partition. */
interface Candidate {
  readonly lane: Lane;
  /** Where its new records begin, where it may have any. */
  readonly from: number | undefined;
  readonly hasAgain: boolean;
  /** Owners whose session is over, and their members removed. */
  readonly gone: ReadonlySet<string>;
}

/**
 * A poll of a group of mode `shared`: any member gets any record, and each is acknowledged by itself. A poll fills itself from one
 * partition before it goes to the next, so that it writes few cursors.
 */
export class SharedPoll implements ModePoll {
  readonly #deps: PollDeps;
  readonly #request: PollRequest;
  #subject: Subject;
  #owner = '';
  #roll: Roll | undefined;
  /** What the poll said of records, until it is written; by lane. */
  readonly #settling = new Map<string, LaneOutcomes>();
  readonly #epochs = new Map<number, number>();
  readonly unacknowledged = new Set<number>();
  readonly assignment: readonly number[] = [];
  leaseUntil = 0;

  constructor(deps: PollDeps, subject: Subject, request: PollRequest) {
    this.#deps = deps;
    this.#subject = subject;
    this.#request = request;
  }

  get epochs(): ReadonlyMap<number, number> {
    return this.#epochs;
  }

  get awaited(): readonly PartitionRef[] {
    return this.#lanes().map(({ at }) => at);
  }

  async attend(subject: Subject, maxAgeMs: number): Promise<void> {
    this.#subject = subject;
    const { groupId } = subject.group;
    const sessionMs = sessionMsOf(subject.group);
    const session = { groupId, consumerId: this.#request.consumerId, sessionMs };
    const member = await this.#deps.sessions.attend(session, maxAgeMs);
    this.#owner = ownerOf(member);
    this.leaseUntil = member.expiresAt;
    this.#roll = await this.#deps.sessions.live(groupId, sessionMs, Number.POSITIVE_INFINITY);
  }

  async judge(): Promise<void> {
    const { ack, epochs } = this.#request;
    const lanes = byLane(this.#subject, ack?.records ?? [], epochs);
    await judgeLanes(this.#deps, this.#subject, this.#owner, lanes);
    for (const each of lanes) this.#settling.set(laneKey(each.lane), each);
  }

  async bring({ maxRecords, maxBytes, ackUntil, maxAgeMs }: Wanted): Promise<Brought> {
    const { candidates, ...look } = await this.#look(maxAgeMs);
    const found = new Found(maxRecords, maxBytes);
    const ordered = inTurn(candidates, this.#request.consumerId, this.#deps.clock.now());
    let some: readonly Candidate[] = [];
    const cut: Candidate[] = [];
    // As `takeAll`: from the first, and from the more at once the less there was.
    for (let index = 0; index < ordered.length && !found.isFull; index += some.length) {
      const count = Math.min(index + 1, this.#deps.options.partitionsAtOnce, found.room.maxRecords);
      some = ordered.slice(index, index + count);
      const share = found.share(some.length);
      const isAlone = found.isEmpty;
      const filled = await Promise.all(
        some.map((candidate, position) =>
          this.#bringInTurn(candidate, found, ackUntil, { ...share, isFirst: isAlone && position === 0 }),
        ),
      );
      cut.push(...some.filter((_candidate, position) => filled[position]));
    }
    // What others left of their shares goes to who has more, one after the other.
    for (const candidate of cut) {
      if (found.isFull) break;
      await this.#bringInTurn(candidate, found, ackUntil, { ...found.share(1), isFirst: false });
    }
    if (found.records.length === 0 && found.failure !== undefined) throw found.failure.error;
    return { records: found.records, damage: found.damage, ...look };
  }

  /** One member after the other: who reads while another hands out reads what that one has. */
  #bringInTurn(candidate: Candidate, found: Found, ackUntil: number, share: Share): Promise<boolean> {
    const key = laneKey(candidate.lane);
    return this.#deps.turns.take(key, () => this.#bringFrom(candidate, found, ackUntil, share));
  }

  async flush(): Promise<void> {
    const lanes = [...this.#settling.values()];
    this.#settling.clear();
    const outcomes = await Promise.allSettled(
      lanes.map((each) => settleLane(this.#deps, this.#subject, this.#owner, each)),
    );
    for (const [index, { status }] of outcomes.entries())
      if (status === 'rejected') this.#missed(lanes[index]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    await Promise.all(lanes.map(({ lane }) => buryStuck(this.#deps, this.#subject, lane)));
  }

  #missed(settling: LaneOutcomes | undefined): void {
    if (settling !== undefined) this.unacknowledged.add(settling.lane.ref.partition);
  }

  /** What may be handed out, as far as is known. What is stuck is given to the dead letters by the way. */
  async #look(
    maxAgeMs: number,
  ): Promise<Pick<Brought, 'dueMs' | 'isBlocked'> & { readonly candidates: readonly Candidate[] }> {
    const { reader, changes, clock } = this.#deps;
    const { groupId, redrive } = this.#subject.group;
    const own = await changes.list({ groupId }, maxAgeMs);
    const isOver = redrive === undefined || this.#deps.overRedrives.has(redrive.redriveId);
    const dead = isOver ? undefined : await changes.list({ groupId, lane: redrive.redriveId }, maxAgeMs);
    if (dead !== undefined) this.#noteRedrive(dead);
    const patience = patienceOf(this.#subject);
    const now = clock.now();
    const all: Candidate[] = [];
    let dueMs = Number.POSITIVE_INFINITY;
    let isBlocked = false;
    for (const lane of this.#lanes()) {
      const seen = (lane.isDead ? dead : own)?.get(lane.ref.partition);
      const cursor = seen?.cursor ?? newCursor(lane.start);
      const gone = await this.#gone(cursor, seen);
      const isGone = (owner: string): boolean => gone.has(owner);
      const ahead = recovered(aheadOf(this.#afterSettling(lane, cursor)), patience, { now, isGone });
      const { again, from, room } = available(ahead, now, patience, this.#deps.options.bounds);
      const hasRoom = room > 0 && from < lane.end;
      if (stuckRuns(ahead, now, patience).length > 0)
        await buryStuck(this.#deps, this.#subject, lane, isGone);
      isBlocked ||= ahead.runs.some(({ state }) => state === 'held');
      if (again.length === 0) dueMs = Math.min(dueMs, nextDueMs(ahead, now, patience) || dueMs);
      if (again.length > 0 || hasRoom)
        all.push({ lane, from: hasRoom ? from : undefined, hasAgain: again.length > 0, gone });
    }
    const fresh = all.filter(({ hasAgain, from }) => !hasAgain && from !== undefined);
    const places = fresh.map(({ lane, from = 0 }) => ({ at: lane.at, offset: from }));
    const isReady = await reader.ready(places);
    const idle = new Set(fresh.filter((_each, index) => !isReady[index]));
    return { candidates: all.filter((each) => !idle.has(each)), dueMs, isBlocked };
  }

  /** A redrive whose records are all acknowledged stays so: its cursors are not asked for again. */
  #noteRedrive(cursors: ReadonlyMap<number, Seen>): void {
    const { redrive } = this.#subject.group;
    if (redrive === undefined) return;
    const isOver = Object.entries(redrive.ranges).every(
      ([partition, [, to]]) => (cursors.get(Number(partition))?.cursor?.committed ?? 0) >= to,
    );
    if (isOver) this.#deps.overRedrives.add(redrive.redriveId);
  }

  #lanes(): readonly Lane[] {
    const { redrive } = this.#subject.group;
    const isOver = redrive !== undefined && this.#deps.overRedrives.has(redrive.redriveId);
    return lanesOf(this.#subject).filter(({ isDead }) => !(isDead && isOver));
  }

  /** True where it used up its share. */
  async #bringFrom(
    { lane, gone }: Candidate,
    found: Found,
    ackUntil: number,
    share: Share,
  ): Promise<boolean> {
    const { changes, clock, options } = this.#deps;
    const patience = patienceOf(this.#subject);
    const isGone = (owner: string): boolean => gone.has(owner);
    const standing = (await changes.get(lane.ref, Number.POSITIVE_INFINITY)) ?? newCursor(lane.start);
    const before = recovered(aheadOf(this.#afterSettling(lane, standing)), patience, {
      now: clock.now(),
      isGone,
    });
    const { again, from, room } = available(before, clock.now(), patience, options.bounds);
    const wanted: Range[] = again.slice(0, rangesAtOnce).map((range) => ({ ...range }));
    if (room > 0 && from < lane.end) wanted.push({ from, to: Math.min(from + room, lane.end) });
    const { ranges, start } = await this.#read(lane, wanted, found, share);
    const settling = this.#settling.get(laneKey(lane));
    if (ranges.length === 0 && settling === undefined && start <= standing.committed) return false;
    this.#settling.delete(laneKey(lane));
    const given = await found.unlessFailed(
      changeAndTell(this.#deps, this.#subject, lane, (cursor) => {
        const now = clock.now();
        const settled =
          settling === undefined
            ? cursor
            : settledBy(cursor, settling, { owner: this.#owner, now }, patience);
        const started = startingAt(recovered(aheadOf(settled), patience, { now, isGone }), start);
        let { ahead } = started;
        const all = new Map<number, number>();
        // The process may have stood still since it looked, and its session be over.
        const isOpen = now < this.leaseUntil;
        for (const { records, ...range } of isOpen ? ranges : []) {
          const offsets = records.map(({ offset }) => offset);
          const holder = { by: this.#owner, until: ackUntil, now };
          const handed = handOut(ahead, range, offsets, holder, patience, options.bounds);
          ahead = handed.ahead;
          for (const [offset, deliveries] of handed.given) all.set(offset, deliveries);
        }
        const lost = started.lost === 0 ? {} : { lost: (cursor.lost ?? 0) + started.lost };
        const next = withAhead({ ...settled, ...lost }, ahead);
        return { next, answer: { given: all, epoch: cursor.epoch } };
      }),
    );
    if (given === undefined) {
      this.#missed(settling);
      return false;
    }
    if (!lane.isDead) this.#epochs.set(lane.ref.partition, given.epoch);
    found.add(lane, ranges, given.given);
    return ranges.reduce((sum, { records }) => sum + records.length, 0) >= share.maxRecords;
  }

  /** Reads the ranges, as far as there is room for their records. */
  async #read(
    lane: Lane,
    wanted: readonly Range[],
    found: Found,
    { isFirst, ...share }: Share,
  ): Promise<{ readonly ranges: readonly ReadRange[]; readonly start: number }> {
    const ranges: ReadRange[] = [];
    let start = 0;
    let room: Budget = share;
    for (const range of wanted) {
      if (room.maxRecords <= 0 || room.maxBytes <= 0) break;
      const read = await takeRange(this.#deps.reader, lane.at, range, room, isFirst && ranges.length === 0);
      if (read instanceof UndecodableBatchError) {
        found.damage ??= read;
        continue;
      }
      start = Math.max(start, read.start);
      if (read.to <= read.from) continue;
      ranges.push({ from: read.from, to: read.to, records: read.records });
      room = { maxRecords: room.maxRecords - read.records.length, maxBytes: room.maxBytes - read.bytes };
    }
    found.spend(share.maxRecords - room.maxRecords, share.maxBytes - room.maxBytes);
    return { ranges, start };
  }

  /** As it will be once what came with the poll is written. */
  #afterSettling(lane: Lane, cursor: Cursor): Cursor {
    const settling = this.#settling.get(laneKey(lane));
    if (settling === undefined) return cursor;
    try {
      const by = { owner: this.#owner, now: this.#deps.clock.now() };
      return settledBy(cursor, settling, by, patienceOf(this.#subject));
    } catch {
      // It is told when it is written.
      return cursor;
    }
  }

  /** The holders whose session is over, and their members removed. */
  async #gone(cursor: Cursor, seen: Seen | undefined): Promise<ReadonlySet<string>> {
    const { runs = [] } = cursor;
    const holders = new Set(
      runs.flatMap(({ state, by }) => (state === 'held' && by !== undefined ? [by] : [])),
    );
    holders.delete(this.#owner);
    const goneIn = (roll: Roll): Set<string> => new Set([...holders].filter(isOverIn(roll)));
    if (holders.size === 0 || this.#roll === undefined) return new Set();
    const gone = goneIn(this.#roll);
    const mayBeNewer = seen !== undefined && seen.at.monotonic >= this.#roll.at.monotonic;
    if (gone.size === 0 || !mayBeNewer) return gone;
    // Who is seen as a holder may have joined after the members were read.
    const { group } = this.#subject;
    this.#roll = await this.#deps.sessions.live(group.groupId, sessionMsOf(group), 0);
    return goneIn(this.#roll);
  }
}
