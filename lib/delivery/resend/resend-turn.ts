import { requestBytesOf } from '../../domain/delivery/request-size.ts';
import { backoffMs } from '../../domain/delivery/retry.ts';
import type { Wake } from '../../domain/delivery/wakes.ts';
import { type Cursor, type CursorRef, longestRetryMs, newCursor } from '../../domain/groups/cursors.ts';
import type { Endpoint, PushGroup } from '../../domain/groups/groups.ts';
import { resendAttempts } from '../../domain/groups/resends.ts';
import { limits } from '../../domain/limits.ts';
import { Lease, type Passed } from '../../groups/lease.ts';
import { Backlog } from '../backlog.ts';
import type { Run, RunDeps } from '../deps.ts';
import { sieveFor } from '../filtering/sieve.ts';
import { wantedBy } from '../formats/formats.ts';
import { composeMessage, envelopeBytes, type Message } from '../message.ts';
import { newOwner } from '../owner.ts';
import { Admission, putOff } from '../pacing/admission.ts';
import type { Pending } from '../pending.ts';
import { attempt } from '../requests/attempt.ts';
import type { Outcome } from '../requests/outcome.ts';

/** What a resend is about in one partition, as it stands. */
export interface Resending {
  readonly group: PushGroup;
  readonly endpoint: Endpoint;
  /** Offsets; `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

/** What a run needs beside an endpoint's timeout to end well. */
const runMarginMs = 5000;
/** A wake for whoever goes on arrives when the lease is let go. */
const handOverDelayMs = 1000;

/** What is next of the range, past what was lost in front of it. */
interface Planned {
  /** Absent where nothing is left to be sent. */
  readonly message?: Message;
  /** Where the cursor is to stand before it: all below is done with. */
  readonly start: number;
  readonly end: number;
  readonly lost: number;
  /** Why the message cannot be sent. */
  readonly fault?: string;
}

/** One run's turn at what is sent again in one partition. */
export class ResendTurn {
  readonly #deps: RunDeps;
  readonly #wake: Wake;
  readonly #run: Run;
  readonly #ref: CursorRef;
  readonly #resending: Resending;
  readonly #backlog: Backlog;
  readonly #admission: Admission;
  readonly #leftInTheBeginningMs: number;
  /** By the monotonic clock: a lease that was asked for or taken may be held until then. */
  #mayHoldUntil = 0;

  constructor(
    deps: RunDeps,
    wake: Wake,
    run: Run,
    { ref, resending }: { readonly ref: CursorRef; readonly resending: Resending },
  ) {
    const { group, endpoint } = resending;
    this.#deps = deps;
    this.#wake = wake;
    this.#run = run;
    this.#ref = ref;
    this.#resending = resending;
    this.#leftInTheBeginningMs = run.remainingMs();
    const most = requestBytesOf(endpoint) - envelopeBytes(group, wake.partition);
    this.#backlog = new Backlog(deps.runs, wake, most, () => sieveFor(deps, group, wake.partition));
    const who = `${ref.groupId}/${ref.partition}/${ref.lane}`;
    this.#admission = new Admission(deps.pacing, { who, hasWaited: wake.kind === 'retry' });
  }

