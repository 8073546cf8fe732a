import type { Topic, TopicSettings } from '../domain/topics.ts';

export interface TopicPage {
  readonly topics: readonly Topic[];
  /** Pass as `after` for the next page; absent on the last. */
  readonly nextAfter?: string;
}

export interface TopicStore {
  /**
   * Stores `topic` unless its name is taken; answers with the one that stands there now. Strongly consistent.
   * `created` is true when that one is the caller's own (the same `topicId`), so a repeated request recognises itself.
   */
  create(topic: Topic): Promise<{ readonly created: boolean; readonly topic: Topic }>;
  /** Strongly consistent. */
  get(name: string): Promise<Topic | undefined>;
  /** In order of name, those after `after`. */
  list(page: { readonly limit: number; readonly after?: string }): Promise<TopicPage>;
  /**
   * Sets the given settings if the name still belongs to `topicId` and `partitions` does not shrink.
   * Undefined when it does not.
   */
  update(name: string, topicId: string, change: Partial<TopicSettings>): Promise<Topic | undefined>;
  /**
   * Removes the name, if it still belongs to `topicId`, and the topic has no more than `partitions`. False when it has
   * more by now: the caller does not know of all of them. Repeating it is no error.
   */
  delete(name: string, topicId: string, partitions: number): Promise<boolean>;
}
