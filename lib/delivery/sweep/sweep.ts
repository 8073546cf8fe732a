import { isDeepStrictEqual } from 'node:util';
import type { SweepPlaceStore } from '../../stores/sweep-places.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';
import type { SweepArchive } from './archive.ts';
import { Failures } from './failures.ts';
import { sweepObjects } from './objects.ts';
import { type RemovalDeps, RemovalRound } from './removals.ts';
import { type SweepTopicDeps, TopicRound } from './topics.ts';

export interface SweepDeps extends SweepTopicDeps, RemovalDeps {
  readonly topics: SweepTopicDeps['topics'] & RemovalDeps['topics'];
  readonly groups: SweepTopicDeps['groups'] & RemovalDeps['groups'];
  readonly cursors: SweepTopicDeps['cursors'] & RemovalDeps['cursors'];
  readonly members: SweepTopicDeps['members'] & RemovalDeps['members'];
  readonly batches: SweepTopicDeps['batches'] & RemovalDeps['batches'];
  readonly partitions: SweepTopicDeps['partitions'] & RemovalDeps['partitions'];
  /** Lives as long as the process, so that a later sweep reads no end that is still the same. */
  readonly ends: SweepTopicDeps['ends'];
  readonly removals: RemovalDeps['removals'];
  readonly sweepPlaces: SweepPlaceStore;
  /** Absent where there is no archive. */
  readonly archive?: SweepArchive;
  readonly telemetry: Telemetry;
}

/** The run that a sweep has: one invocation of its function. */
export interface SweepRun {
  /** Ms until it is ended from outside. */
  remainingMs(): number;
}

export interface Swept {
  /** Sent. */
  readonly wakes: number;
  /** Finished. */
  readonly removals: number;
}

/** Kept for the requests that are under way when time is up, with their repetitions, and for noting the place. */
const endingMs = 15_000;
/** Of the time, what removals get while there are topics left to sweep. */
const removalsShare = 1 / 3;

/**
 * The net below the net: finds the partitions in which something waits and nobody is at it (no live lease, no retry that
 * is due later), and wakes them; tells telemetry each group's lag, and who has nobody to read it; and goes on with taking apart what was deleted.
 *
 * Everything has its turn. A sweep goes once through all topics and all removals if it has the time, and ends in time if
 * it has not; it notes where it got to, and the next one goes on there. While there is more to do than time, topics get
 * two thirds of it and removals one, those of topics and of groups by turns.
 * @throws what failed first, after the rest was swept. Calling again does no harm.
 */
export const sweep = async (deps: SweepDeps, run: SweepRun): Promise<Swept> => {
  const begunAt = deps.clock.now();
  const forRemovalsMs = (run.remainingMs() - endingMs) * removalsShare;
  const leaving = (ms: number) => (): boolean => run.remainingMs() - endingMs > ms;
  const failures = new Failures();
  const place = await failures.kept(() => deps.sweepPlaces.get(), {});
  const topics = new TopicRound(deps, place, failures);
  const removals = new RemovalRound(deps, place, failures);
  await topics.goOn(leaving(forRemovalsMs));
  await removals.goOn(leaving(0));
  await topics.goOn(leaving(0));
  const objects = await sweepObjects(deps, place, failures, leaving(0));
  const reached = { ...topics.place, ...removals.place, ...objects };
  if (!isDeepStrictEqual(reached, place)) await failures.kept(() => deps.sweepPlaces.set(reached), undefined);
  const swept = { wakes: topics.counts.wakes, removals: removals.finished };
  const told = { failures: failures.count, ms: deps.clock.now() - begunAt };
  deps.telemetry.record({ kind: 'swept', ...topics.counts, ...swept, ...told });
  failures.throwFirst();
  return swept;
};
