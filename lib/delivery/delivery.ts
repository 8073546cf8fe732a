import type { Wake } from '../domain/delivery/wakes.ts';
import { UndecodableBatchError } from '../domain/errors.ts';
import { type Cursor, longestRetryMs, retryMsLeft } from '../domain/groups/cursors.ts';
import {
  type Endpoint,
  enabledEndpoint,
  type PushGroup,
  type Subscription,
} from '../domain/groups/groups.ts';
import { limits } from '../domain/limits.ts';
import { Lease, type LeaseAnswer } from '../groups/lease.ts';
import type { Release } from '../stores/cursors.ts';
import { undecodableBatch } from '../surroundings/telemetry.ts';
import { attempt } from './attempt.ts';
import { Backlog, type Found, type Wanted } from './backlog.ts';
import type { Run, RunDeps } from './deps.ts';
import { settleFailure } from './failure.ts';
import { composeMessage, envelopeBytes, type Message, type Pending } from './message.ts';
import { newOwner } from './owner.ts';

/** What a run needs beside an endpoint's timeout to end well: the query, the writes and the sends after an answer. */
const runMarginMs = 5000;
/** A wake that a run queues for its own successor arrives when the lease is let go. */
const handOverDelayMs = 1000;
/** The queue delays by whole seconds: a retry that is due sooner than this its run makes itself. */
const queueDelayMs = 1000;
/** For how long a run goes on with such retries: an endpoint that fails keeps a place no longer. */
export const retriesForMs = 5000;
/** A retry that is further off than this must not be one that a change of the endpoint was to lift. */
const longRetryMs = 5000;
/** The wake that remembers such retries comes this much after the lease of the last one is over. */
const afterRetryMs = 10_000;

/** A message as it was read: past what was lost in front of it. */
interface Planned extends Message {
  readonly lost: number;
}

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

/** The deliveries of one run in one partition. */
export class Delivery {
  readonly #deps: RunDeps;
  readonly #wake: Wake;
  readonly #run: RetryingRun;
  readonly #owner: string;
  readonly #backlog: Backlog;
  #subscription: Subscription<PushGroup>;
  /** By the monotonic clock: a lease that was asked for or taken may be held until then. */
  #mayHoldUntil = 0;
  /** What the run had left when its first request was sent. */
  #leftAtFirstCallMs: number | undefined;
  #retry: Retry | undefined;
  #hasHeld = false;
  /** Whether something came while the endpoint was called, so that more is likely to come with each call. */
  #isBusy = false;

