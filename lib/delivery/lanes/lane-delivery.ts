import { messageBytesOf } from '../../domain/delivery/request-size.ts';
import type { Wake } from '../../domain/delivery/wakes.ts';
import { type Cursor, msLeft } from '../../domain/groups/cursors.ts';
import {
  type Endpoint,
  effectiveDelivery,
  type PushGroup,
  type Subscription,
} from '../../domain/groups/groups.ts';
import { pushBounds } from '../../domain/groups/runs/hand-out.ts';
import { limits } from '../../domain/limits.ts';
import type { Lease, LeaseAnswer } from '../../groups/lease.ts';
import { AckTokens } from '../acks/token.ts';
import { Backlog } from '../backlog.ts';
import type { RunDeps } from '../deps.ts';
import { settleFailure } from '../failures/failure.ts';
import { type Sieve, sieveFor } from '../filtering/sieve.ts';
import { wantedBy } from '../formats/formats.ts';
import { composeMessage, envelopeBytes } from '../message.ts';
import type { NotNow } from '../pacing/entry.ts';
import type { Pending } from '../pending.ts';
import { attempt, type Target, unsendable } from '../requests/attempt.ts';
import type { Failed, Outcome } from '../requests/outcome.ts';
import { runsBelow } from '../subject.ts';
import { chooseEndpoint, isLifted, noteRecovery, noteSharedOutage } from '../target.ts';
import { handOverDelayMs, longestRetryOf, type RetryingRun, Turn } from '../turn.ts';
import { holding, judgeUnacknowledged, received } from './holding.ts';
import type { InHand } from './in-hand.ts';
import { Keeping } from './keeping.ts';
import { Loading } from './loading.ts';
import { settleAcknowledged, settleRefused } from './settle.ts';
import { type Due, Window } from './window.ts';

/** A message that may be sent again sooner than the queue can say is waited for. */
const waitedForMs = 1000;

/** What one request came to. */
interface Called {
  readonly slot: number;
  readonly target: Target;
  readonly message: InHand;
  /** It was not sent: it is not the time for it. */
  readonly outcome: Outcome | NotNow | { readonly kind: 'late' };
}

/** Why no more requests are sent. */
type Stop =
  | { readonly kind: 'outage'; readonly target: Target; readonly outcome: Failed }
  | { readonly kind: 'put-off'; readonly notNow: NotNow }
  /** Out of time, or nobody is to be called: another goes on. */
  | { readonly kind: 'handed-over' }
  | { readonly kind: 'superseded' };

/**
 * The deliveries of one run in one partition, several messages at a time: `ordering` by key, or none. What is done with is kept in the run
 * list of the cursor, by one conditional write for whatever came since the one before. A message that is refused waits by itself, and holds
 * up those of its keys; an outage holds up the partition, since it says nothing of any record.
 *
 * What is under way is kept nowhere: while the lease is live nobody else sends it, and after a crash it is sent again, perhaps in other
 * messages. One that was refused stays the same message.
 *
 * Where messages are acknowledged by themselves (`ack: "explicit"`), whatever the order, each is kept as held before it is sent, since its
 * acknowledgement may come before the endpoint has answered; and what a consumer said meanwhile is found when the cursor is written next.
 */
export class LaneDelivery {
  readonly turn: Turn;
  readonly #deps: RunDeps;
  readonly #wake: Wake;
  readonly #backlog: Backlog;
  readonly #tokens: AckTokens;
  #window: Window | undefined;
  #loading: Loading | undefined;
  /** The endpoint of the requests that are under way. */
  #calling: string | undefined;
  /** Slots that the endpoint has no place for, in this turn. */
  readonly #closed = new Set<number>();
  #isBusy = false;
  readonly #keeping: Keeping;

  constructor(deps: RunDeps, wake: Wake, run: RetryingRun, subscription: Subscription<PushGroup>) {
    this.#deps = deps;
    this.#wake = wake;
    this.turn = new Turn(deps, wake, run, subscription);
    this.#tokens = new AckTokens(deps.secrets);
    const { at, end } = this.turn.subject;
    const sieve = (): Sieve => sieveFor(deps, this.turn.view, wake.partition);
    this.#backlog = new Backlog(runsBelow(deps.runs, end), at, this.#maxBytes(), sieve);
    this.#keeping = new Keeping(deps, wake, this.turn, this.#backlog);
  }

