import type { Wake } from '../domain/delivery/wakes.ts';
import type { UndecodableBatchError } from '../domain/errors.ts';
import { recordsLost } from '../domain/events/events.ts';
import { type Cursor, longestRetryMs, retryMsLeft } from '../domain/groups/cursors.ts';
import type { Endpoint, PushGroup, Subscription } from '../domain/groups/groups.ts';
import { limits } from '../domain/limits.ts';
import { Lease, type LeaseAnswer, type Passed } from '../groups/lease.ts';
import type { Release } from '../stores/cursors.ts';
import { newId } from '../surroundings/ids.ts';
import { undecodableBatch } from '../surroundings/telemetry.ts';
import type { Backlog } from './backlog.ts';
import type { Run, RunDeps } from './deps.ts';
import { newOwner } from './owner.ts';
import { Admission, putOff } from './pacing/admission.ts';
import type { NotNow } from './pacing/entry.ts';
import type { Caller } from './pacing/pacing.ts';
import { knownSubjectOf, type Subject } from './subject.ts';

/** What a run needs beside an endpoint's timeout to end well: the query, the writes and the sends after an answer. */
const runMarginMs = 5000;
/** A wake that a run queues for its own successor arrives when the lease is let go. */
export const handOverDelayMs = 1000;
/** The queue delays by whole seconds: a retry that is due sooner than this its run makes itself. */
const queueDelayMs = 1000;
/** For how long a run goes on with such retries: an endpoint that fails keeps a place no longer. */
export const retriesForMs = 5000;
/** The wake that remembers such retries comes this much after the lease of the last one is over. */
const afterRetryMs = 10_000;

/** A retry that a run makes itself. */
export interface Retry {
  readonly wake: Wake;
  readonly delayMs: number;
}

export interface RetryingRun extends Run {
  /** Retries are made as long as this much is left of the run, ms. */
  readonly retryUntilMs: number;
  /** Whether there is a wake on the queue that comes when the run can make no more of them. */
  isRemembered: boolean;
}

/** While the group is not known, what every group's may be at least: the wake is judged again once it is known. */
export const longestRetryOf = (subscription: Subscription<PushGroup> | undefined): number =>
  subscription === undefined ? limits.retryAfterMs : longestRetryMs(subscription.group.delivery.backoff);

/** A retry as a cursor keeps it, and how far off it is, ms. */
export type PlannedRetry = NonNullable<Release['retry']> & { readonly delayMs: number };

/**
 * One run's turn at one partition: its lease, its time, and the wakes that it leaves. What is queued is queued before the lease is let go, so
 * that no crash leaves work that nobody remembers.
 */
export class Turn {
  readonly #deps: RunDeps;
  readonly #wake: Wake;
  readonly #run: RetryingRun;
  readonly #owner: string;
  readonly #caller: Caller;
  /** One for each request that is under way at a time. */
  readonly #admissions = new Map<number, Admission>();
  /** What the wake is about. */
  readonly subject: Subject;
  #subscription: Subscription<PushGroup>;
  /** By the monotonic clock: a lease that was asked for or taken may be held until then. */
  #mayHoldUntil = 0;
  /** What the run had left when its first request was sent. */
  #leftAtFirstCallMs: number | undefined;
  #retry: Retry | undefined;
  #hasHeld = false;

  constructor(deps: RunDeps, wake: Wake, run: RetryingRun, subscription: Subscription<PushGroup>) {
    this.#deps = deps;
    this.#wake = wake;
    this.#run = run;
    this.#owner = newOwner(run.messageIds, deps.random);
    this.subject = knownSubjectOf(wake, subscription.group);
    const lane = wake.redriveId === undefined ? '' : `/${wake.redriveId}`;
    const who = `${wake.groupId}/${wake.partition}${lane}`;
    this.#caller = { who, hasWaited: wake.kind === 'retry' || wake.kind === 'due' };
    this.#subscription = subscription;
  }

  /** The group and its endpoints, as they were when it was last looked. */
  get subscription(): Subscription<PushGroup> {
    return this.#subscription;
  }

