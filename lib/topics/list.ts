import { limits } from '../domain/limits.ts';
import type { Topic } from '../domain/topics.ts';
import type { TopicStore } from '../stores/topics.ts';

export interface VisibleTopics {
  readonly topics: readonly Topic[];
  /** Pass as `after` for the next page; absent on the last. */
  readonly nextAfter?: string;
}

/**
 * The topics after the name `after`, at most `limit`, that `isVisible` admits. `nextAfter` is the name of the last of
 * them, so that it tells nothing of a topic that is not visible.
 */
export const listVisibleTopics = async (
  topics: Pick<TopicStore, 'list'>,
  page: { readonly limit: number; readonly after?: string; readonly isVisible: (name: string) => boolean },
): Promise<VisibleTopics> => {
  const visible: Topic[] = [];
  let after = page.after;
  do {
    const read = await topics.list({ limit: limits.listTopics, ...(after !== undefined && { after }) });
    visible.push(...read.topics.filter(({ name }) => page.isVisible(name)));
    after = read.nextAfter;
  } while (after !== undefined && visible.length <= page.limit);
  const listed = visible.slice(0, page.limit);
  const last = listed.at(-1);
  return visible.length > page.limit && last !== undefined
    ? { topics: listed, nextAfter: last.name }
    : { topics: listed };
};
