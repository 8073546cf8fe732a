import type { NewTopic, Topic, TopicChange } from '../domain/topics.ts';

export interface TopicPage {
  readonly topics: readonly Topic[];
  /** Pass as `after` for the next page; absent on the last. */
  readonly nextAfter?: string;
}

/** Topics by name. Every read is strongly consistent. No copy of a write that lands late changes anything. */
export interface TopicStore {
  /**
   * Stores `topic` unless its name is taken; answers with the one that stands there now. `created` is true when that one
   * is the caller's own (the same `topicId`), so a repeated request recognises itself.
   * @throws Problem `conflict` when the topic of this id was deleted: it is not stored again.
   */
  create(topic: NewTopic): Promise<{ readonly created: boolean; readonly topic: Topic }>;
  get(name: string): Promise<Topic | undefined>;
  /** In order of name, those after `after`. */
  list(page: { readonly limit: number; readonly after?: string }): Promise<TopicPage>;
  /**
   * Changes what is given of a topic that still is as it was read, by its `topicId` and `version`; gives it as it is
   * then. Undefined when it is not: read again. A change just like it that came between may count as this one.
   */
  update(topic: Topic, change: TopicChange): Promise<Topic | undefined>;
  /** Removes the name, if it still belongs to `topicId` and that is being deleted. Repeating it is no error. */
  delete(name: string, topicId: string): Promise<void>;
}

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
