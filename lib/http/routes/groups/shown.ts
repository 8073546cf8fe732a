import {
  type Endpoint,
  effectiveDelivery,
  type Group,
  groupStatus,
  pausedBy,
  type ReadingSettings,
  type Subscription,
} from '../../../domain/groups/groups.ts';
import { timestampText } from '../../../domain/text/timestamps.ts';
import type { GroupAnswer } from '../../answers/groups.ts';

type Pause = NonNullable<GroupAnswer['pausedBy']>;

const byEndpoint = ({ endpointId, disabledReason, disabledAt }: Endpoint): Pause => ({
  kind: 'endpoint',
  endpoint: endpointId,
  ...(disabledReason !== undefined && { reason: disabledReason }),
  ...(disabledAt !== undefined && { since: timestampText(disabledAt) }),
});

/** What paused a group. A request counts before an endpoint: without its end nothing else helps. */
const shownPause = ({ group, endpoints }: Subscription): Pause | undefined => {
  if (group.pausedSince !== undefined) return { kind: 'request', since: timestampText(group.pausedSince) };
  const endpoint = pausedBy({ endpoints });
  return endpoint && byEndpoint(endpoint);
};

/** Those that its mode has. */
const shownSettings = (group: Group): Pick<GroupAnswer, 'delivery' | keyof ReadingSettings> => {
  if (group.mode === 'push') return { delivery: effectiveDelivery(group.delivery) };
  const { sessionTimeoutSeconds, ackTimeoutSeconds, maxDeliveries } = group.reading;
  const both = { sessionTimeoutSeconds, ackTimeoutSeconds };
  return group.mode === 'pull' ? both : { ...both, maxDeliveries };
};

export const shown = ({ group, endpoints }: Subscription): GroupAnswer => {
  const paused = shownPause({ group, endpoints });
  return {
    name: group.name,
    topic: group.topic,
    mode: group.mode,
    status: groupStatus({ group, endpoints }),
    ...(paused !== undefined && { pausedBy: paused }),
    start: group.start,
    ...shownSettings(group),
    endpoints: endpoints.length,
    createdAt: timestampText(group.createdAt),
  };
};
