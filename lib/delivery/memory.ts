import type { Wake } from '../domain/delivery/wakes.ts';
import { dropOldest } from '../domain/drop-oldest.ts';
import type { Cursor } from '../domain/groups/cursors.ts';
import type { PushGroup, Subscription } from '../domain/groups/groups.ts';
import { receives } from '../groups/receivers.ts';
import { OpenedEndpoints } from '../secrets/endpoint-secrets.ts';
import type { GroupRef, GroupStore } from '../stores/groups.ts';
import { ReadCache } from '../stores/read-cache.ts';
import type { Clock } from '../surroundings/clock.ts';
import { Tokens } from './authentication/tokens.ts';

/**
 * For how long a process believes what it read of a group and its endpoint. An endpoint that was deleted or replaced may be
 * called for as long, and what it acknowledges moves the cursor: to ask before each request would cost a read for each.
 */
const subscriptionMaxAgeMs = 5000;
/** Each has its endpoints, headers and secrets with it. */
const maxSubscriptions = 1000;

const keyOf = ({ topicId, group }: GroupRef): string => `${topicId}/${group}`;

/** Groups that are to be called, remembered for a few seconds. That one is not to be called never is. */
export class Subscriptions {
  readonly #groups: Pick<GroupStore, 'get'>;
  readonly #cache: ReadCache<Subscription | undefined>;

  constructor({ groups, clock }: MemoryDeps) {
    this.#groups = groups;
    this.#cache = new ReadCache<Subscription | undefined>({
      clock,
      maxAgeMs: (found) => (found !== undefined && receives(found) ? subscriptionMaxAgeMs : 0),
      maxEntries: maxSubscriptions,
      // A wake may tell of what came after somebody else's question.
      shares: false,
    });
  }

  /** The wake's group, if it is still the same one and is to be called. */
  async of(wake: Wake): Promise<Subscription<PushGroup> | undefined> {
    const found = await this.#cache.get(keyOf(wake), () => this.#groups.get(wake));
    if (found === undefined || found.group.groupId === wake.groupId)
      return found && receives(found) ? found : undefined;
    // What is remembered may be the one that had the name before.
    this.forget(wake);
    const now = await this.#groups.get(wake);
    return now?.group.groupId === wake.groupId && receives(now) ? now : undefined;
  }

  /** As `of`, and as it is now. */
  ofNow(wake: Wake): Promise<Subscription<PushGroup> | undefined> {
    this.forget(wake);
    return this.of(wake);
  }

  /** To be called when it may have changed, so that this process knows at once. */
  forget(ref: GroupRef): void {
    this.#cache.forget(keyOf(ref));
  }
}

const maxCursors = 10_000;
/** Cursors passed over after one had been moved elsewhere: each time twice as many, until one had not. */
const [fewestPassed, mostPassed] = [8, 1024];

/**
 * Cursors as this process saw them last, with no lease and no retry, so that the next lease is asked for without reading. An
 * acquire is bound to what was seen: where another has moved the cursor since, it is refused and shows how it is.
 *
 * A refusal costs a write unit, a read five times less. So where partitions go from process to process, cursors are read:
 * after each refusal more of what is remembered is passed over.
 */
export class SeenCursors {
  readonly #cursors = new Map<string, Cursor>();
  #passing = 0;
  #passes = fewestPassed;

  /**
   * The cursor that the wake may find, once; undefined where it must be read. Those alone go by it that an append sent: what
   * else is on the queue may answer for the partition by itself, and knows that by the epoch that stands.
   */
  take({ kind, groupId, partition }: Wake): Cursor | undefined {
    if (kind !== 'append') return undefined;
    const key = `${groupId}/${partition}`;
    const cursor = this.#cursors.get(key);
    this.#cursors.delete(key);
    if (cursor === undefined || this.#passing === 0) return cursor;
    this.#passing -= 1;
    return undefined;
  }

  /** A cursor that was read, or let go. Only one that anybody may take is remembered. */
  keep({ groupId, partition, redriveId }: Wake, cursor: Cursor): void {
    if (redriveId !== undefined) return;
    if (cursor.leaseUntil !== 0 || cursor.retryAt !== 0) return;
    this.#cursors.set(`${groupId}/${partition}`, cursor);
    dropOldest(this.#cursors, maxCursors);
  }

  /** What came of an acquire of a cursor that was taken from here. */
  note(outcome: 'taken' | 'refused'): void {
    if (outcome === 'taken') this.#passes = fewestPassed;
    else {
      this.#passing = this.#passes;
      this.#passes = Math.min(2 * this.#passes, mostPassed);
    }
  }
}

export interface MemoryDeps {
  readonly groups: Pick<GroupStore, 'get'>;
  readonly clock: Clock;
}

/** What a process that delivers remembers from one wake to the next. */
export interface DeliveryMemory {
  readonly subscriptions: Subscriptions;
  readonly cursors: SeenCursors;
  readonly opened: OpenedEndpoints;
  readonly tokens: Tokens;
}

export const newDeliveryMemory = (deps: MemoryDeps): DeliveryMemory => ({
  subscriptions: new Subscriptions(deps),
  cursors: new SeenCursors(),
  opened: new OpenedEndpoints(),
  tokens: new Tokens(),
});
