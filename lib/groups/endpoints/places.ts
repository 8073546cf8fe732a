import { Problem } from '../../domain/errors.ts';
import type { Endpoint, EndpointPlace, PushGroup, Subscription } from '../../domain/groups/groups.ts';
import { endpointPlaces, isForsaken, isLeft, isPending } from '../../domain/groups/places.ts';
import { exceededLimit, limits } from '../../domain/limits.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { Clock } from '../../surroundings/clock.ts';

export interface PlaceDeps {
  readonly groups: Pick<GroupStore, 'update' | 'updateEndpoint' | 'barEndpoint'>;
  readonly clock: Clock;
}

/**
 * Takes the place of an endpoint that is to be stored, or of one that is to have another URL, in the group's item, before
 * that is done. So no two requests get the last place, or one URL, and who dies before it is done leaves a place that the
 * next one gets who needs it.
 * @returns false when the group or an endpoint is another by now: read again.
 * @throws Problem `endpoint_exists` when another endpoint has, or is about to have the URL, and `limit_exceeded`
 */
export const takePlace = async (
  deps: PlaceDeps,
  subscription: Subscription<PushGroup>,
  wanted: Omit<EndpointPlace, 'takenAt'>,
): Promise<boolean> => {
  const { group } = subscription;
  const taken = endpointPlaces(subscription);
  const free = await freed(deps, subscription, inTheWay(taken, subscription, wanted));
  if (free === undefined) return false;
  const left = taken.filter((place) => !free.has(place));
  refuseTaken(group, left, wanted);
  const place = { ...wanted, takenAt: deps.clock.now() };
  return (await deps.groups.update(group, { places: [...left, place] })) !== undefined;
};

const clashes = (
  place: EndpointPlace,
  { endpointId, url }: Pick<EndpointPlace, 'endpointId' | 'url'>,
): boolean => place.url === url && place.endpointId !== endpointId;

const isFull = (
  taken: readonly EndpointPlace[],
  { endpointId }: Pick<EndpointPlace, 'endpointId'>,
): boolean => {
  const others = taken.filter((place) => place.endpointId !== endpointId);
  return new Set(others.map((place) => place.endpointId)).size >= limits.endpointsPerGroup;
};

const endpointOf = ({ endpoints }: Pick<Subscription, 'endpoints'>, { endpointId }: EndpointPlace) =>
  endpoints.find((endpoint) => endpoint.endpointId === endpointId);

/** What nobody may have any more of the places without which there would be room. */
const inTheWay = (
  taken: readonly EndpointPlace[],
  subscription: Subscription,
  wanted: Pick<EndpointPlace, 'endpointId' | 'url'>,
): readonly EndpointPlace[] => {
  const full = isFull(taken, wanted);
  return taken.filter((place) => {
    const endpoint = endpointOf(subscription, place);
    if (!isPending(place, endpoint)) return false;
    return clashes(place, wanted) || (full && endpoint === undefined);
  });
};

/** Those of `pending` that nobody can use any more, from now on; undefined when an endpoint is another by now. */
const freed = async (
  { groups, clock }: PlaceDeps,
  { group, endpoints }: Subscription<PushGroup>,
  pending: readonly EndpointPlace[],
): Promise<ReadonlySet<EndpointPlace> | undefined> => {
  const ref = { topicId: group.topicId, group: group.name };
  const free = new Set<EndpointPlace>();
  for (const place of pending) {
    const old = isForsaken(place, clock.now());
    const endpoint = endpointOf({ endpoints }, place);
    if (endpoint === undefined) {
      if (await groups.barEndpoint(ref, place.endpointId, old)) free.add(place);
    } else if (old) {
      // The change that the place was taken for is bound to the version that this takes away.
      const now: Endpoint | undefined = await groups.updateEndpoint(ref, endpoint, {});
      if (now === undefined) return undefined;
      if (isLeft(place, now)) free.add(place);
    }
  }
  return free;
};

const refuseTaken = (
  { name }: PushGroup,
  taken: readonly EndpointPlace[],
  wanted: Pick<EndpointPlace, 'endpointId' | 'url'>,
): void => {
  const other = taken.find((place) => clashes(place, wanted));
  if (other !== undefined)
    throw new Problem(
      'endpoint_exists',
      `Group "${name}" has an endpoint of this URL, "${other.endpointId}". Change that one, or give another URL. Nothing was changed.`,
      { members: { endpoint: other.endpointId } },
    );
  if (isFull(taken, wanted))
    throw new Problem(
      'limit_exceeded',
      `A group has at most ${limits.endpointsPerGroup} endpoints, disabled ones included (limit endpointsPerGroup). Delete one first, or change one of them. Nothing was changed.`,
      { members: exceededLimit('endpointsPerGroup') },
    );
};