  /** How long a lease of this run may still be held, ms. One that was asked for without an answer may be. */
  leaseMs(): number {
    return Math.max(0, this.#mayHoldUntil - this.#deps.clock.monotonic());
  }

  /** Gives back what it holds at the endpoint. Never throws. */
  leave(): Promise<void> {
    return this.#admission.leave();
  }

  /** Sends what is left, as long as there is time. False: the cursor is not as it was read any more, and nothing is held. */
  async begin(read: Cursor | undefined): Promise<boolean> {
    const { group, from } = this.#resending;
    const planned = await this.#next(read ?? newCursor(from));
    this.#askForLease();
    const answer = await Lease.acquire(this.#deps, this.#ref, {
      read,
      startOffset: from,
      owner: newOwner(this.#run.messageIds, this.#deps.random),
      durationMs: this.#leaseDurationMs,
      pendingEnd: planned.end,
      longestRetryMs: longestRetryMs(group.delivery.backoff),
      beforeRetry: false,
    });
    if (answer.kind === 'given') await this.#sendAll(answer.lease, planned);
    else this.#mayHoldUntil = 0;
    return answer.kind === 'given';
  }

  async #sendAll(lease: Lease, first: Planned): Promise<void> {
    for (let [planned, passed] = [first, {} as Passed]; ; ) {
      const lost = (passed.lost ?? 0) + planned.lost;
      const { committed, pendingEnd } = lease.cursor;
      if (planned.message === undefined) return this.#end(lease, { ...passed, lost });
      const isThere = committed === planned.start && pendingEnd === planned.end;
      if (!isThere && !(await this.#commit(lease, planned, { ...passed, lost }))) return;
      const done = await this.#call(lease, planned, planned.message);
      if (done === undefined) return;
      passed = done.passed;
      planned = await this.#next({ committed: done.through });
      if (this.#run.remainingMs() <= 0) throw new Error('The run was over before it could go on.');
    }
  }

  /** One attempt. Gives how far the message is done with; undefined when the lease was let go. */
  async #call(lease: Lease, planned: Planned, message: Message) {
    const { group, endpoint } = this.#resending;
    if (!this.#mayGoOn() || lease.remainingMs() < this.#timeoutMs) return this.#handOver(lease);
    if (group.pausedSince !== undefined || endpoint.status !== 'enabled')
      return this.#failed(lease, message, 'The group is paused, or the endpoint disabled.', 0);
    const called = { groupId: group.groupId, endpoint, timeoutMs: this.#timeoutMs };
    const notNow = await this.#admission.turn(called, lease.remainingMs() - this.#timeoutMs);
    if (notNow !== undefined) {
      const { delayMs, ...retry } = putOff(
        this.#deps,
        { group, wake: this.#wake },
        lease.cursor,
        message.end,
        notNow,
      );
      return this.#releaseFor(lease, retry, delayMs);
    }
    if (lease.remainingMs() < this.#timeoutMs) return this.#handOver(lease);
    const target = { group, endpoint, wake: this.#wake, attempt: lease.cursor.attempts + 1 };
    const outcome: Outcome =
      planned.fault === undefined
        ? await attempt(this.#deps, target, message)
        : { kind: 'refusal', reason: planned.fault };
    if (outcome.kind === 'outage')
      return this.#failed(lease, message, outcome.reason, outcome.retryAfterMs ?? 0);
    if (outcome.kind === 'refusal' && outcome.gone === true)
      return this.#giveUp(lease, message, outcome.reason);
    return outcome.kind === 'acknowledged'
      ? { through: outcome.through, passed: {} }
      : { through: message.end, passed: { deadLettered: outcome.failed?.length ?? message.records } };
  }

  /** Has it tried again later, unless that was often enough. */
  async #failed(lease: Lease, message: Message, reason: string, retryAfterMs: number): Promise<undefined> {
    const attempts = lease.cursor.attempts + 1;
    if (attempts >= resendAttempts) return this.#giveUp(lease, message, reason);
    const { backoff } = this.#resending.group.delivery;
    const delayMs = Math.max(1000, retryAfterMs, backoffMs(attempts, backoff, this.#deps.random.number()));
    const retryAt = this.#deps.clock.now() + delayMs;
    return this.#releaseFor(
      lease,
      { attempts, retryAt, pendingEnd: message.end, lastFailure: reason },
      delayMs,
    );
  }

  async #giveUp(lease: Lease, { end: pendingEnd }: Message, lastFailure: string): Promise<undefined> {
    await lease.release({ attempts: resendAttempts, retryAt: 0, pendingEnd, lastFailure });
    this.#mayHoldUntil = 0;
  }

  /** First the wake, so that no crash leaves a retry with nobody to remember it. */
  async #releaseFor(
    lease: Lease,
    retry: NonNullable<Parameters<Lease['release']>[0]>,
    delayMs: number,
  ): Promise<undefined> {
    const wake: Wake = { ...this.#wake, kind: 'retry', epoch: lease.cursor.epoch };
    await this.#deps.queue.send([{ wake, delayMs: Math.min(delayMs, limits.wakeDelayMs) }]);
    await lease.release(retry);
    this.#mayHoldUntil = 0;
  }

  async #handOver(lease: Lease): Promise<undefined> {
    const wake: Wake = { ...this.#wake, kind: 'continue', epoch: lease.cursor.epoch };
    await this.#deps.queue.send([{ wake, delayMs: handOverDelayMs }]);
    await lease.release();
    this.#mayHoldUntil = 0;
  }

  async #end(lease: Lease, passed: Passed): Promise<void> {
    await lease.commitAndRelease(this.#resending.to, passed);
    this.#mayHoldUntil = 0;
  }

  #commit(lease: Lease, { start, end }: Planned, passed: Passed): Promise<boolean> {
    this.#askForLease();
    return lease.commit(start, end, passed);
  }

  /** The next message of the range: the one that was in flight, or what there is. */
  async #next({ committed, pendingEnd }: Pick<Cursor, 'committed' | 'pendingEnd'>): Promise<Planned> {
    const { group, to } = this.#resending;
    let lost = 0;
    for (let from = committed; from < to; ) {
      const end = pendingEnd !== undefined && pendingEnd > from ? Math.min(pendingEnd, to) : undefined;
      const found = await this.#backlog.next(wantedBy(group, { from, end }));
      lost += found.lost;
      const records = found.records.filter(({ offset }) => offset < to);
      if (isAny(records)) return this.#planned(records, lost);
      // What a filter leaves out is passed over; behind the range, and where nothing is, there is no more.
      if (found.leftOutBelow === undefined || found.records.length > 0) break;
      from = Math.max(from + 1, found.leftOutBelow);
    }
    return { start: to, end: to, lost: Math.min(lost, to - committed) };
  }

  #planned(records: readonly [Pending, ...Pending[]], lost: number): Planned {
    const message = composeMessage(this.#resending.group, this.#wake.partition, records);
    const { fault } = records[0];
    const { start, end } = message;
    return { message, start, end, lost, ...(fault !== undefined && { fault: fault.reason }) };
  }

  #mayGoOn(): boolean {
    const leftMs = this.#run.remainingMs();
    const workedMs = this.#leftInTheBeginningMs - leftMs;
    return workedMs < limits.deliverTurnMs && leftMs >= this.#timeoutMs + runMarginMs;
  }

  #askForLease(): void {
    this.#mayHoldUntil = this.#deps.clock.monotonic() + this.#leaseDurationMs;
  }

  get #timeoutMs(): number {
    return this.#resending.group.delivery.timeoutSeconds * 1000;
  }

  get #leaseDurationMs(): number {
    return this.#timeoutMs + limits.leaseMarginMs;
  }
}

const isAny = (records: readonly Pending[]): records is readonly [Pending, ...Pending[]] =>
  records.length > 0;
