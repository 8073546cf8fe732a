import { elapsedMs, type Instant } from '../../domain/instants.ts';
import type { Random } from '../../surroundings/random.ts';
import type { AppendOptions } from './options.ts';

/**
 * Which appends one process begins with at all, by what the ones before cost: what it remembers of an overload from one
 * append to the next. An append that is refused here costs no request, and where more come than a partition can commit,
 * every one that is begun makes all others dearer.
 *
 * It knows one number: how many of the appends offered could be begun, as a share. That falls while they cost more requests
 * than they should and grows while they cost less, so it settles where they cost that much. Above 1 it is a margin, so that
 * one append that had bad luck refuses nobody.
 */
export class Admission {
  readonly #options: AppendOptions;
  readonly #random: Random;
  #share: number;
  #learnedAt: Instant | undefined;

  constructor(options: AppendOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#share = options.admissionMargin;
  }

  /** Of the appends that are offered now. What was learned holds for `admissionMemoryMs`: then the partition is tried anew. */
  share(now: Instant): number {
    const { admissionMemoryMs } = this.#options;
    const isOld = this.#learnedAt !== undefined && elapsedMs(this.#learnedAt, now) > admissionMemoryMs;
    return isOld ? Math.max(1, this.#share) : this.#share;
  }

  /** Whether to begin with an append. By chance, so that nobody is refused for ever, and the partition is tried all the time. */
  admits(now: Instant): boolean {
    const share = this.share(now);
    return share >= 1 || this.#random.number() < share;
  }

  /** Appends were stored that took so many requests each. */
  stored(requests: number, now: Instant): void {
    const { admissionCost, admissionFall, admissionGrowth } = this.#options;
    // The root: of one append's cost the half is chance.
    const factor = Math.sqrt(admissionCost / Math.max(1, requests));
    this.#learn(this.share(now) * Math.min(admissionGrowth, Math.max(admissionFall, factor)), now);
  }

  /** Appends had to be refused when they had waited for all the time there is. That is no bad luck. */
  gaveUp(now: Instant): void {
    this.#learn(Math.min(1, this.share(now)) * this.#options.admissionCut, now);
  }

  #learn(share: number, now: Instant): void {
    const { leastAdmission, admissionMargin } = this.#options;
    this.#share = Math.min(admissionMargin, Math.max(leastAdmission, share));
    this.#learnedAt = now;
  }
}
