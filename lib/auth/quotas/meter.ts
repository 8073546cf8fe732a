import { Problem } from '../../domain/errors.ts';
import type { Instant } from '../../domain/instants.ts';
import type { Quota } from '../../domain/keys.ts';
import { recordBytes } from '../../domain/records/encoding.ts';
import type { NewRecord } from '../../domain/records/records.ts';
import { TokenBucket } from '../../domain/token-bucket.ts';

const policies = ['records', 'bytes'] as const;
type Policy = (typeof policies)[number];

/** What is counted, in the words of the `RateLimit-Policy` header: it has no word for records. */
const units: Readonly<Record<Policy, string>> = { records: 'records', bytes: 'content-bytes' };

const perSecond = (quota: Quota, policy: Policy): number | undefined =>
  policy === 'records' ? quota.recordsPerSecond : quota.bytesPerSecond;

/** The most seconds that an Integer of structured fields and a client can do something with: a year. */
const wholeSeconds = (seconds: number): number => Math.max(1, Math.min(31_536_000, Math.ceil(seconds)));

/** How much of its quota one key has left in this process. */
export class Meter {
  readonly #quota: Quota;
  readonly #now: () => Instant;
  readonly #buckets: ReadonlyMap<Policy, TokenBucket>;

  /** @param former of the quota that the key had before: what is left of that is what is left of this, at most. */
  constructor(quota: Quota, now: () => Instant, former?: Meter) {
    this.#quota = quota;
    this.#now = now;
    const instant = now();
    const buckets = policies.flatMap((policy): [Policy, TokenBucket][] => {
      const rate = perSecond(quota, policy);
      if (rate === undefined) return [];
      const depth = rate * quota.burstSeconds;
      const left = former === undefined ? undefined : former.#buckets.get(policy)?.level(instant);
      return [[policy, new TokenBucket({ perSecond: rate, depth }, instant, left)]];
    });
    this.#buckets = new Map(buckets);
  }

  /** @throws Problem `quota_exceeded` while nothing is left. */
  requireRoom(): void {
    const now = this.#now();
    const waits = [...this.#buckets].map(([policy, bucket]) => [policy, bucket.secondsToPass(now)] as const);
    const empty = waits.filter(([, seconds]) => seconds > 0).map(([policy]) => policy);
    const [first] = empty;
    if (first === undefined) return;
    const seconds = wholeSeconds(Math.max(...waits.map(([, wait]) => wait)));
    throw new Problem(
      'quota_exceeded',
      `This key may produce ${perSecond(this.#quota, first)} ${first} a second, and has used that up. Nothing was written: try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
      { retryAfterSeconds: seconds, members: { 'violated-policies': empty } },
    );
  }

  /**
   * Counts records, whatever becomes of them. All of them pass when anything is left, and what they take beyond that is
   * made up for by the time in which nothing passes.
   * @throws Problem `quota_exceeded` when nothing is left.
   */
  take(records: readonly NewRecord[]): void {
    this.requireRoom();
    const now = this.#now();
    this.#buckets.get('records')?.take(records.length, now);
    const bytes = this.#buckets.get('bytes');
    bytes?.take(
      records.reduce((sum, record) => sum + recordBytes(record), 0),
      now,
    );
  }

  /**
   * The headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11): what may be used in which
   * time, and what is left for how long. `t` never ends after what `Retry-After` says.
   */
  headers(): Readonly<Record<'ratelimit-policy' | 'ratelimit', string>> {
    const now = this.#now();
    const { burstSeconds } = this.#quota;
    const buckets = [...this.#buckets];
    return {
      'ratelimit-policy': buckets
        .map(([policy, { rate }]) => `"${policy}";q=${rate.depth};qu="${units[policy]}";w=${burstSeconds}`)
        .join(', '),
      ratelimit: buckets
        .map(([policy, bucket]) => {
          const left = Math.max(0, Math.floor(bucket.level(now)));
          const seconds = left === 0 ? bucket.secondsToPass(now) : bucket.secondsToFull(now);
          return `"${policy}";r=${left};t=${wholeSeconds(seconds)}`;
        })
        .join(', '),
    };
  }
}
