import type { Endpoint, Subscription } from '../groups/groups.ts';
import { limits } from '../limits.ts';

/** What a request to the endpoint may have at most: bytes of its body, envelope included. */
export const requestBytesOf = ({ maxRequestBytes = limits.deliveryBytes }: Endpoint): number =>
  maxRequestBytes;

/**
 * What a message of the group may have at most: as much as each of its endpoints that are enabled takes, since a message keeps
 * its records whichever of them it goes to.
 */
export const messageBytesOf = ({ endpoints }: Pick<Subscription, 'endpoints'>): number => {
  const enabled = endpoints.filter(({ status }) => status === 'enabled');
  return enabled.length === 0 ? limits.deliveryBytes : Math.min(...enabled.map(requestBytesOf));
};
