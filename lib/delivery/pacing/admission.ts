import { isDeepStrictEqual } from 'node:util';
import type { Wake } from '../../domain/delivery/wakes.ts';
import type { Cursor } from '../../domain/groups/cursors.ts';
import type { PushGroup } from '../../domain/groups/groups.ts';
import type { Release } from '../../stores/cursors.ts';
import type { DeliverDeps } from '../deps.ts';
import type { Entry, NotNow } from './entry.ts';
import type { Called, Caller, Pacing } from './pacing.ts';

/** The admission of one run in one partition to the endpoint that it calls; when that is another, to that one. */
export class Admission {
  readonly #pacing: Pick<Pacing, 'enter'>;
  readonly #caller: Caller;
  #entered: { readonly called: Called; readonly entry: Entry } | undefined;

  constructor(pacing: Pick<Pacing, 'enter'>, caller: Caller) {
    this.#pacing = pacing;
    this.#caller = caller;
  }

  /**
   * Waits until a request may be sent, no longer than `withinMs` and some seconds. Undefined: send it now, and ask again before the
   * next. Otherwise nothing is held.
   */
  async turn({ groupId, endpoint, timeoutMs }: Called, withinMs: number): Promise<NotNow | undefined> {
    const { endpointId, maxConcurrentRequests, requestsPerSecond } = endpoint;
    const called = {
      groupId,
      timeoutMs,
      endpoint: {
        endpointId,
        ...(maxConcurrentRequests !== undefined && { maxConcurrentRequests }),
        ...(requestsPerSecond !== undefined && { requestsPerSecond }),
      },
    };
    if (!isDeepStrictEqual(this.#entered?.called, called)) await this.leave();
    let entry = this.#entered?.entry;
    if (entry === undefined) {
      const answer = await this.#pacing.enter(called, this.#caller);
      if (answer.kind === 'later') return answer;
      entry = answer;
      this.#entered = { called, entry };
    }
    const turn = await entry.turn(withinMs);
    if (turn.kind === 'go') return undefined;
    await this.leave();
    return turn;
  }

  /** Gives back what is held. May be repeated, and never throws. */
  async leave(): Promise<void> {
    const entered = this.#entered;
    this.#entered = undefined;
    await entered?.entry.leave();
  }
}

const reasons: Readonly<Record<NotNow['for'], string>> = {
  slot: 'It waits until fewer requests are under way to the endpoint, which has as many as it allows (maxConcurrentRequests).',
  place: 'It waits for its time: the endpoint is called as often as it allows (requestsPerSecond).',
};

/** Who is put off. */
export interface PutOff {
  readonly group: Pick<PushGroup, 'topic' | 'name'>;
  readonly wake: Pick<Wake, 'partition'>;
}

/** How a message is put off that it is not the time for, of which telemetry is told. It is no attempt: what is known of it stays. */
export const putOff = (
  { clock, telemetry }: Pick<DeliverDeps, 'clock' | 'telemetry'>,
  { group: { topic, name: group }, wake: { partition } }: PutOff,
  { attempts, failingSince, failedAt, outageMs, ...cursor }: Cursor,
  pendingEnd: number,
  { retryInMs, for: waitsFor }: NotNow,
): NonNullable<Release['retry']> & { readonly delayMs: number } => {
  const { refusals, refusedSince, suspectEnd, stuck, lastFailure } = cursor;
  telemetry.record({ kind: 'put-off', topic, group, partition, for: waitsFor, delayMs: retryInMs });
  const hasFailed = attempts > 0 || refusals !== undefined;
  return {
    attempts,
    delayMs: retryInMs,
    retryAt: clock.now() + retryInMs,
    pendingEnd,
    lastFailure: hasFailed && lastFailure !== undefined ? lastFailure : reasons[waitsFor],
    ...(failingSince !== undefined &&
      failedAt !== undefined &&
      outageMs !== undefined && { outage: { failingSince, failedAt, outageMs } }),
    ...(refusals !== undefined && { refusals }),
    ...(refusedSince !== undefined && { refusedSince }),
    ...(suspectEnd !== undefined && { suspectEnd }),
    ...(stuck !== undefined && { stuck }),
  };
};
