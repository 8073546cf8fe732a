import { concurrently } from '../domain/concurrently.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { PaceStore } from '../stores/paces.ts';
import { allTopics, type TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';
import { newId } from '../surroundings/ids.ts';
import type { Random } from '../surroundings/random.ts';

export interface EndLeasesDeps {
  readonly topics: Pick<TopicStore, 'list'>;
  readonly groups: Pick<GroupStore, 'list'>;
  readonly cursors: CursorStore;
  readonly paces: Pick<PaceStore, 'deleteAll'>;
  readonly clock: Clock;
  readonly random: Random;
}

const writesAtOnce = 16;

/**
 * Ends every live lease, and frees the slots of endpoints, so that deliveries go on at once. For a process that is alone on its data: it knows that no
 * holder is left. One that is left all the same is fenced: the epoch grows. What groups that pull have handed out is left: its
 * holders are clients, which outlive the process, and acknowledge it to the next one.
 * @returns how many were ended.
 */
export const endLeases = async (deps: EndLeasesDeps): Promise<number> => {
  let ended = 0;
  const owner = newId(deps.random);
  for await (const { topicId } of allTopics(deps.topics)) {
    for (const { group } of await deps.groups.list(topicId)) {
      if (group.mode !== 'push') continue;
      await deps.paces.deleteAll(group.groupId);
      const now = deps.clock.now();
      const { groupId, redrive } = group;
      const lanes = [{}, ...(redrive === undefined ? [] : [{ lane: redrive.redriveId }])];
      const all = await Promise.all(
        lanes.map(async ({ lane }: { readonly lane?: string }) =>
          [...(await deps.cursors.list(groupId, lane))].map(([partition, read]) => ({
            read,
            ref: { groupId, partition, ...(lane !== undefined && { lane }) },
          })),
        ),
      );
      // Those too that nobody believes in now, and might when their time is nearer.
      const live = all.flat().filter(({ read: { leaseUntil } }) => leaseUntil > now);
      await concurrently(writesAtOnce, live, async ({ ref, read }) => {
        // Itself over from the beginning.
        const taken = { read, startOffset: read.committed, owner, leaseUntil: 0 };
        if ((await deps.cursors.acquire(ref, taken)).taken) ended += 1;
      });
    }
  }
  return ended;
};