  constructor(deps: RunDeps, wake: Wake, run: RetryingRun, subscription: Subscription<PushGroup>) {
    this.#deps = deps;
    this.#wake = wake;
    this.#run = run;
    this.#owner = newOwner(run.messageIds, deps.random);
    const envelope = envelopeBytes(subscription.group, wake.partition);
    this.#backlog = new Backlog(deps.runs, wake, limits.deliveryBytes - envelope);
    this.#subscription = subscription;
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

  /**
   * Leaves to a new wake what there is to do. Another run may have ended this one's message meanwhile, as a copy of it:
   * then nothing would come back if this one took a lease and died.
   */
  async leave(cursor: Cursor | undefined): Promise<void> {
    const from = cursor?.committed ?? this.#startOffset();
    if ((await this.#next(from, cursor?.pendingEnd)) !== undefined) await this.#queueSuccessor(cursor);
  }

  /**
   * Undefined when it is settled. Else a lease was refused: nothing is held then, and the wake must be judged again.
   * @param cursor as it was read, or seen before it was: all that follows from it is asking for a lease on it, and that
   * there is nothing to do where nothing is past it.
   */
  async begin(cursor: Cursor | undefined): Promise<Exclude<LeaseAnswer, { kind: 'given' }> | undefined> {
    const from = cursor?.committed ?? this.#startOffset();
    let message = await this.#next(from, cursor?.pendingEnd);
    let read = cursor;
    while (message !== undefined) {
      if (!this.#mayGoOn()) {
        await this.#queueSuccessor(read);
        return undefined;
      }
      const answer = await this.#acquire(read, from, message);
      if (answer.kind !== 'given') return answer;
      const tail = await this.#deliverAll(answer.lease, message);
      if (tail === undefined) return undefined;
      // The look at the tail after the lease was let go: what was appended meanwhile may have found it live.
      message = await this.#next(tail.committed);
      this.#isBusy = message !== undefined;
      read = tail;
    }
    if (read !== undefined) this.#deps.memory.cursors.keep(this.#wake, read);
    return undefined;
  }

  /** Delivers until nothing is left, and gives the cursor as it was let go; undefined when another answers for the rest. */
  async #deliverAll(lease: Lease, planned: Planned): Promise<Cursor | undefined> {
    const { committed, pendingEnd } = lease.cursor;
    // Otherwise records were trimmed or compacted away, or the message was longer than one may be now.
    const isPlanned = committed === planned.start && pendingEnd === planned.end;
    if (!isPlanned && !(await this.#commit(lease, planned))) return undefined;
    for (let message = planned; ; ) {
      if (!(await this.#mayCall(lease))) return this.#handOver(lease);
      const through = await this.#call(lease, message);
      if (through === undefined) return undefined;
      // Where nothing is known to follow, the look at the tail after the release is the only one.
      const looks = this.#isBusy || this.#backlog.mayHave(through);
      const next = looks ? await this.#following(lease, through) : undefined;
      this.#assertRunning();
      if (next === undefined) return this.#commitAndRelease(lease, through);
      if (!(await this.#commit(lease, next))) return undefined;
      message = next;
    }
  }

  /** One attempt. Gives the offset through which it was acknowledged; undefined when it failed and that is settled. */
  async #call(lease: Lease, message: Message): Promise<number | undefined> {
    const endpoint = enabledEndpoint(this.#subscription);
    if (endpoint === undefined) return this.#handOver(lease);
    const { group } = this.#subscription;
    const target = { group, endpoint, wake: this.#wake, attempt: lease.cursor.attempts + 1 };
    this.#leftAtFirstCallMs ??= this.#run.remainingMs();
    const outcome = await attempt(this.#deps, target, message);
    if (outcome.kind === 'acknowledged') return outcome.through;
    const cursor = this.#wake.kind === 'resume' ? { ...lease.cursor, attempts: 0 } : lease.cursor;
    const failure = await settleFailure(this.#deps, target, cursor, outcome);
    // It may be no more what was called: a retry, by whomever, goes by what it is then.
    this.#deps.memory.subscriptions.forget(this.#wake);
    if (failure.kind === 'stopped') return this.#handOver(lease);
    const { delayMs, ...retry } = failure.retry;
    const again = { ...this.#successor('retry'), epoch: cursor.epoch };
    if (delayMs > longRetryMs && (await this.#isChanged(endpoint))) return this.#handOver(lease);
    const isOwn = delayMs < queueDelayMs && this.#run.remainingMs() >= this.#run.retryUntilMs;
    // First, so that no crash leaves a retry that is due later with nobody to remember it.
    if (isOwn) await this.#remember(again);
    else await this.#deps.queue.send([{ wake: again, delayMs }]);
    await this.#release(lease, { ...retry, pendingEnd: message.end });
    if (isOwn) this.#retry = { wake: again, delayMs };
    return undefined;
  }

  /** One wake for all retries that the run makes itself: of whichever it dies, it comes when that one's lease is over. */
  async #remember(wake: Wake): Promise<void> {
    if (this.#run.isRemembered) return;
    const delayMs = retriesForMs + this.#leaseDurationMs() + afterRetryMs;
    await this.#deps.queue.send([{ wake, delayMs }]);
    this.#run.isRemembered = true;
  }

  /**
   * Whether the endpoint is no more what was called. The wake that its change sent may have found this run's lease, and be
   * gone by now: a long pause that the former one asked for would stand in the way of the new one.
   */
  async #isChanged({ endpointId, version }: Endpoint): Promise<boolean> {
    const subscription = await this.#deps.memory.subscriptions.ofNow(this.#wake);
    const now = subscription && enabledEndpoint(subscription);
    return now?.endpointId !== endpointId || now.version !== version;
  }

  async #next(from: number, end?: number): Promise<Planned | undefined> {
    const { group } = this.#subscription;
    const maxRecords = group.delivery.batchSize;
    const wanted = { from, maxRecords, ...(end !== undefined && end > from && { end }) };
    const { records, lost } = await this.#read(wanted);
    return isAny(records) ? { ...composeMessage(group, this.#wake.partition, records), lost } : undefined;
  }

  async #read(wanted: Wanted): Promise<Found> {
    try {
      return await this.#backlog.next(wanted);
    } catch (error) {
      const { topicId, group, requestId } = this.#wake;
      const reader = {
        topicId,
        group,
        topic: this.#subscription.group.topic,
        ...(requestId !== undefined && { requestId }),
      };
      if (error instanceof UndecodableBatchError)
        this.#deps.telemetry.record(undecodableBatch(error, reader));
      throw error;
    }
  }

  /** What follows what was acknowledged. Where it cannot be decoded, the lease ends with what was: it is not sent again. */
  async #following(lease: Lease, through: number): Promise<Planned | undefined> {
    try {
      return await this.#next(through);
    } catch (error) {
      if (error instanceof UndecodableBatchError) await this.#commitAndRelease(lease, through);
      throw error;
    }
  }

  async #acquire(read: Cursor | undefined, startOffset: number, message: Message): Promise<LeaseAnswer> {
    const { groupId, partition } = this.#wake;
    this.#assertRunning();
    this.#askForLease();
    const answer = await Lease.acquire(
      this.#deps,
      { groupId, partition },
      {
        read,
        startOffset,
        owner: this.#owner,
        durationMs: this.#leaseDurationMs(),
        pendingEnd: message.end,
        longestRetryMs: longestRetryOf(this.#subscription),
        beforeRetry: this.#wake.kind === 'resume',
      },
    );
    if (answer.kind === 'given') this.#hasHeld = true;
    else this.#mayHoldUntil = 0;
    return answer;
  }

  #commit(lease: Lease, { start, end, lost }: Planned): Promise<boolean> {
    this.#askForLease();
    return lease.commit(start, end, lost);
  }

  async #commitAndRelease(lease: Lease, through: number): Promise<Cursor | undefined> {
    const done = await lease.commitAndRelease(this.#backlog.pastHoles(through));
    this.#mayHoldUntil = 0;
    return done ? lease.cursor : undefined;
  }

  async #release(lease: Lease, retry?: Release['retry']): Promise<void> {
    await lease.release(retry);
    this.#mayHoldUntil = 0;
  }

  #askForLease(): void {
    this.#mayHoldUntil = this.#deps.clock.monotonic() + this.#leaseDurationMs();
  }

  #leaseDurationMs(): number {
    return this.#timeoutMs() + limits.leaseMarginMs;
  }

  /** Where the group begins in a partition that it has no cursor in. */
  #startOffset(): number {
    return this.#subscription.group.startOffsets[this.#wake.partition] ?? 0;
  }

  #timeoutMs(): number {
    return this.#subscription.group.delivery.timeoutSeconds * 1000;
  }

  /** Whether there is time for another request, and it is not another partition's turn. */
  #mayGoOn(): boolean {
    const leftMs = this.#run.remainingMs();
    const workedMs = (this.#leftAtFirstCallMs ?? leftMs) - leftMs;
    return workedMs < limits.deliverTurnMs && leftMs >= this.#timeoutMs() + runMarginMs;
  }

  /**
   * A run that outlived its end (its process was frozen) takes and renews no lease: that would outlast the time for
   * which the queue keeps the run's wake from others.
   */
  #assertRunning(): void {
    if (this.#run.remainingMs() <= 0) throw new Error('The run was over before it could go on.');
  }

  /** Whether a request may be sent: it would end within the run and the lease, and the group still wants it. */
  async #mayCall(lease: Lease): Promise<boolean> {
    const subscription = await this.#deps.memory.subscriptions.of(this.#wake);
    if (subscription === undefined) return false;
    this.#subscription = subscription;
    return this.#mayGoOn() && lease.remainingMs() >= this.#timeoutMs();
  }

  /** Lets the lease go with work left: queues a wake for who goes on, and only then releases. */
  async #handOver(lease: Lease): Promise<undefined> {
    await this.#queueSuccessor(lease.cursor);
    await this.#release(lease);
  }

  async #queueSuccessor(cursor: Cursor | undefined): Promise<void> {
    const waits =
      cursor !== undefined &&
      retryMsLeft(cursor, this.#deps.clock.now(), longestRetryOf(this.#subscription)) > 0;
    const wake = this.#successor(waits ? 'resume' : 'continue');
    const epoch = cursor === undefined ? {} : { epoch: cursor.epoch };
    await this.#deps.queue.send([{ wake: { ...wake, ...epoch }, delayMs: handOverDelayMs }]);
  }

  #successor(kind: Wake['kind']): Wake {
    const { epoch: _over, ...wake } = this.#wake;
    return { ...wake, kind };
  }
}

const isAny = (records: readonly Pending[]): records is readonly [Pending, ...Pending[]] =>
  records.length > 0;
