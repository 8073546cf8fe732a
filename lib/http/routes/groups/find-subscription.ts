import type { Subscription } from '../../../domain/groups/groups.ts';
import type { Topic } from '../../../domain/topics.ts';
import { findGroup } from '../../../groups/describe.ts';
import type { GroupStore } from '../../../stores/groups.ts';
import type { TopicDirectory } from '../../../topics/directory.ts';
import { type ApiContext, pathParameter } from '../../api.ts';

/** The topic and the group in the path. */
export const findSubscription = async (
  deps: {
    readonly directory: Pick<TopicDirectory, 'resolveAgain'>;
    readonly groups: Pick<GroupStore, 'get'>;
  },
  c: ApiContext,
): Promise<Subscription & { readonly topic: Topic }> => {
  const topic = await deps.directory.resolveAgain(pathParameter(c, 'topic'));
  return { topic, ...(await findGroup(deps.groups, topic, pathParameter(c, 'group'))) };
};