  /** How long a lease of this run may still be held, ms. One that was asked for without an answer may be. */
  leaseMs(): number {
    return Math.max(0, this.#mayHoldUntil - this.#deps.clock.monotonic());
  }

  /** Whether it was given a lease. */
  get hasHeld(): boolean {
    return this.#hasHeld;
  }

  /** What its last attempt came to, where the run is to make the retry itself. */
  get retry(): Retry | undefined {
    return this.#retry;
  }

  /** The group as its messages are made of it. */
  get view(): PushGroup {
    return this.subject.view(this.#subscription.group);
  }

  /** Where the group begins in a partition that it has no cursor in. */
  get startOffset(): number {
    return this.subject.start;
  }

  get timeoutMs(): number {
    return this.#subscription.group.delivery.timeoutSeconds * 1000;
  }

  /** @param pendingEnd of the message that is about to be sent; kept where the cursor has none. */
  async acquire(read: Cursor | undefined, pendingEnd?: number): Promise<LeaseAnswer> {
    this.assertRunning();
    this.#askForLease();
    const answer = await Lease.acquire(this.#deps, this.subject.ref, {
      read,
      startOffset: this.startOffset,
      owner: this.#owner,
      durationMs: this.leaseDurationMs,
      pendingEnd,
      longestRetryMs: longestRetryOf(this.#subscription),
      beforeRetry: this.#wake.kind === 'resume',
    });
    if (answer.kind === 'given') this.#hasHeld = true;
    else this.#mayHoldUntil = 0;
    return answer;
  }

  async commit(lease: Lease, committed: number, pendingEnd: number, passed?: Passed): Promise<boolean> {
    await this.tellLoss(lease, committed, passed);
    this.#askForLease();
    return lease.commit(committed, pendingEnd, passed);
  }

  /** Gives the cursor as it was let go; undefined where another had taken it. */
  async commitAndRelease(lease: Lease, committed: number, passed?: Passed): Promise<Cursor | undefined> {
    await this.tellLoss(lease, committed, passed);
    const done = await lease.commitAndRelease(committed, passed);
    this.#mayHoldUntil = 0;
    return done ? lease.cursor : undefined;
  }

  /** Before it is counted: of a run that dies in between, the next one finds the same loss. */
  async tellLoss({ cursor }: Lease, to: number, { lost: records = 0 }: Passed = {}): Promise<void> {
    if (records === 0) return;
    const loss = { partition: this.#wake.partition, from: cursor.committed, to, records };
    const group = { ...this.#subscription.group, topic: this.subject.topic };
    await this.#deps.systemEvents.tell(recordsLost(group, loss, this.#deps.clock.now()));
    this.assertRunning();
  }

  /** Tells of what the group's filter left out below an offset, once. */
  tellLeftOut(backlog: Pick<Backlog, 'countLeftOut'>, below: number): void {
    const records = backlog.countLeftOut(below);
    if (records === 0) return;
    const { topic, name: group } = this.#subscription.group;
    this.#deps.telemetry.record({ kind: 'filtered', topic, group, partition: this.#wake.partition, records });
  }

  /** Tells of a batch that stands in the way. */
  tellUndecodable(error: UndecodableBatchError): void {
    const { group, requestId } = this.#wake;
    const { topic } = this.subject;
    const { topicId } = this.subject.at;
    const reader = { topicId, group, topic, ...(requestId !== undefined && { requestId }) };
    this.#deps.telemetry.record(undecodableBatch(error, reader));
  }

  async release(lease: Lease, retry?: Release['retry']): Promise<void> {
    await lease.release(retry);
    this.#mayHoldUntil = 0;
  }

  /** A write that keeps the lease for as long again. */
  #askForLease(): void {
    this.#mayHoldUntil = this.#deps.clock.monotonic() + this.leaseDurationMs;
  }

  get leaseDurationMs(): number {
    return this.timeoutMs + limits.leaseMarginMs;
  }

  /** A request is about to be sent: from the first one on the run is at work. */
  noteCall(): void {
    this.#leftAtFirstCallMs ??= this.#run.remainingMs();
  }

  /** Whether there is time for another request, and it is not another partition's turn. */
  mayGoOn(): boolean {
    const leftMs = this.#run.remainingMs();
    const workedMs = (this.#leftAtFirstCallMs ?? leftMs) - leftMs;
    return workedMs < limits.deliverTurnMs && leftMs >= this.timeoutMs + runMarginMs;
  }

  /**
   * A run that outlived its end (its process was frozen) takes and renews no lease: that would outlast the time for
   * which the queue keeps the run's wake from others.
   */
  assertRunning(): void {
    if (this.#run.remainingMs() <= 0) throw new Error('The run was over before it could go on.');
  }

  /** Whether a request may be sent: it would end within the run and the lease, and the group still wants it. */
  async mayCall(lease: Lease): Promise<boolean> {
    const subscription = await this.#deps.memory.subscriptions.of(this.#wake);
    if (subscription === undefined) return false;
    this.#subscription = subscription;
    return this.mayGoOn() && lease.remainingMs() >= this.timeoutMs;
  }

  /** Waits until the endpoint may be called, and for no other partition. False: it is put off or handed over, and settled. */
  async isAdmitted(lease: Lease, endpoint: Endpoint, pendingEnd: number): Promise<boolean> {
    const notNow = await this.admit(lease, endpoint, 0);
    if (notNow === undefined && lease.remainingMs() >= this.timeoutMs) return true;
    if (notNow === undefined) await this.handOver(lease);
    else await this.releaseForRetry(lease, this.putOff(lease, pendingEnd, notNow));
    return false;
  }

  /** The retry of a message that it is not the time for; it is let go with that. */
  putOff({ cursor }: Lease, pendingEnd: number, notNow: NotNow): PlannedRetry {
    const who = { group: this.#subscription.group, wake: this.#wake };
    return putOff(this.#deps, who, cursor, pendingEnd, notNow);
  }

  /** As `isAdmitted`, for one of several requests that are under way at a time. Undefined: send it now. */
  admit(lease: Lease, endpoint: Endpoint, slot: number): Promise<NotNow | undefined> {
    const called = { groupId: this.#wake.groupId, endpoint, timeoutMs: this.timeoutMs };
    const caller = { who: `${this.#caller.who}/${slot}`, hasWaited: this.#caller.hasWaited };
    const admission = this.#admissions.get(slot) ?? new Admission(this.#deps.pacing, caller);
    this.#admissions.set(slot, admission);
    return admission.turn(called, lease.remainingMs() - this.timeoutMs);
  }

  /** Gives back what it holds at the endpoint. Never throws. */
  async leave(): Promise<void> {
    await Promise.all([...this.#admissions.values()].map((each) => each.leave()));
  }

  /** Lets the lease go with a retry that is due later: by the queue, or by this run where that is sooner than the queue can say. */
  releaseForRetry(lease: Lease, { delayMs, ...retry }: PlannedRetry): Promise<void> {
    return this.letGoForRetry(lease, delayMs, () => this.release(lease, retry));
  }

  /** As `releaseForRetry`, where `letGo` is the write by which the lease is let go. */
  async letGoForRetry(
    lease: Lease,
    delayMs: number,
    letGo: () => Promise<unknown>,
    kind: 'retry' | 'due' = 'retry',
  ): Promise<void> {
    const wake = { ...this.#successor(kind), epoch: lease.cursor.epoch };
    const isOwn = delayMs < queueDelayMs && this.mayRetry;
    // First, so that no crash leaves a retry that is due later with nobody to remember it.
    if (isOwn) await this.#remember(wake);
    else await this.#deps.queue.send([{ wake, delayMs }]);
    await letGo();
    if (isOwn) this.#retry = { wake, delayMs };
  }

  /** Whether the run makes retries that are due sooner than the queue can say. */
  get mayRetry(): boolean {
    return this.#run.remainingMs() >= this.#run.retryUntilMs;
  }

  /** Queues the wake that comes when a message may be sent again, in a partition that goes on meanwhile. */
  queueDue(delayMs: number): Promise<void> {
    const wake = this.#successor('due');
    return this.#deps.queue.send([{ wake, delayMs: Math.min(delayMs, limits.wakeDelayMs) }]);
  }

  /** Puts in the place of the cursor what `change` makes of it, and keeps the lease or lets it go: `Lease.replace`. */
  async replace(
    lease: Lease,
    change: (cursor: Cursor) => Cursor,
    kept: boolean,
  ): ReturnType<Lease['replace']> {
    if (kept) this.#askForLease();
    const outcome = await lease.replace(change, kept, newId(this.#deps.random));
    if (!kept && outcome !== 'changed') this.#mayHoldUntil = 0;
    return outcome;
  }

  /** One wake for all retries that the run makes itself: of whichever it dies, it comes when that one's lease is over. */
  async #remember(wake: Wake): Promise<void> {
    if (this.#run.isRemembered) return;
    const delayMs = retriesForMs + this.leaseDurationMs + afterRetryMs;
    await this.#deps.queue.send([{ wake, delayMs }]);
    this.#run.isRemembered = true;
  }

  /** Lets the lease go with work left: queues a wake for who goes on, and only then releases. */
  async handOver(
    lease: Lease,
    letGo: () => Promise<unknown> = () => this.release(lease),
    kind: 'continue' | 'due' = 'continue',
  ): Promise<undefined> {
    await this.queueSuccessor(lease.cursor, kind);
    await letGo();
  }

  async queueSuccessor(cursor: Cursor | undefined, given: 'continue' | 'due' = 'continue'): Promise<void> {
    const waits =
      cursor !== undefined &&
      retryMsLeft(cursor, this.#deps.clock.now(), longestRetryOf(this.#subscription)) > 0;
    // One that is counted on stays what it is.
    const kind = this.#wake.kind === 'due' ? 'due' : given;
    const wake = this.#successor(waits ? 'resume' : kind);
    const epoch = cursor === undefined ? {} : { epoch: cursor.epoch };
    await this.#deps.queue.send([{ wake: { ...wake, ...epoch }, delayMs: handOverDelayMs }]);
  }

  #successor(kind: Wake['kind']): Wake {
    const { epoch: _over, ...wake } = this.#wake;
    return { ...wake, kind };
  }
}
