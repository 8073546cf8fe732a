import { deleteOrphans, type OrphanDeps, orphanMinAgeMs } from '../../archive/orphans.ts';
import type { SweepPlace } from '../../stores/sweep-places.ts';
import type { Failures } from './failures.ts';

type ObjectPlace = Pick<SweepPlace, 'object' | 'objectsFrom'>;

/**
 * Goes on with clearing the archive of objects that no manifest names: one round through all objects a day, since none is
 * deleted before it is a day old.
 * @returns the place, as it was where there was nothing to do.
 */
export const sweepObjects = async (
  deps: Pick<OrphanDeps, 'topics' | 'clock'> & { readonly archive?: Omit<OrphanDeps, 'topics' | 'clock'> },
  { object, objectsFrom }: SweepPlace,
  failures: Failures,
  hasTime: () => boolean,
): Promise<ObjectPlace> => {
  const now = deps.clock.now();
  const standing = {
    ...(object !== undefined && { object }),
    ...(objectsFrom !== undefined && { objectsFrom }),
  };
  const isUnderWay = object !== undefined;
  const isOver = objectsFrom !== undefined && !isUnderWay && now - objectsFrom < orphanMinAgeMs;
  if (deps.archive === undefined || isOver || !hasTime()) return standing;
  const all = { ...deps.archive, topics: deps.topics, clock: deps.clock };
  const round = await failures.kept(() => deleteOrphans(all, object, hasTime), undefined);
  if (round === undefined) return standing;
  return {
    objectsFrom: isUnderWay ? (objectsFrom ?? now) : now,
    ...(round.after !== undefined && { object: round.after }),
  };
};
