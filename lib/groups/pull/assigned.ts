import { type Cursor, newCursor } from '../../domain/groups/cursors.ts';
import { ownerOf } from '../../domain/groups/members.ts';
import * as pulling from '../../domain/groups/pulling.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { Place } from '../../log/read/places.ts';
import { acknowledgedBy, judgeAll } from './acknowledge.ts';
import type { Seen } from './cursor-changes.ts';
import { ackTimeoutMsOf, type PollDeps, type Subject, sessionMsOf } from './deps.ts';
import { changeAndTell } from './losses.ts';
import { type Brought, inTurn, type ModePoll, type Wanted } from './poll.ts';
import type { HandedOut, PollRequest } from './requests.ts';
import { isOverIn, type Roll } from './sessions.ts';
import { type Taken, takeAll } from './take.ts';

interface Look extends Pick<Brought, 'dueMs' | 'isBlocked'> {
  readonly places: readonly Turn[];
}

/** A partition that the member may have records of now. */
interface Turn extends Place {
  /** As it was judged. */
  readonly taker: pulling.Taker;
}

/**
 * A poll of a group of mode `pull`: each partition is one member's, and its records come in order. Nothing is written for a
 * partition before records of it are handed out: that is what takes its lease.
 */
export class AssignedPoll implements ModePoll {
  readonly #deps: PollDeps;
  readonly #request: PollRequest;
  #subject: Subject;
  #owner = '';
  #roll: Roll | undefined;
  /** Acknowledgements that came with the poll, until they are written. */
  #acks = new Map<number, pulling.Ack>();
  #epochs = new Map<number, number>();
  readonly unacknowledged = new Set<number>();
  assignment: readonly number[] = [];
  leaseUntil = 0;

  constructor(deps: PollDeps, subject: Subject, request: PollRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#subject = subject;
  }

  get awaited(): readonly PartitionRef[] {
    const { topicId } = this.#subject.topic;
    return this.assignment.map((partition) => ({ topicId, partition }));
  }

  get epochs(): ReadonlyMap<number, number> {
    return this.#epochs;
  }

