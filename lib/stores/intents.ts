import type { PartitionRef } from '../domain/records/records.ts';

/** Which append an intent is of. */
export interface IntentRef extends PartitionRef {
  /** `storedKey` of its idempotency key. */
  readonly key: string;
}

/**
 * Where the records of an append with an idempotency key are meant to go (DESIGN §5). It is written down before they are put
 * there, and moved before they are put elsewhere.
 */
export interface Intent {
  /** The base offset of the batch that is to have them. */
  readonly slot: number;
  /** Of the attempt that may move it: random, so that it never comes back. */
  readonly attempt: string;
  /** `digestOf` its records. */
  readonly digest: string;
  /** Wall clock ms: from then on the key is free again. */
  readonly expiresAt: number;
}

export interface IntentChange {
  /** The attempt that it must be of. */
  readonly attempt: string;
  readonly expiresAt: number;
}

/**
 * What was meant to be appended, by idempotency key. Each call is one conditional write, may be repeated, and a late copy of it
 * changes nothing that came after it.
 *
 * Every method may throw `ThrottledError`, `NotSentError` (nothing was changed) or `OutcomeUnknownError`, which it does when its signal
 * aborts.
 */
export interface IntentStore {
  /**
   * Puts an intent where there is none, or where one has expired by `now` (wall clock ms).
   * @returns the one that stands: this one, by its attempt, or another.
   */
  begin(ref: IntentRef, intent: Intent, now: number, signal?: AbortSignal): Promise<Intent>;
  /** The one that stands, expired or not; strongly consistent. */
  find(ref: IntentRef, signal?: AbortSignal): Promise<Intent | undefined>;
  /** Moves it to a slot that is not before its own. False: it is of another attempt, or would go back. */
  move(ref: IntentRef, to: IntentChange & { readonly slot: number }, signal?: AbortSignal): Promise<boolean>;
  /**
   * Makes it one of attempt `by`, which stops the attempt before from moving it.
   * @returns the intent as that left it; undefined when it is of neither attempt any more.
   */
  takeOver(
    ref: IntentRef,
    from: IntentChange & { readonly by: string },
    signal?: AbortSignal,
  ): Promise<Intent | undefined>;
}
