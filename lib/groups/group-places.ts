import { concurrently } from '../domain/concurrently.ts';
import { Problem } from '../domain/errors.ts';
import type { Group, Subscription } from '../domain/groups/groups.ts';
import { type GroupPlace, groupPlaces, isForsaken } from '../domain/groups/places.ts';
import { exceededLimit, limits } from '../domain/limits.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Clock } from '../surroundings/clock.ts';

export interface GroupPlaceDeps {
  readonly groups: Pick<GroupStore, 'places' | 'replacePlaces' | 'barGroup'>;
  readonly clock: Clock;
}

const askedAtOnce = 16;

/**
 * Takes the place of a group that is to be created in the list of its topic's, before that is done. So no two requests get
 * the last one, and who dies before it is done leaves a place that the next one gets who needs it.
 * @param standing all groups of the topic.
 * @returns false when the list is another by now: read again.
 * @throws Problem `limit_exceeded`
 */
export const takeGroupPlace = async (
  deps: GroupPlaceDeps,
  topicId: string,
  standing: readonly Subscription[],
  { groupId, name }: Pick<Group, 'groupId' | 'name'>,
): Promise<boolean> => {
  const { groups, clock } = deps;
  const known = await groups.places(topicId);
  const all = groupPlaces(known, standing, clock.now());
  const taken = isFull(all, name) ? await withoutForsaken(deps, topicId, standing, all) : all;
  if (isFull(taken, name))
    throw new Problem(
      'limit_exceeded',
      `A topic has at most ${limits.groupsPerTopic} groups (limit groupsPerTopic). Delete one first. Nothing was changed.`,
      { members: exceededLimit('groupsPerTopic') },
    );
  const place = { groupId, name, takenAt: clock.now() };
  return (await groups.replacePlaces(topicId, known, [...taken, place])) !== undefined;
};

/** One group of a name can stand, whoever takes a place for it. */
const isFull = (taken: readonly GroupPlace[], name: string): boolean =>
  new Set(taken.map((place) => place.name).filter((each) => each !== name)).size >= limits.groupsPerTopic;

/** Without the places of groups that can never come to stand, from now on. */
const withoutForsaken = async (
  { groups, clock }: GroupPlaceDeps,
  topicId: string,
  standing: readonly Subscription[],
  taken: readonly GroupPlace[],
): Promise<readonly GroupPlace[]> => {
  const ids = new Set(standing.map(({ group }) => group.groupId));
  const bars = await concurrently(askedAtOnce, taken, async (place) => {
    if (ids.has(place.groupId)) return false;
    const ref = { topicId, group: place.name };
    return groups.barGroup(ref, place.groupId, isForsaken(place, clock.now()));
  });
  return taken.filter((_place, index) => bars[index] !== true);
};

/** Gives the place back of a group that was deleted, or is not going to be created. Where that fails, it goes to the next one who needs it. */
export const leaveGroupPlace = async (
  { groups }: { readonly groups: Pick<GroupStore, 'places' | 'replacePlaces'> },
  { topicId, groupId }: Pick<Group, 'topicId' | 'groupId'>,
): Promise<void> => {
  try {
    const known = await groups.places(topicId);
    const left = known?.places.filter((place) => place.groupId !== groupId);
    if (left !== undefined && left.length !== known?.places.length)
      await groups.replacePlaces(topicId, known, left);
  } catch {
    // What was asked for is done.
  }
};