  #maxBytes(): number {
    const { subscription, view } = this.turn;
    return messageBytesOf(subscription) - envelopeBytes(view, this.#wake.partition) - idBytes;
  }

  /** Leaves to a new wake what there is to do: as `Delivery.leave`. */
  async leave(cursor: Cursor | undefined): Promise<void> {
    if (await this.#look(cursor)) await this.turn.queueSuccessor(cursor);
    else await this.#passOn(cursor);
  }

  /** Undefined when it is settled. Else a lease was refused: nothing is held then, and the wake must be judged again. */
  async begin(cursor: Cursor | undefined): Promise<Exclude<LeaseAnswer, { kind: 'given' }> | undefined> {
    let read = cursor;
    while (await this.#look(read)) {
      if (!this.turn.mayGoOn()) {
        await this.turn.queueSuccessor(read);
        return undefined;
      }
      const answer = await this.turn.acquire(read);
      if (answer.kind !== 'given') return answer;
      const tail = await this.#deliverAll(answer.lease);
      if (tail === undefined) return undefined;
      read = tail;
      this.#isBusy = true;
    }
    if (!this.turn.hasHeld) await this.#passOn(read);
    const failure = this.#loading?.failure;
    if (failure !== undefined) {
      this.turn.tellUndecodable(failure);
      throw failure;
    }
    // What a consumer acknowledges changes a cursor whose epoch stays: one that was seen says nothing of what there is to do.
    if (read !== undefined && !this.#isExplicit) this.#deps.memory.cursors.keep(this.#wake, read);
    return undefined;
  }

  get #isExplicit(): boolean {
    return effectiveDelivery(this.turn.subscription.group.delivery).ack === 'explicit';
  }

  /** A wake that is counted on came before there was something to do, or there is none: one comes later. */
  async #passOn(cursor: Cursor | undefined): Promise<void> {
    const dueMs = this.#nextDueMs();
    if (dueMs < Number.POSITIVE_INFINITY && !this.#isRemembered(cursor, dueMs))
      await this.turn.queueDue(dueMs);
  }

  #nextDueMs(): number {
    return this.#window?.nextDueMs(this.#dueMs) ?? Number.POSITIVE_INFINITY;
  }

  /** Whether there is a wake on the queue, beside the one that this run answers, that comes in about `dueMs` or sooner. */
  #isRemembered(cursor: Cursor | undefined, dueMs: number): boolean {
    const standsMs = msLeft(cursor?.wakeAt ?? 0, this.#deps.clock.now(), limits.wakeDelayMs);
    return this.#wake.kind !== 'due' && standsMs > 0 && standsMs <= dueMs + waitedForMs;
  }

  readonly #dueMs: Due = (until, of) => {
    const longestMs = of === 'held' ? longestHeldMs : longestRetryOf(this.turn.subscription);
    return msLeft(until, this.#deps.clock.now(), longestMs);
  };

  /** Whether there is something to send, or to move the cursor past, as far as is known without a lease. */
  async #look(cursor: Cursor | undefined): Promise<boolean> {
    const { group } = this.turn.subscription;
    const { ordering, concurrency, batchSize } = effectiveDelivery(group.delivery);
    if (this.#window === undefined) {
      const settings = {
        ...{ ordering, concurrency, batchSize, maxBytes: this.#maxBytes() },
        isExplicit: this.#isExplicit,
      };
      const bounds = this.#deps.bounds ?? pushBounds(concurrency * batchSize);
      this.#window = new Window({ ...settings, bounds }, this.turn.startOffset, cursor);
      const { textOf } = wantedBy(this.turn.view, { from: 0, end: undefined });
      this.#loading = new Loading(this.#backlog, this.#window, textOf);
      this.#keeping.begin(this.#window, cursor);
    }
    await this.#load(true);
    const isPast = this.#window.ahead().committed > (cursor?.committed ?? this.turn.startOffset);
    return isPast || this.#window.mayTake(this.#dueMs);
  }

