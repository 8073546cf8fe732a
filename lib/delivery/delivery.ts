import { messageBytesOf } from '../domain/delivery/request-size.ts';
import type { Wake } from '../domain/delivery/wakes.ts';
import { UndecodableBatchError } from '../domain/errors.ts';
import type { Cursor } from '../domain/groups/cursors.ts';
import type { PushGroup, Subscription } from '../domain/groups/groups.ts';
import type { Lease, LeaseAnswer } from '../groups/lease.ts';
import { Backlog, type Found, type Wanted } from './backlog.ts';
import type { RunDeps } from './deps.ts';
import { buryRefused } from './failures/bury-refused.ts';
import { type Failure, settleFailure } from './failures/failure.ts';
import { type Sieve, sieveFor } from './filtering/sieve.ts';
import { wantedBy } from './formats/formats.ts';
import { composeMessage, envelopeBytes, type Message } from './message.ts';
import type { Pending } from './pending.ts';
import { attempt, type Target, unsendable } from './requests/attempt.ts';
import type { Failed } from './requests/outcome.ts';
import { runsBelow } from './subject.ts';
import { chooseEndpoint, isLifted, noteRecovery, noteSharedOutage } from './target.ts';
import { type RetryingRun, Turn } from './turn.ts';

/** What is next: past what was lost in front of it. */
interface Planned {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly lost: number;
  /** Absent where the group's filter leaves out all below `start`: that is as if it was acknowledged. */
  readonly message?: Message;
  /** Why the message cannot be sent. */
  readonly fault?: Pending['fault'];
}

/** How far the records are done with, exclusive, and how many of those that are were lost or went to the dead letters. */
interface Done {
  readonly through: number;
  readonly lost?: number;
  readonly deadLettered?: number;
}

/** The deliveries of one run in one partition, one message after the other: `ordering: "partition"`. */
export class Delivery {
  readonly #deps: RunDeps;
  readonly #wake: Wake;
  readonly turn: Turn;
  readonly #backlog: Backlog;
  /** Whether something came while the endpoint was called, so that more is likely to come with each call. */
  #isBusy = false;

  constructor(deps: RunDeps, wake: Wake, run: RetryingRun, subscription: Subscription<PushGroup>) {
    this.#deps = deps;
    this.#wake = wake;
    this.turn = new Turn(deps, wake, run, subscription);
    const { at, end } = this.turn.subject;
    const envelope = envelopeBytes(this.turn.view, wake.partition);
    const sieve = (): Sieve => sieveFor(deps, this.turn.view, wake.partition);
    const runs = runsBelow(deps.runs, end);
    this.#backlog = new Backlog(runs, at, messageBytesOf(subscription) - envelope, sieve);
  }

