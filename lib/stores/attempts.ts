import type { AttemptOutcome, AttemptPlace, LoggedAttempt } from '../domain/delivery/attempts.ts';

/** Which attempts of a group. Times are whole wall clock ms. */
export interface AttemptQuery {
  readonly outcomes: readonly AttemptOutcome[];
  readonly endpointId?: string;
  /** Begun then or later. What is no longer kept may still be there: ask for nothing older than `limits.attemptKeptMs`. */
  readonly from: number;
  /** Begun before. */
  readonly to?: number;
  /** Older than the one that stood there. */
  readonly before?: AttemptPlace;
  /** How many at most, at least 1. */
  readonly limit: number;
}

export interface AttemptPage {
  /** Newest first. Fewer than the limit, even none, where many others stood between them. */
  readonly attempts: readonly LoggedAttempt[];
  /** Where the next page begins: as `before` of the same query. Absent: there is no more. */
  readonly next?: AttemptPlace;
}

/**
 * The attempt log: what requests to the endpoints of a group came to. Each is kept for `limits.attemptKeptMs` and forgotten some
 * time after, also where its group was deleted.
 */
export interface AttemptStore {
  /**
   * Keeps an attempt. The same again changes nothing.
   * @throws ThrottledError, NotSentError or OutcomeUnknownError.
   */
  put(groupId: string, attempt: LoggedAttempt): Promise<void>;
  /**
   * Attempts of a group, newest first; what was just put may not be among them yet. Looks at no more than `limits.attemptsLookedAt` of each
   * outcome.
   */
  list(groupId: string, query: AttemptQuery): Promise<AttemptPage>;
}