  async attend(subject: Subject, maxAgeMs: number): Promise<void> {
    this.#subject = subject;
    const { group, topic } = subject;
    const { sessions } = this.#deps;
    const { consumerId } = this.#request;
    const session = { groupId: group.groupId, consumerId, sessionMs: sessionMsOf(group) };
    const member = await sessions.attend(session, maxAgeMs);
    this.#owner = ownerOf(member);
    this.leaseUntil = member.expiresAt;
    this.#roll = await sessions.live(group.groupId, session.sessionMs, Number.POSITIVE_INFINITY);
    const owners = sessions.owners(this.#roll, topic.partitions);
    this.assignment = owners.flatMap((owner, partition) => (owner === consumerId ? [partition] : []));
  }

  async judge(): Promise<void> {
    const { ack, epochs } = this.#request;
    if (ack?.offsets === undefined) return;
    this.#acks = await judgeAll(this.#deps, this.#subject, this.#owner, { offsets: ack.offsets, epochs });
  }

  async bring({ maxRecords, maxBytes, ackUntil, maxAgeMs }: Wanted): Promise<Brought> {
    const { reader, options, clock } = this.#deps;
    const { places, ...look } = await this.#look(maxAgeMs);
    const isReady = await reader.ready(places);
    const ready = places.filter((_place, index) => isReady[index]);
    const { taken, damage } = await takeAll(
      reader,
      inTurn(ready, this.#request.consumerId, clock.now()),
      { maxRecords, maxBytes },
      options.partitionsAtOnce,
    );
    const outcomes = await Promise.allSettled(taken.map((each) => this.#handOut(each, ackUntil)));
    const records = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (records.length === 0 && failed !== undefined) throw failed.reason;
    return { records, damage, ...look };
  }

  async #look(maxAgeMs: number): Promise<Look> {
    const { group, topic } = this.#subject;
    const cursors = await this.#deps.changes.list({ groupId: group.groupId }, maxAgeMs);
    const now = this.#deps.clock.now();
    const places: Turn[] = [];
    let dueMs = Number.POSITIVE_INFINITY;
    let isBlocked = false;
    this.#epochs = new Map();
    for (const partition of this.assignment) {
      const seen = cursors.get(partition);
      const cursor = this.#afterAck(partition, seen?.cursor ?? newCursor(this.#startOf(partition)));
      if (cursor.owner === this.#owner) this.#epochs.set(partition, cursor.epoch);
      const taker = this.#taker(partition, cursor, { now, over: await this.#isOver(cursor.owner, seen) });
      const turn = pulling.turnOf(cursor, taker);
      if (turn.kind === 'wait') {
        dueMs = Math.min(dueMs, turn.ms);
        isBlocked ||= cursor.owner !== this.#owner;
      } else places.push({ at: { topicId: topic.topicId, partition }, offset: turn.from, taker });
    }
    return { places, dueMs, isBlocked };
  }

  async #handOut(
    { place, records, start, next }: Taken<Turn>,
    ackUntil: number,
  ): Promise<readonly HandedOut[]> {
    const { partition } = place.at;
    const ack = this.#acks.get(partition);
    this.#acks.delete(partition);
    const to = (records.at(-1)?.offset ?? start - 1) + 1;
    const given = await this.#acknowledging(partition, ack, (standing) => {
      const cursor = ack === undefined ? standing : acknowledgedBy(standing, partition, ack);
      // The process may have stood still since it looked: neither its time nor its session is what it was.
      const now = this.#deps.clock.now();
      if (now >= this.leaseUntil) return { next: cursor, answer: undefined };
      const position = this.#positionIn(partition, cursor);
      const turn = pulling.turnOf(cursor, { ...place.taker, now, position });
      // Another had it meanwhile, or it was moved.
      if (turn.kind === 'wait' || turn.from !== place.offset) return { next: cursor, answer: undefined };
      const from = Math.max(start, turn.from);
      if (records.length === 0) return { next: pulling.passed(cursor, next, from), answer: undefined };
      const handing = { owner: this.#owner, from, to, ackUntil, isAgain: turn.isAgain };
      const handed = pulling.handedOut(cursor, handing);
      return { next: handed, answer: handed.epoch };
    });
    if (given === undefined) return [];
    this.#epochs.set(partition, given);
    return records.map((record) => ({ record }));
  }

  async flush(): Promise<void> {
    const acks = [...this.#acks];
    this.#acks.clear();
    const outcomes = await Promise.allSettled(
      acks.map(([partition, ack]) =>
        this.#acknowledging(partition, ack, (cursor) => ({
          next: acknowledgedBy(cursor, partition, ack),
          answer: undefined,
        })),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** A change that makes an acknowledgement as well. */
  async #acknowledging<Answer>(
    partition: number,
    ack: pulling.Ack | undefined,
    change: (cursor: Cursor) => { next: Cursor; answer: Answer },
  ): Promise<Answer> {
    try {
      return await this.#change(partition, change);
    } catch (error) {
      if (ack !== undefined) this.unacknowledged.add(partition);
      throw error;
    }
  }

  #change<Answer>(
    partition: number,
    change: (cursor: Cursor) => { next: Cursor; answer: Answer },
  ): Promise<Answer> {
    const ref = { groupId: this.#subject.group.groupId, partition };
    return changeAndTell(this.#deps, this.#subject, { ref, start: this.#startOf(partition) }, change);
  }

  #startOf(partition: number): number {
    return this.#subject.group.startOffsets[partition] ?? 0;
  }

  /** As it will be once what came with the poll is acknowledged. */
  #afterAck(partition: number, cursor: Cursor): Cursor {
    const ack = this.#acks.get(partition);
    return ack === undefined ? cursor : pulling.acknowledged(cursor, ack);
  }

  /** It is judged of this owner: of another, who may have taken the partition since, nothing is known. */
  #taker(
    partition: number,
    cursor: Cursor,
    { now, over }: { readonly now: number; readonly over: string | undefined },
  ): pulling.Taker {
    return {
      owner: this.#owner,
      now,
      ackTimeoutMs: ackTimeoutMsOf(this.#subject.group),
      isOver: (owner) => owner === over,
      position: this.#positionIn(partition, cursor),
    };
  }

  /** What the consumer says that it has, where it got that under the lease that stands. */
  #positionIn(partition: number, { epoch }: Cursor): number | undefined {
    const { positions, epochs } = this.#request;
    return epochs?.get(partition) === epoch ? positions?.get(partition) : undefined;
  }

  /** The owner, where its session is over and its member removed. */
  async #isOver(owner: string | undefined, seen: Seen | undefined): Promise<string | undefined> {
    if (owner === undefined || owner === this.#owner || this.#roll === undefined) return undefined;
    if (!isOverIn(this.#roll)(owner)) return undefined;
    // Who is seen as an owner may have joined after the members were read.
    if (seen !== undefined && seen.at.monotonic >= this.#roll.at.monotonic) {
      const { groupId } = this.#subject.group;
      this.#roll = await this.#deps.sessions.live(groupId, sessionMsOf(this.#subject.group), 0);
      if (!isOverIn(this.#roll)(owner)) return undefined;
    }
    return owner;
  }
}