  /**
   * Leaves to a new wake what there is to do. Another run may have ended this one's message meanwhile, as a copy of it:
   * then nothing would come back if this one took a lease and died.
   */
  async leave(cursor: Cursor | undefined): Promise<void> {
    if ((await this.#next(this.#placeOf(cursor))) !== undefined) await this.turn.queueSuccessor(cursor);
  }

  /**
   * Undefined when it is settled. Else a lease was refused: nothing is held then, and the wake must be judged again.
   * @param cursor as it was read, or seen before it was: all that follows from it is asking for a lease on it, and that
   * there is nothing to do where nothing is past it.
   */
  async begin(cursor: Cursor | undefined): Promise<Exclude<LeaseAnswer, { kind: 'given' }> | undefined> {
    let planned = await this.#next(this.#placeOf(cursor));
    let read = cursor;
    while (planned !== undefined) {
      if (!this.turn.mayGoOn()) {
        await this.turn.queueSuccessor(read);
        return undefined;
      }
      const answer = await this.turn.acquire(read, planned.end);
      if (answer.kind !== 'given') return answer;
      const tail = await this.#deliverAll(answer.lease, planned);
      if (tail === undefined) return undefined;
      // The look at the tail after the lease was let go: what was appended meanwhile may have found it live.
      planned = await this.#next({ committed: tail.committed });
      this.#isBusy = planned !== undefined;
      read = tail;
    }
    if (read !== undefined) this.#deps.memory.cursors.keep(this.#wake, read);
    return undefined;
  }

  #placeOf(cursor: Cursor | undefined): Pick<Cursor, 'committed' | 'pendingEnd' | 'suspectEnd'> {
    return cursor ?? { committed: this.turn.startOffset };
  }

  /** Delivers until nothing is left, and gives the cursor as it was let go; undefined when another answers for the rest. */
  async #deliverAll(lease: Lease, planned: Planned): Promise<Cursor | undefined> {
    const { committed, pendingEnd } = lease.cursor;
    // Otherwise records were trimmed or compacted away, or the message was longer than one may be now.
    const isPlanned = committed === planned.start && pendingEnd === planned.end;
    const isSent = planned.message !== undefined;
    if (isSent && !isPlanned && !(await this.#commit(lease, planned))) return undefined;
    for (let step = planned; ; ) {
      if (!(await this.turn.mayCall(lease))) return this.turn.handOver(lease);
      const done = await this.#call(lease, step);
      if (done === undefined) return undefined;
      // Where nothing is known to follow, the look at the tail after the release is the only one.
      const looks = this.#isBusy || this.#backlog.mayHave(done.through);
      const next = looks ? await this.#following(lease, done) : undefined;
      this.turn.assertRunning();
      if (next === undefined) return this.#commitAndRelease(lease, done);
      if (!(await this.#commit(lease, next, done))) return undefined;
      step = next;
    }
  }

  /** One attempt. Gives how far the message is done with; undefined when it failed and that is settled. */
  async #call(lease: Lease, { start, lost, message, fault }: Planned): Promise<Done | undefined> {
    if (message === undefined) {
      this.turn.noteCall();
      return { through: start, ...(lease.cursor.committed < start && { lost }) };
    }
    const { subscription } = this.turn;
    const endpoint = await chooseEndpoint(this.#deps, subscription, this.#wake);
    // The choice may have taken its time.
    if (endpoint === undefined || lease.remainingMs() < this.turn.timeoutMs) return this.turn.handOver(lease);
    const { group } = subscription;
    const target = { group, endpoint, wake: this.#wake, attempt: lease.cursor.attempts + 1 };
    this.turn.noteCall();
    if (fault === undefined && !(await this.turn.isAdmitted(lease, endpoint, message.end))) return undefined;
    const outcome =
      fault === undefined
        ? await attempt(this.#deps, target, message)
        : unsendable(this.#deps, target, fault);
    const hasAnswered = fault === undefined && outcome.kind !== 'outage';
    if (hasAnswered) await noteRecovery(this.#deps, group, endpoint, this.#wake);
    const [failed] = outcome.failed ?? [];
    if (outcome.kind === 'acknowledged' && failed !== undefined)
      return this.#refusedAfter(lease, target, { through: outcome.through, failed });
    if (outcome.kind === 'acknowledged') return outcome;
    const cursor = this.#wake.kind === 'resume' ? { ...lease.cursor, attempts: 0 } : lease.cursor;
    return this.#settle(lease, message, await this.#failureOf(target, cursor, message, outcome));
  }

  /** The endpoint took what is before a record that it named, and refused that: from now on it stands alone. */
  async #refusedAfter(
    lease: Lease,
    target: Target,
    { through, failed }: { readonly through: number; readonly failed: number },
  ): Promise<undefined> {
    const alone = { offsets: [failed], end: failed + 1 };
    this.turn.assertRunning();
    if (!(await this.turn.commit(lease, through, alone.end))) return undefined;
    const reason = `The endpoint acknowledged the records before offset ${failed}, and refused that.`;
    const failure = await this.#failureOf(target, lease.cursor, alone, { kind: 'refusal', reason });
    if (failure.kind === 'retry') await this.turn.releaseForRetry(lease, failure.retry);
    else await this.turn.handOver(lease);
    return undefined;
  }

  async #failureOf(
    target: Target,
    cursor: Cursor,
    message: Pick<Message, 'offsets' | 'end'>,
    outcome: Failed,
  ): Promise<Failure> {
    // It may be no more what was called: a retry, by whomever, goes by what it is then.
    this.#deps.memory.subscriptions.forget(this.#wake);
    const { subscription } = this.turn;
    const noted = await noteSharedOutage(this.#deps, subscription, target.endpoint, this.#wake, outcome);
    return settleFailure(this.#deps, target, cursor, message, outcome, noted);
  }

  async #settle(lease: Lease, message: Message, failure: Failure): Promise<Done | undefined> {
    if (failure.kind === 'stopped') return this.turn.handOver(lease);
    let retry = failure.kind === 'retry' ? failure.retry : undefined;
    if (failure.kind === 'give-up') {
      const why = await this.#bury(message, failure);
      if (why === undefined) return { through: message.end, deadLettered: 1 };
      retry = failure.whereItStays(why);
    }
    if (retry === undefined) return undefined;
    if (await isLifted(this.#deps, this.turn.subscription, this.#wake, retry.delayMs))
      return this.turn.handOver(lease);
    await this.turn.releaseForRetry(lease, retry);
    return undefined;
  }

  /** Writes the message's one record to the dead letters. Gives why it could not. */
  #bury({ start }: Message, { letter }: Extract<Failure, { kind: 'give-up' }>): Promise<string | undefined> {
    const record = this.#backlog.record(start);
    if (record === undefined) throw new Error('The record of a message is not there any more.');
    return buryRefused(this.#deps, this.turn.subscription.group, this.#wake, record, letter);
  }

  /** The next message: the one that was in flight, or what is left of one that was refused and halved, or what there is. */
  async #next({
    committed: from,
    pendingEnd,
    suspectEnd,
  }: Pick<Cursor, 'committed' | 'pendingEnd' | 'suspectEnd'>): Promise<Planned | undefined> {
    const { view: group } = this.turn;
    const end = [pendingEnd, suspectEnd].find((each) => each !== undefined && each > from);
    const { records, lost, leftOutBelow } = await this.#read(wantedBy(group, { from, end }));
    if (!isAny(records))
      return leftOutBelow === undefined ? undefined : { start: leftOutBelow, end: leftOutBelow, lost };
    const message = composeMessage(group, this.#wake.partition, records);
    const { fault } = records[0];
    return { start: message.start, end: message.end, lost, message, ...(fault !== undefined && { fault }) };
  }

  async #read(wanted: Wanted): Promise<Found> {
    try {
      return await this.#backlog.next(wanted);
    } catch (error) {
      if (error instanceof UndecodableBatchError) this.turn.tellUndecodable(error);
      throw error;
    }
  }

  /** What follows what is done with. Where it cannot be decoded, the lease ends with what was: it is not sent again. */
  async #following(lease: Lease, done: Done): Promise<Planned | undefined> {
    const { suspectEnd } = lease.cursor;
    try {
      return await this.#next({ committed: done.through, ...(suspectEnd !== undefined && { suspectEnd }) });
    } catch (error) {
      if (error instanceof UndecodableBatchError) await this.#commitAndRelease(lease, done);
      throw error;
    }
  }

  /** Moves the cursor to the message, past what is `done` with. */
  async #commit(lease: Lease, { start, end, lost }: Planned, done: Partial<Done> = {}): Promise<boolean> {
    const { lost: before = 0, deadLettered = 0 } = done;
    const isDone = await this.turn.commit(lease, start, end, {
      ...{ lost: before + lost, deadLettered },
      filtered: this.#backlog.leftOutBelow(start),
    });
    if (isDone) this.turn.tellLeftOut(this.#backlog, start);
    return isDone;
  }

  async #commitAndRelease(lease: Lease, { through, lost = 0, deadLettered = 0 }: Done) {
    const past = this.#backlog.pastHoles(through);
    const cursor = await this.turn.commitAndRelease(lease, past, {
      ...{ lost, deadLettered },
      filtered: this.#backlog.leftOutBelow(past),
    });
    if (cursor !== undefined) this.turn.tellLeftOut(this.#backlog, past);
    return cursor;
  }
}

const isAny = (records: readonly Pending[]): records is readonly [Pending, ...Pending[]] =>
  records.length > 0;
