import { Problem } from '../domain/errors.ts';
import type { Group } from '../domain/groups/groups.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { RemovalStore } from '../stores/removals.ts';
import type { Clock } from '../surroundings/clock.ts';

/**
 * Deletes a group with its endpoints: written down first, so that sweep finishes it and removes its cursors and
 * members, whatever happens in between.
 * @throws Problem `outcome_unknown` when it is left to sweep to remove the group.
 */
export const removeGroup = async (
  deps: {
    readonly groups: Pick<GroupStore, 'delete'>;
    readonly removals: Pick<RemovalStore, 'put'>;
    readonly clock: Clock;
  },
  { name, groupId, topicId }: Group,
): Promise<void> => {
  await deps.removals.put({ kind: 'group', id: groupId, name, topicId, requestedAt: deps.clock.now() });
  await deps.groups.delete({ topicId, group: name }, groupId).catch((cause: unknown) => {
    throw new Problem(
      'outcome_unknown',
      `Group "${name}" will be deleted, but may stand for some minutes. Repeat this to have it gone at once.`,
      { cause },
    );
  });
};
