import { enabledEndpoint, type Subscription } from '../domain/groups.ts';

/** Whether the group is to be called at all: it has an endpoint that is enabled. */
export const receives = (subscription: Subscription): boolean => enabledEndpoint(subscription) !== undefined;
