/** What is known of the refusals of the message that is due. */
export interface Refused {
  /** Of this very message, this one included. */
  readonly refusals: number;
  /** Wall clock ms. The first refusal of a message that began with this record. */
  readonly since: number;
  /** Dead letters that came before it, with nothing acknowledged between. */
  readonly deadRow: number;
}

export interface RefusalSettings {
  readonly maxAttempts: number | null;
  readonly deadLetterAfterSeconds: number;
}

/** What follows a refusal. */
export type AfterRefusal =
  /** The same message again, after its backoff; where `dueInMs` is given, then. */
  | { readonly kind: 'again'; readonly dueInMs?: number }
  /** The first half of it is a message of its own, and so is what is left. */
  | { readonly kind: 'halve' }
  /** The record goes to the dead letters. */
  | { readonly kind: 'give-up' };

/** A message of several records that was refused so often is halved. */
export const refusalsBeforeHalving = 3;

/** However many dead letters come in a row, the next waits no longer. */
const longestWaitMs = 24 * 60 * 60_000;

/**
 * What follows a refusal: an answer that says no to this message, not that the endpoint cannot take any now. A message of several
 * records is halved after three, until the record that is refused stands alone. That goes to the dead letters after `maxAttempts`, and
 * no sooner than `deadLetterAfterSeconds` after its first refusal: a deploy that answers 500 for a minute is over by then.
 *
 * An endpoint that says no to everything for days is no proof against any record. So each dead letter that follows another, with nothing
 * acknowledged between, waits twice as long as the one before, up to a day: of a healthy stream a partition loses about ten records to the
 * dead letters in three days, and not all of it.
 * @param records of the message.
 * @param now wall clock ms.
 */
export const afterRefusal = (
  { refusals, since, deadRow }: Refused,
  records: number,
  { maxAttempts, deadLetterAfterSeconds }: RefusalSettings,
  now: number,
): AfterRefusal => {
  if (records > 1) return refusals >= refusalsBeforeHalving ? { kind: 'halve' } : { kind: 'again' };
  if (maxAttempts === null || refusals < maxAttempts) return { kind: 'again' };
  const waitMs = Math.min(deadLetterAfterSeconds * 1000 * 2 ** deadRow, longestWaitMs);
  const leftMs = Math.min(since + waitMs - now, waitMs);
  return leftMs > 0 ? { kind: 'again', dueInMs: leftMs } : { kind: 'give-up' };
};
