import {
  type AttemptOutcome,
  type AttemptPlace,
  type LoggedAttempt,
  newestFirst,
} from '../domain/delivery/attempts.ts';
import type { AttemptPage, AttemptQuery } from './attempts.ts';

/** What was found of the attempts of one outcome, which each store keeps by themselves. */
export interface OutcomePage {
  /** Newest first. */
  readonly attempts: readonly LoggedAttempt[];
  /** The last that was looked at; absent where there is nothing older. */
  readonly through?: AttemptPlace;
}

/**
 * One page of what was found of each outcome. It ends where one of them was looked at no further, since what is older there may be
 * newer than what was found of another.
 */
export const mergedPage = (pages: readonly OutcomePage[], limit: number): AttemptPage => {
  const known = pages
    .flatMap(({ through }) => (through === undefined ? [] : [through]))
    .toSorted(newestFirst)
    .at(0);
  const found = pages.flatMap(({ attempts }) => attempts).toSorted(newestFirst);
  const certain = found.filter((each) => known === undefined || newestFirst(each, known) <= 0);
  const attempts = certain.slice(0, limit);
  const last = attempts.at(-1);
  const next = certain.length > limit && last !== undefined ? placeOf(last) : known;
  return { attempts, ...(next !== undefined && { next }) };
};

/** As `mergedPage`, of what `read` finds of each outcome that is asked for. */
export const pageOf = async (
  { outcomes, limit }: AttemptQuery,
  read: (outcome: AttemptOutcome) => Promise<OutcomePage>,
): Promise<AttemptPage> => mergedPage(await Promise.all([...new Set(outcomes)].map(read)), limit);

export const placeOf = ({ at, attemptId }: AttemptPlace): AttemptPlace => ({ at, attemptId });
