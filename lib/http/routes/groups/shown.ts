import {
  type Endpoint,
  type Group,
  groupStatus,
  mergedDelivery,
  pausedBy,
  type ReadingSettings,
} from '../../../domain/groups/groups.ts';
import { timestampText } from '../../../domain/text/timestamps.ts';
import type { GroupAnswer } from '../../answers/groups.ts';

/** Why a group is paused. */
const shownPause = ({
  endpointId,
  disabledReason,
  disabledAt,
}: Endpoint): NonNullable<GroupAnswer['pausedBy']> => ({
  endpoint: endpointId,
  ...(disabledReason !== undefined && { reason: disabledReason }),
  ...(disabledAt !== undefined && { since: timestampText(disabledAt) }),
});

/** Those that its mode has. */
const shownSettings = (group: Group): Pick<GroupAnswer, 'delivery' | keyof ReadingSettings> => {
  if (group.mode === 'push') return { delivery: mergedDelivery(group.delivery, {}) };
  const { sessionTimeoutSeconds, ackTimeoutSeconds, maxDeliveries } = group.reading;
  const both = { sessionTimeoutSeconds, ackTimeoutSeconds };
  return group.mode === 'pull' ? both : { ...both, maxDeliveries };
};

export const shown = ({
  group,
  endpoints,
}: {
  readonly group: Group;
  readonly endpoints: readonly Endpoint[];
}): GroupAnswer => {
  const paused = pausedBy({ endpoints });
  return {
    name: group.name,
    topic: group.topic,
    mode: group.mode,
    status: groupStatus({ group, endpoints }),
    ...(paused !== undefined && { pausedBy: shownPause(paused) }),
    start: group.start,
    ...shownSettings(group),
    endpoints: endpoints.length,
    createdAt: timestampText(group.createdAt),
  };
};
