import type { Topic } from '../domain/topics.ts';
import type { TopicStore } from '../stores/topics.ts';

const pageSize = 100;

/** Every topic there is, page by page, in order of name. */
export async function* allTopics(topics: Pick<TopicStore, 'list'>): AsyncGenerator<Topic, void, void> {
  for (let after: string | undefined; ; ) {
    const page = await topics.list({ limit: pageSize, ...(after !== undefined && { after }) });
    yield* page.topics;
    if (page.nextAfter === undefined) return;
    after = page.nextAfter;
  }
}
