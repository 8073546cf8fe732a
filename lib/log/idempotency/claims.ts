import { offsetOfKey } from '../../domain/idempotency/keys.ts';
import { limits } from '../../domain/limits.ts';
import type { Batch } from '../../domain/records/batches.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';
import type { Intent, IntentStore } from '../../stores/intents.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Appended } from '../append/appended.ts';
import { withTimeout } from '../timeout.ts';
import { keyMismatch, outcomeForgotten, takenOver } from './refusals.ts';

/** What one attempt to append by an idempotency key knows of its intent. */
export interface Claim {
  /** `storedKey`. */
  readonly key: string;
  /** `digestOf` the records. */
  readonly digest: string;
  /** Random: it never comes back. */
  readonly attempt: string;
  /** Where the intent is, once it is this attempt's. */
  slot?: number;
  /**
   * No other attempt can have put the records at `slot`, nor can any more: this one began there, or has seen what stands where it took
   * over. True until it sends a takeover.
   */
  isAlone: boolean;
}

/** What an attempt may do at a tail. */
export type Prepared =
  /** The intent is at the tail's end: the records may be put there. */
  | { readonly kind: 'ready' }
  /** They are in the log. */
  | { readonly kind: 'replayed'; readonly appended: Appended }
  | { readonly kind: 'refused'; readonly problem: Error }
  /** The log goes further than this tail: it has to be asked for. */
  | { readonly kind: 'past' }
  /** A store did not answer, or refused for now. */
  | { readonly kind: 'later'; readonly cause: unknown };

export interface ClaimDeps {
  readonly intents: IntentStore;
  readonly batches: Pick<BatchStore, 'range'>;
  readonly clock: Clock;
  readonly options: { readonly attemptTimeoutMs: number };
}

/** Takeovers that one attempt loses to others before it leaves the append to them. */
const takeoversAtMost = 3;

/** Where the records of a key are in a batch; undefined where they are not. */
export const replayIn = (batch: Batch, key: string): Appended | undefined => {
  const base = offsetOfKey(batch, key);
  return base === undefined ? undefined : { base, appendedAt: batch.appendedAt, replayed: true };
};

/** Has a store asked, for as long as one request may take. */
const ask = <T>(
  { clock, options }: Pick<ClaimDeps, 'clock' | 'options'>,
  signal: AbortSignal,
  request: (limit: AbortSignal) => Promise<T>,
): Promise<T> => withTimeout(clock, options.attemptTimeoutMs, signal, request);

const untilExpiry = (clock: Clock): number => clock.now() + limits.idempotencyMs;

/**
 * Brings the intent of an attempt to `end`, the end of the partition as the attempt knows it, by the rules of DESIGN §5: it is written
 * down where the records will be put before they are; a takeover stops the attempt before it from moving on, and what it
 * answers says where to look; the intent leaves a slot only when what stands there is known not to be the records, and never goes back.
 */
export const prepareClaim = async (
  deps: ClaimDeps,
  at: PartitionRef,
  claim: Claim,
  end: number,
  signal: AbortSignal,
): Promise<Prepared> => {
  try {
    for (let takeovers = 0; claim.slot === undefined; takeovers += 1) {
      const answer = await claimSlot(deps, at, claim, end, signal);
      if (answer !== undefined) return answer;
      if (claim.slot === undefined && takeovers >= takeoversAtMost)
        return { kind: 'refused', problem: takenOver(at) };
    }
    if (claim.slot === end) return { kind: 'ready' };
    if (claim.slot > end) return { kind: 'past' };
    return await moveOn(deps, at, claim, end, signal);
  } catch (cause) {
    return { kind: 'later', cause };
  }
};

/** Begins the intent, or takes it over. Undefined: it is this attempt's now, or others were first once more. */
const claimSlot = async (
  deps: ClaimDeps,
  at: PartitionRef,
  claim: Claim,
  end: number,
  signal: AbortSignal,
): Promise<Prepared | undefined> => {
  const { intents, clock } = deps;
  const { key, digest, attempt } = claim;
  const ref = { ...at, key };
  const intent = { slot: end, attempt, digest, expiresAt: untilExpiry(clock) };
  const standing = await ask(deps, signal, (limit) => intents.begin(ref, intent, clock.now(), limit));
  if (standing.attempt === attempt) {
    claim.slot = standing.slot;
    return undefined;
  }
  if (standing.digest !== digest) return { kind: 'refused', problem: keyMismatch(at) };
  // Mostly the attempt before came to its end: nothing needs to be taken over then.
  const found = await standingAt(deps, at, standing, signal);
  const replayed = found && replayIn(found, key);
  if (replayed !== undefined) return { kind: 'replayed', appended: replayed };
  // Before it is sent: its answer may be lost, and the intent be found to be this attempt's all the same.
  claim.isAlone = false;
  const from = { attempt: standing.attempt, by: attempt, expiresAt: untilExpiry(clock) };
  const taken = await ask(deps, signal, (limit) => intents.takeOver(ref, from, limit));
  if (taken === undefined) return undefined;
  claim.slot = taken.slot;
  return inspect(deps, at, claim, signal);
};

/** The batch at the intent's slot, strongly consistent; one behind it where that one is gone; undefined where the log ends there. */
const standingAt = async (
  deps: ClaimDeps,
  at: PartitionRef,
  { slot }: Pick<Intent, 'slot'>,
  signal: AbortSignal,
): Promise<Batch | undefined> => {
  const range = { from: slot, limit: 1, consistent: true };
  const page = await ask(deps, signal, (limit) => deps.batches.range(at, range, limit));
  return page.batches[0];
};

/** Looks at what stands at the claim's slot. Undefined: nothing does, or something else. */
const inspect = async (
  deps: ClaimDeps,
  at: PartitionRef,
  claim: Claim,
  signal: AbortSignal,
): Promise<Prepared | undefined> => {
  const slot = claim.slot ?? 0;
  const standing = await standingAt(deps, at, { slot }, signal);
  if (standing === undefined) return undefined;
  if (standing.base !== slot) {
    // What was there is trimmed. If this attempt slept through that, another may have taken it over, and knows more.
    const isMine = await moveTo(deps, at, claim, slot, signal);
    return { kind: 'refused', problem: isMine ? outcomeForgotten(at) : takenOver(at) };
  }
  const replayed = replayIn(standing, claim.key);
  if (replayed !== undefined) return { kind: 'replayed', appended: replayed };
  claim.isAlone = true;
  return undefined;
};

/** False: the intent is of another attempt by now. */
const moveTo = (
  deps: ClaimDeps,
  at: PartitionRef,
  { key, attempt }: Claim,
  slot: number,
  signal: AbortSignal,
): Promise<boolean> => {
  const to = { attempt, slot, expiresAt: untilExpiry(deps.clock) };
  return ask(deps, signal, (limit) => deps.intents.move({ ...at, key }, to, limit));
};

/** Moves the intent to `end`, once it is known that the records are not at its slot, nor can come there. */
const moveOn = async (
  deps: ClaimDeps,
  at: PartitionRef,
  claim: Claim,
  end: number,
  signal: AbortSignal,
): Promise<Prepared> => {
  if (!claim.isAlone) {
    const answer = await inspect(deps, at, claim, signal);
    if (answer !== undefined) return answer;
    // Something stands there, since the log goes further; a read that shows nothing was torn.
    if (!claim.isAlone) return { kind: 'past' };
  }
  const isMine = await moveTo(deps, at, claim, end, signal);
  if (!isMine) return { kind: 'refused', problem: takenOver(at) };
  claim.slot = end;
  return { kind: 'ready' };
};
