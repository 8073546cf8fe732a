import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../domain/errors.ts';
import type { NewTopic, Topic, TopicChange } from '../../domain/topics.ts';
import type { TopicPage, TopicStore } from '../topics.ts';

/** Topics in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryTopicStore implements TopicStore {
  readonly #topics = new Map<string, Topic>();
  /** Every name, in order; undefined when it has to be sorted anew. */
  #names: string[] | undefined;
  /** Ids. */
  readonly #deleted = new Set<string>();

  async create(topic: NewTopic): Promise<{ created: boolean; topic: Topic }> {
    const standing = this.#topics.get(topic.name);
    if (standing === undefined && this.#deleted.has(topic.topicId))
      throw new Problem('conflict', `Topic "${topic.name}" was deleted meanwhile.`);
    const kept = standing ?? this.#keep({ ...topic, version: 1 });
    return { created: kept.topicId === topic.topicId, topic: kept };
  }

  async get(name: string): Promise<Topic | undefined> {
    return this.#topics.get(name);
  }

  async list({ limit, after }: { limit: number; after?: string }): Promise<TopicPage> {
    this.#names ??= [...this.#topics.keys()].sort();
    const names = this.#names;
    const first = after === undefined ? 0 : firstAfter(names, after);
    const topics = names.slice(first, first + limit).flatMap((name) => this.#topics.get(name) ?? []);
    const last = topics.at(-1);
    return { topics, ...(names.length > first + limit && last ? { nextAfter: last.name } : {}) };
  }

  async update({ name, topicId, version }: Topic, change: TopicChange): Promise<Topic | undefined> {
    const standing = this.#topics.get(name);
    if (standing?.topicId !== topicId) return undefined;
    if (standing.version !== version) {
      const changes = Object.entries(change) as [keyof Topic, unknown][];
      const isDone =
        standing.version === version + 1 &&
        changes.every(([name, value]) => isDeepStrictEqual(standing[name], value));
      return isDone ? standing : undefined;
    }
    return this.#keep({ ...standing, ...change, version: version + 1 });
  }

  async delete(name: string, topicId: string): Promise<void> {
    const standing = this.#topics.get(name);
    if (standing?.topicId !== topicId || standing.deletingSince === undefined) return;
    this.#topics.delete(name);
    this.#names = undefined;
    this.#deleted.add(topicId);
  }

  #keep(topic: Topic): Topic {
    const kept = Object.freeze({ ...topic });
    if (!this.#topics.has(kept.name)) this.#names = undefined;
    this.#topics.set(kept.name, kept);
    return kept;
  }
}

/** Index of the first of the sorted `names` that is greater than `after`. */
const firstAfter = (names: readonly string[], after: string): number => {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] as string) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
};
