import { type LoggedAttempt, newestFirst } from '../../domain/delivery/attempts.ts';
import { placeOf } from '../attempt-pages.ts';
import type { AttemptPage, AttemptQuery, AttemptStore } from '../attempts.ts';

/** The attempt log in memory, which forgets nothing. */
export class MemoryAttemptStore implements AttemptStore {
  /** By group id, then by attempt id. */
  readonly #groups = new Map<string, Map<string, LoggedAttempt>>();

  async put(groupId: string, attempt: LoggedAttempt): Promise<void> {
    const attempts = this.#groups.get(groupId) ?? new Map<string, LoggedAttempt>();
    this.#groups.set(groupId, attempts);
    if (!attempts.has(attempt.attemptId)) attempts.set(attempt.attemptId, Object.freeze({ ...attempt }));
  }

  async list(groupId: string, query: AttemptQuery): Promise<AttemptPage> {
    const found = [...(this.#groups.get(groupId)?.values() ?? [])]
      .filter((attempt) => isAskedFor(attempt, query))
      .toSorted(newestFirst);
    const attempts = found.slice(0, query.limit);
    const last = attempts.at(-1);
    const isMore = found.length > attempts.length && last !== undefined;
    return { attempts, ...(isMore && { next: placeOf(last) }) };
  }
}

const isAskedFor = (
  attempt: LoggedAttempt,
  { outcomes, endpointId, from, to = Number.POSITIVE_INFINITY, before }: AttemptQuery,
): boolean =>
  outcomes.includes(attempt.outcome) &&
  (endpointId === undefined || attempt.endpointId === endpointId) &&
  attempt.at >= from &&
  attempt.at < to &&
  (before === undefined || newestFirst(attempt, before) > 0);
