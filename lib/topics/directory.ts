import { Problem } from '../domain/errors.ts';
import { isName } from '../domain/text/names.ts';
import type { Topic } from '../domain/topics.ts';
import { ReadCache } from '../stores/read-cache.ts';
import type { TopicStore } from '../stores/topics.ts';
import type { Clock } from '../surroundings/clock.ts';

/** How long a process goes on with what it knows of a topic. */
export const topicMaxAgeMs = 5_000;

export interface TopicDirectoryDeps {
  readonly topics: Pick<TopicStore, 'get'>;
  readonly clock: Clock;
  readonly maxEntries?: number;
}

/**
 * Topics by name, remembered for a few seconds so that a warm append reads nothing. That a name is not taken is never
 * remembered: a topic can be used as soon as it is created. One process has one directory, which those who change
 * topics tell of it.
 */
export class TopicDirectory {
  readonly #deps: TopicDirectoryDeps;
  readonly #cache: ReadCache<Topic | undefined>;

  constructor(deps: TopicDirectoryDeps) {
    this.#deps = deps;
    this.#cache = new ReadCache<Topic | undefined>({
      clock: deps.clock,
      maxAgeMs: (topic) => (topic === undefined ? 0 : topicMaxAgeMs),
      maxEntries: deps.maxEntries ?? 1000,
    });
  }

  /**
   * The topic as it is, or was less than `topicMaxAgeMs` ago.
   * @throws Problem `topic_not_found`
   */
  async resolve(name: string): Promise<Topic> {
    const topic = isName(name) ? await this.#cache.get(name, () => this.#deps.topics.get(name)) : undefined;
    if (topic === undefined) {
      throw new Problem(
        'topic_not_found',
        `There is no topic "${name.slice(0, 128)}". Create it with PUT /v1/topics/{topic}.`,
      );
    }
    return topic;
  }

  /** As `resolve`, and as it is now. */
  resolveAgain(name: string): Promise<Topic> {
    this.#cache.forget(name);
    return this.resolve(name);
  }

  /**
   * A topic that has this partition; read again where the remembered one has not, since partitions may be added.
   * @throws Problem `topic_not_found`, `partition_not_found`
   */
  async resolvePartition(name: string, partition: number): Promise<Topic> {
    const known = await this.resolve(name);
    const topic = partition < known.partitions ? known : await this.resolveAgain(name);
    if (partition < topic.partitions) return topic;
    throw new Problem(
      'partition_not_found',
      `Topic "${name}" has no partition ${partition}: it has ${topic.partitions}, from 0 to ${topic.partitions - 1}.`,
    );
  }

  remember(topic: Topic): void {
    this.#cache.set(topic.name, topic);
  }

  forget(name: string): void {
    this.#cache.forget(name);
  }
}
