import type { Topic, TopicSettings } from '../../domain/topics.ts';
import type { TopicPage, TopicStore } from '../topics.ts';

/** Topics in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryTopicStore implements TopicStore {
  readonly #topics = new Map<string, Topic>();

  async create(topic: Topic): Promise<{ created: boolean; topic: Topic }> {
    const standing = this.#topics.get(topic.name) ?? this.#keep(topic);
    return { created: standing.topicId === topic.topicId, topic: standing };
  }

  async get(name: string): Promise<Topic | undefined> {
    return this.#topics.get(name);
  }

  async list({ limit, after }: { limit: number; after?: string }): Promise<TopicPage> {
    const names = [...this.#topics.keys()].filter((name) => after === undefined || name > after).sort();
    const topics = names.slice(0, limit).flatMap((name) => this.#topics.get(name) ?? []);
    const last = topics.at(-1);
    return { topics, ...(names.length > limit && last ? { nextAfter: last.name } : {}) };
  }

  async update(name: string, topicId: string, change: Partial<TopicSettings>): Promise<Topic | undefined> {
    const standing = this.#topics.get(name);
    if (standing?.topicId !== topicId) return undefined;
    if ((change.partitions ?? standing.partitions) < standing.partitions) return undefined;
    return this.#keep({ ...standing, ...change });
  }

  async delete(name: string, topicId: string, partitions: number): Promise<boolean> {
    const standing = this.#topics.get(name);
    if (standing?.topicId !== topicId) return true;
    if (standing.partitions > partitions) return false;
    return this.#topics.delete(name);
  }

  #keep(topic: Topic): Topic {
    const kept = Object.freeze({ ...topic });
    this.#topics.set(kept.name, kept);
    return kept;
  }
}
