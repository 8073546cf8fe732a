import {
  type Endpoint,
  type Group,
  groupStatus,
  mergedDelivery,
  pausedBy,
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
    ...(group.mode === 'push' && { delivery: mergedDelivery(group.delivery, {}) }),
    endpoints: endpoints.length,
    createdAt: timestampText(group.createdAt),
  };
};
