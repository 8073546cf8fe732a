import type { LoggedAttempt } from '../../domain/delivery/attempts.ts';
import { dropOldest } from '../../domain/drop-oldest.ts';
import type { DeliverySettings, PushGroup } from '../../domain/groups/groups.ts';
import { TokenBucket } from '../../domain/token-bucket.ts';
import type { AttemptStore } from '../../stores/attempts.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';

export interface AttemptLogDeps {
  readonly attempts: Pick<AttemptStore, 'put'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** What is known of an attempt when it is over. */
export type Attempted = Omit<LoggedAttempt, 'attemptId' | 'omitted'>;

/**
 * Failures of one group that one process logs. A delivery that fails writes its cursor twice and queues a wake; the log adds one write to a
 * few of them a second, however many partitions fail together.
 */
const failureRate = { perSecond: 5, depth: 50 } as const;
/** Writes under way in one process: beyond, the store is slow, and more would only wait. */
const mostPending = 100;
const rememberedGroups = 1000;

type NamedGroup = Pick<PushGroup, 'groupId' | 'topic' | 'name'>;

/** What this process knows of the log of one group. */
interface GroupLog {
  readonly failures: TokenBucket;
  /** Attempts since the last that was logged, which should have been too. */
  omitted: number;
}

/**
 * Writes attempts to the log, beside the delivery: it never waits for that, and never fails by it. What was not written is counted
 * in the next attempt of its group that is.
 */
export class AttemptLog {
  readonly #deps: AttemptLogDeps;
  readonly #pending = new Set<Promise<void>>();
  /** By group id, those that were written to last at the end. */
  readonly #groups = new Map<string, GroupLog>();

  constructor(deps: AttemptLogDeps) {
    this.#deps = deps;
  }

  /** Whether the next attempt of the group is to be logged also where it succeeds. */
  samples({ delivery }: { readonly delivery: Partial<DeliverySettings> }): boolean {
    // Versions before this one stored none.
    const rate = delivery.attemptLog?.successes ?? 0;
    return rate > 0 && (rate >= 1 || this.#deps.random.number() < rate);
  }

  /** Whether an attempt of the group would be logged now if it failed. */
  logsFailure({ groupId }: Pick<PushGroup, 'groupId'>): boolean {
    const { failures } = this.#logOf(groupId);
    return this.#pending.size < mostPending && failures.secondsToPass(instantOf(this.#deps.clock)) === 0;
  }

  /** Begins to write an attempt, unless too many of its group failed just now. */
  note(group: NamedGroup, attempt: Attempted): void {
    const log = this.#logOf(group.groupId);
    const obstacle = this.#obstacleTo(log, attempt);
    if (obstacle === undefined) this.#write(group, log, attempt);
    else this.#omit(group, log, obstacle);
  }

  #obstacleTo({ failures }: GroupLog, { outcome }: Attempted): 'slow' | 'rate' | undefined {
    if (this.#pending.size >= mostPending) return 'slow';
    if (outcome === 'acknowledged') return undefined;
    const now = instantOf(this.#deps.clock);
    if (failures.secondsToPass(now) > 0) return 'rate';
    failures.take(1, now);
    return undefined;
  }

  #write(group: NamedGroup, log: GroupLog, attempt: Attempted): void {
    const { omitted } = log;
    log.omitted = 0;
    const attemptId = newId(this.#deps.random);
    const written = this.#put(group, { ...attempt, attemptId, ...(omitted > 0 && { omitted }) }).finally(() =>
      this.#pending.delete(written),
    );
    this.#pending.add(written);
  }

  /** Resolves when what was begun is written or lost, after `ms` at most. To be awaited before the process may be frozen. */
  async settled(ms: number): Promise<void> {
    if (this.#pending.size === 0 || ms <= 0) return;
    const over = new AbortController();
    await Promise.race([Promise.all(this.#pending), this.#deps.clock.sleep(ms, over.signal)]);
    over.abort();
  }

  async #put(group: NamedGroup, attempt: LoggedAttempt): Promise<void> {
    try {
      await this.#deps.attempts.put(group.groupId, attempt);
    } catch (error) {
      const log = this.#logOf(group.groupId);
      log.omitted += attempt.omitted ?? 0;
      this.#omit(group, log, 'failed', error);
    }
  }

  #omit(
    { topic, name }: NamedGroup,
    log: GroupLog,
    reason: 'rate' | 'slow' | 'failed',
    error?: unknown,
  ): void {
    log.omitted += 1;
    const failed = error === undefined ? {} : { error };
    this.#deps.telemetry.record({ kind: 'attempt-unlogged', topic, group: name, reason, ...failed });
  }

  #logOf(groupId: string): GroupLog {
    const known = this.#groups.get(groupId) ?? {
      failures: new TokenBucket(failureRate, instantOf(this.#deps.clock)),
      omitted: 0,
    };
    this.#groups.delete(groupId);
    this.#groups.set(groupId, known);
    dropOldest(this.#groups, rememberedGroups);
    return known;
  }
}