  async #load(again: boolean): Promise<void> {
    const { concurrency, batchSize } = effectiveDelivery(this.turn.subscription.group.delivery);
    this.#keeping.noteLost((await this.#loading?.load(concurrency * batchSize, again)) ?? 0);
  }

  /** Delivers until nothing can be sent, and gives the cursor as it was let go; undefined when another answers for the rest. */
  async #deliverAll(lease: Lease): Promise<Cursor | undefined> {
    const calls = new Map<number, Promise<Called>>();
    let stop: Stop | undefined;
    this.#keeping.rest();
    try {
      for (;;) {
        stop ??= (await this.#judge()) ?? (await this.#fill(lease, calls));
        if (calls.size === 0 && (stop !== undefined || !(await this.#waits()))) break;
        if (calls.size === 0) continue;
        const called = await Promise.race(calls.values());
        calls.delete(called.slot);
        stop = (await this.#settle(called, calls.size === 0)) ?? stop;
        if (stop?.kind !== 'superseded' && !(await this.#keeping.keepNow(lease)))
          stop = { kind: 'superseded' };
      }
    } finally {
      // No request outlives its run.
      await Promise.allSettled(calls.values());
    }
    return this.#end(lease, stop);
  }

  /** Sends what may be sent, as long as there is a place. */
  async #fill(lease: Lease, calls: Map<number, Promise<Called>>): Promise<Stop | undefined> {
    const { concurrency, ordering, ack } = effectiveDelivery(this.turn.subscription.group.delivery);
    const places = ordering === 'partition' ? 1 : concurrency;
    const taken = new Map<number, InHand>();
    let hasLooked = false;
    for (let slot = 0; slot < places; slot += 1) {
      if (calls.has(slot) || this.#closed.has(slot)) continue;
      let message = this.#take(slot);
      if (message === undefined && !hasLooked) {
        hasLooked = true;
        await this.#load(this.#isBusy);
        message = this.#take(slot);
      }
      if (message === undefined) continue;
      if (ack === 'explicit') {
        taken.set(slot, message);
        continue;
      }
      const sent = await this.#send(lease, slot, message, calls);
      if (sent === 'sent') continue;
      this.#putBack(message);
      return sent === 'wait' ? undefined : sent;
    }
    return taken.size === 0 ? undefined : this.#sendHeld(lease, taken, calls);
  }

  /** Sends messages that are acknowledged by themselves: they are kept first, all in one write. */
  async #sendHeld(
    lease: Lease,
    taken: ReadonlyMap<number, InHand>,
    calls: Map<number, Promise<Called>>,
  ): Promise<Stop | undefined> {
    const { delivery } = this.turn.subscription.group;
    for (const message of taken.values())
      this.#window?.hold(message, holding(message, lease.cursor.epoch, delivery, this.#deps.clock.now()));
    if (!(await this.#keeping.keep(lease, true))) return { kind: 'superseded' };
    let stop: Stop | 'wait' | undefined;
    for (const [slot, message] of taken) {
      if (this.#window?.has(message) !== true) continue;
      const sent = stop ?? (await this.#send(lease, slot, message, calls));
      if (sent === 'sent') continue;
      stop = sent;
      this.#putBack(message);
    }
    return stop === 'wait' ? undefined : stop;
  }

  /** It was not sent. */
  #putBack(message: InHand): void {
    if (message.held !== undefined) this.#keeping.noteChange();
    this.#window?.again(message, { isKept: message.isKept });
  }

  /** What consumers refused, or said nothing of in time. */
  async #judge(): Promise<Stop | undefined> {
    const window = this.#window;
    for (const overdue of window?.overdue(this.#dueMs) ?? []) {
      if (window === undefined) break;
      const settled = await judgeUnacknowledged(
        { ...this.#deps, window, dueMs: this.#dueMs },
        { subscription: this.turn.subscription, wake: this.#wake, deadRow: this.#keeping.deadRow },
        overdue,
      );
      if (settled === undefined) return { kind: 'handed-over' };
      this.#keeping.note(settled);
    }
    return undefined;
  }

  /** The next message of a slot, or of one that is closed. */
  #take(slot: number): InHand | undefined {
    for (const each of [slot, ...this.#closed]) {
      const message = this.#window?.take(each, this.#dueMs);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  async #send(
    lease: Lease,
    slot: number,
    message: InHand,
    calls: Map<number, Promise<Called>>,
  ): Promise<'sent' | 'wait' | Stop> {
    if (
      lease.remainingMs() < this.turn.timeoutMs &&
      this.turn.mayGoOn() &&
      !(await this.#keeping.keep(lease, true))
    )
      return { kind: 'superseded' };
    if (!(await this.turn.mayCall(lease))) return { kind: 'handed-over' };
    const { subscription } = this.turn;
    const endpoint = await chooseEndpoint(this.#deps, subscription, this.#wake);
    if (endpoint === undefined || lease.remainingMs() < this.turn.timeoutMs) return { kind: 'handed-over' };
    // A partition is sent by one endpoint at a time.
    if (calls.size > 0 && this.#calling !== endpoint.endpointId) return 'wait';
    this.#calling = endpoint.endpointId;
    this.turn.noteCall();
    calls.set(slot, this.#call(slot, message, endpoint, lease));
    return 'sent';
  }

  async #call(slot: number, message: InHand, endpoint: Endpoint, lease: Lease): Promise<Called> {
    const { group } = this.turn.subscription;
    const attempt = message.attempts + 1;
    const ackToken = message.held && (await this.#tokenOf(message, lease.cursor.epoch));
    const target = {
      ...{ group, endpoint, wake: this.#wake, attempt },
      ...(ackToken !== undefined && { ackToken }),
    };
    const [first, ...rest] = message.entries.map(({ pending }) => pending);
    if (first === undefined) throw new Error('A message has records.');
    const notNow = first.fault === undefined ? await this.turn.admit(lease, endpoint, slot) : undefined;
    if (notNow !== undefined) return { slot, target, message, outcome: notNow };
    if (lease.remainingMs() < this.turn.timeoutMs)
      return { slot, target, message, outcome: { kind: 'late' } };
    return { slot, target, message, outcome: await this.#attempt(target, [first, ...rest]) };
  }

  #tokenOf({ entries, attempts }: InHand, epoch: number): Promise<string> {
    const { topicId, groupId, group, partition, redriveId } = this.#wake;
    const lane = redriveId === undefined ? {} : { redriveId };
    const [start = 0, last = start] = [entries[0], entries.at(-1)].map((entry) => entry?.pending.offset);
    const sent = { start, end: last + 1, epoch, attempt: attempts + 1 };
    return this.#tokens.sign({ topicId, groupId, group, partition, ...lane, ...sent });
  }

  async #attempt(target: Target, records: readonly [Pending, ...Pending[]]): Promise<Outcome> {
    const { fault } = records[0];
    if (fault === undefined) {
      const group = this.turn.subject.view(target.group);
      const composed = composeMessage(group, this.#wake.partition, records, { isSpread: true });
      return attempt(this.#deps, target, composed);
    }
    return unsendable(this.#deps, target, fault);
  }

  /** Notes what a request came to. Gives a reason to send no more, where there is one. */
  async #settle({ slot, target, message, outcome }: Called, isLast: boolean): Promise<Stop | undefined> {
    const window = this.#window;
    if (window === undefined) return undefined;
    // The consumer may have acknowledged it before the endpoint answered.
    const isOver = !window.has(message);
    if (outcome.kind === 'later' || outcome.kind === 'late') {
      if (!isOver) this.#putBack(message);
      if (outcome.kind === 'late') return undefined;
      // The endpoint takes no more at a time than those that are under way, or were.
      this.#closed.add(slot);
      return isLast ? { kind: 'put-off', notNow: outcome } : undefined;
    }
    if (outcome.kind === 'outage' || (outcome.kind === 'refusal' && outcome.gone === true)) {
      // It says nothing of the message, which is the same one when it is sent again.
      if (message.held !== undefined) this.#keeping.noteChange();
      if (!isOver) window.again(message, { attempts: message.attempts + 1, until: 0 });
      return { kind: 'outage', target, outcome };
    }
    // A record that could not be made what it is to be was not sent.
    const isSent = message.entries[0]?.pending.fault === undefined;
    if (isSent) await noteRecovery(this.#deps, target.group, target.endpoint, this.#wake);
    if (outcome.kind === 'acknowledged' && message.held !== undefined) {
      received(window, message, target.group.delivery, this.#deps.clock.now());
      this.#keeping.noteTaken();
      return undefined;
    }
    if (isOver) return undefined;
    this.#keeping.note(
      outcome.kind === 'acknowledged'
        ? settleAcknowledged(this.#deps, window, target, message, outcome)
        : await settleRefused(this.#deps, window, target, message, outcome, this.#keeping.deadRow),
    );
    if (outcome.kind === 'refusal') this.#deps.memory.subscriptions.forget(this.#wake);
    return undefined;
  }

  /** Whether it waited for a message that may be sent again soon. */
  async #waits(): Promise<boolean> {
    const dueMs = this.#nextDueMs();
    if (dueMs === 0 || dueMs >= waitedForMs || !this.turn.mayRetry || !this.turn.mayGoOn()) return false;
    await this.#deps.clock.sleep(dueMs);
    return true;
  }

  /** Lets the lease go. Whatever is left has a wake by then. */
  async #end(lease: Lease, stop: Stop | undefined): Promise<Cursor | undefined> {
    if (stop?.kind === 'superseded') return undefined;
    if (stop?.kind === 'outage') return this.#endOut(lease, stop);
    if (stop?.kind === 'put-off') return this.#putOff(lease, stop.notNow);
    if (stop !== undefined) return this.#handOver(lease);
    const wakeAt = await this.#rememberDue(lease.cursor);
    const change = wakeAt === undefined ? {} : { wakeAt };
    return (await this.#keeping.keep(lease, false, change)) ? lease.cursor : undefined;
  }

  /** Who goes on sees to what is to be sent again as well. */
  #handOver(lease: Lease): Promise<undefined> {
    if (this.#window?.hasKept !== true)
      return this.turn.handOver(lease, () => this.#keeping.keep(lease, false));
    const wakeAt = this.#deps.clock.now() + handOverDelayMs;
    return this.turn.handOver(lease, () => this.#keeping.keep(lease, false, { wakeAt }), 'due');
  }

  /** What an endpoint that is paced has no place for now comes later. It is no attempt. */
  async #putOff(lease: Lease, notNow: NotNow): Promise<undefined> {
    const { retryAt, lastFailure, delayMs } = this.turn.putOff(lease, 0, notNow);
    return this.#letGoFor(lease, delayMs, { retryAt, lastFailure });
  }

  /** Lets the lease go until `retryAt`. Who comes then sees to what is to be sent again as well. */
  async #letGoFor(
    lease: Lease,
    delayMs: number,
    change: Partial<Cursor> & Pick<Cursor, 'retryAt'>,
  ): Promise<undefined> {
    const hasKept = this.#window?.hasKept === true;
    const letGo = () =>
      this.#keeping.keep(lease, false, hasKept ? { ...change, wakeAt: change.retryAt } : change);
    await this.turn.letGoForRetry(lease, delayMs, letGo, hasKept ? 'due' : 'retry');
    return undefined;
  }

  async #endOut(lease: Lease, { target, outcome }: Extract<Stop, { kind: 'outage' }>): Promise<undefined> {
    const isResumed = this.#wake.kind === 'resume' || this.#keeping.hasAcknowledged;
    const { failingSince: _since, ...healthy } = lease.cursor;
    const cursor = isResumed
      ? { ...(this.#keeping.hasAcknowledged ? healthy : lease.cursor), attempts: 0 }
      : lease.cursor;
    this.#deps.memory.subscriptions.forget(this.#wake);
    const { subscription } = this.turn;
    const noted = await noteSharedOutage(this.#deps, subscription, target.endpoint, this.#wake, outcome);
    const failure = await settleFailure(this.#deps, target, cursor, { offsets: [], end: 0 }, outcome, noted);
    if (failure.kind !== 'retry') return this.#handOver(lease);
    const { delayMs, attempts, retryAt, lastFailure, outage } = failure.retry;
    if (await isLifted(this.#deps, subscription, this.#wake, delayMs)) return this.#handOver(lease);
    return this.#letGoFor(lease, delayMs, { attempts, retryAt, lastFailure, ...outage });
  }

  /** Sees to it that a wake comes when the next message may be sent again, and gives when that is. */
  async #rememberDue(cursor: Cursor): Promise<number | undefined> {
    const dueMs = this.#nextDueMs();
    if (dueMs === Number.POSITIVE_INFINITY) return undefined;
    if (this.#isRemembered(cursor, dueMs)) return cursor.wakeAt;
    const delayMs = Math.min(dueMs, limits.wakeDelayMs);
    await this.turn.queueDue(delayMs);
    return this.#deps.clock.now() + delayMs;
  }
}

/** The longest that a message may be held, from when it is about to be sent. */
const longestHeldMs = (limits.ackTimeoutSeconds + limits.deliveryTimeoutSeconds) * 1000;

/** What the digest of a message's offsets adds to its id, beside what `envelopeBytes` counts. */
const idBytes = 16;
