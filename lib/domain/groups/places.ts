import { hash } from 'node:crypto';
import { limits } from '../limits.ts';
import type { Endpoint, EndpointPlace, PushGroup, Subscription } from './groups.ts';

/*
 * What keeps a group from having more endpoints than it may, or two of one URL, and a topic from having more groups,
 * whoever asks at the same time: a list of the places that are taken, which is changed by its version before what takes
 * one is stored. Who dies in between leaves a place without an owner. It goes to the next one who needs it, once it is
 * sure that its owner can never be stored any more.
 */

/** A place among the groups of a topic. */
export interface GroupPlace {
  readonly groupId: string;
  readonly name: string;
  /** Wall clock ms. */
  readonly takenAt: number;
}

/** The places that are taken in a topic, as they were read. */
export interface GroupPlaces {
  /** Grows by one with each change; 1 at first. */
  readonly version: number;
  readonly places: readonly GroupPlace[];
}

/** What tells URLs apart. A name is the same with the dot that it may end in. */
export const urlMark = (url: string): string => {
  const parsed = new URL(url);
  parsed.hostname = parsed.hostname.replace(/\.$/, '');
  return hash('sha256', parsed.href, 'base64url').slice(0, 16);
};

const versionOf = ({ version = 1 }: Endpoint): number => version;

/** Whether the endpoint has left the URL, or never came to it: its versions do not come back. */
export const isLeft = (place: EndpointPlace, endpoint: Endpoint): boolean =>
  place.version <= versionOf(endpoint) && place.url !== urlMark(endpoint.url);

/** Whether the place is for what is not stored yet, or never will be. */
export const isPending = (place: EndpointPlace, endpoint: Endpoint | undefined): boolean =>
  endpoint === undefined || place.version > versionOf(endpoint);

/** The places of a group that count. Endpoints of versions that knew no places have theirs. */
export const endpointPlaces = ({ group, endpoints }: Subscription<PushGroup>): readonly EndpointPlace[] => {
  const standing = new Map(endpoints.map((endpoint) => [endpoint.endpointId, endpoint]));
  const taken = (group.places ?? []).filter((place) => {
    const endpoint = standing.get(place.endpointId);
    return endpoint === undefined || !isLeft(place, endpoint);
  });
  const without = endpoints
    .map((endpoint) => ({
      endpointId: endpoint.endpointId,
      url: urlMark(endpoint.url),
      version: versionOf(endpoint),
      takenAt: endpoint.createdAt,
    }))
    .filter(({ endpointId, url }) => !taken.some((at) => at.endpointId === endpointId && at.url === url));
  return [...taken, ...without];
};

/**
 * The places of a topic's groups that count. Groups of versions that knew no places have theirs. One that was taken for
 * longer than a write can be late, for a name that another group bears, was for what never came.
 */
export const groupPlaces = (
  known: GroupPlaces | undefined,
  subscriptions: readonly Subscription[],
  now: number,
): readonly GroupPlace[] => {
  const names = new Map(subscriptions.map(({ group }) => [group.name, group.groupId]));
  const taken = (known?.places ?? []).filter(
    ({ groupId, name, takenAt }) =>
      (names.get(name) ?? groupId) === groupId || Math.abs(now - takenAt) <= limits.lateWriteMs,
  );
  const without = subscriptions
    .filter(({ group }) => !taken.some(({ groupId }) => groupId === group.groupId))
    .map(({ group: { groupId, name, createdAt } }) => ({ groupId, name, takenAt: createdAt }));
  return [...taken, ...without];
};

/** Longer than a request lives, which stores what it took a place for. */
const pendingMs = 60_000;

/** Whether who took the place must have stored what it is for, or died. One that is dated in the future has. */
export const isForsaken = ({ takenAt }: { readonly takenAt: number }, now: number): boolean =>
  Math.abs(now - takenAt) > pendingMs;
