import type { Endpoint, Subscription } from '../domain/groups.ts';

/** The endpoint that a group's messages go to. A group has one at most so far. */
export const enabledEndpoint = ({ endpoints }: Subscription): Endpoint | undefined =>
  endpoints.find(({ status }) => status === 'enabled');

/** Whether the group is to be called at all: it is active and has an endpoint that is enabled. */
export const receives = (subscription: Subscription): boolean =>
  subscription.group.status === 'active' && enabledEndpoint(subscription) !== undefined;
