import type { Erasure } from '../../domain/archive/erasures.ts';
import { concurrently } from '../../domain/concurrently.ts';
import { partitionsOf, type Topic } from '../../domain/topics.ts';
import type { RemovalStore } from '../../stores/removals.ts';
import type { SweepPlace } from '../../stores/sweep-places.ts';
import type { TopicPage, TopicStore } from '../../stores/topics.ts';
import { removalOf } from '../../topics/mark-deleted.ts';
import { type SweepArchive, sendTasks } from './archive.ts';
import type { PartitionEnds } from './ends.ts';
import type { Failures } from './failures.ts';
import {
  type Ends,
  type SweepGroupsDeps,
  type SweptCounts,
  type SweptGroups,
  sweepGroups,
} from './groups.ts';

export interface SweepTopicDeps extends SweepGroupsDeps {
  readonly topics: Pick<TopicStore, 'list'>;
  readonly removals: Pick<RemovalStore, 'put'>;
  readonly ends: Pick<PartitionEnds, 'read'>;
  /** Absent where there is no archive. */
  readonly archive?: SweepArchive;
}

const pageSize = 100;
const topicsAtOnce = 8;
const endsAtOnce = 16;

const noCounts: SweptCounts = { wakes: 0, paused: 0, abandoned: 0, stuckRecords: 0 };

/**
 * One round through all topics, in order of name, from the one after the place on; behind the last comes the first. Each
 * topic costs one query, and where it has groups or an archive one for each partition more; one for each group, and one
 * for each partition in which a group lags; of a group that is pulled from one for its members where it does.
 */
export class TopicRound {
  readonly #deps: SweepTopicDeps;
  readonly #failures: Failures;
  /** The name where the round began, and is over. */
  readonly #begin: string | undefined;
  /** The last one that was swept. */
  #after: string | undefined;
  /** Whether the first topic comes, or came, after the last. */
  #turned: boolean;
  #isOver = false;
  #moved = false;
  /** All that are known, read once where they are needed. */
  #erasures: Promise<readonly Erasure[]> | undefined;
  readonly #counts = { ...noCounts };

  constructor(deps: SweepTopicDeps, { topic }: SweepPlace, failures: Failures) {
    this.#deps = deps;
    this.#failures = failures;
    this.#begin = topic;
    this.#after = topic;
    this.#turned = topic === undefined;
  }

  /** Of all topics so far. */
  get counts(): SweptCounts {
    return this.#counts;
  }

  /** Where the next round goes on: with the first topic after a whole one. */
  get place(): Pick<SweepPlace, 'topic'> {
    return this.#isOver || this.#after === undefined ? {} : { topic: this.#after };
  }

  /** Sweeps topics while there is time. */
  async goOn(hasTime: () => boolean): Promise<void> {
    while (!this.#isOver && hasTime()) {
      const page = await this.#failures.kept(() => this.#list(), undefined);
      // What cannot be read now is for the next sweep.
      if (page === undefined) return;
      const topics = page.topics.filter(({ name }) => this.#isOfThisRound(name));
      if (!(await this.#sweep(topics, hasTime))) return;
      const isLast = page.nextAfter === undefined;
      this.#isOver = this.#turned && (isLast || topics.length < page.topics.length);
      if (isLast && !this.#turned) {
        this.#turned = true;
        this.#after = undefined;
      }
    }
  }

  readonly #readErasures = (): Promise<readonly Erasure[]> => {
    this.#erasures ??= this.#deps.archive?.erasures.list() ?? Promise.resolve([]);
    return this.#erasures;
  };

  #list(): Promise<TopicPage> {
    const after = this.#after === undefined ? {} : { after: this.#after };
    return this.#deps.topics.list({ limit: pageSize, ...after });
  }

  #isOfThisRound(name: string): boolean {
    return !this.#turned || this.#begin === undefined || name <= this.#begin;
  }

  /** False when the time did not suffice: the place is before the first one that was not swept then. */
  async #sweep(topics: readonly Topic[], hasTime: () => boolean): Promise<boolean> {
    const done = await concurrently(topicsAtOnce, topics, async (topic) => {
      if (!hasTime()) return false;
      // What fails in one topic must not keep the rest from being swept.
      const sweeping = () => sweepTopic(this.#deps, topic, this.#readErasures, this.#failures, hasTime);
      const { isWhole, ...counts } = await this.#failures.kept(sweeping, { ...noCounts, isWhole: true });
      for (const [name, count] of Object.entries(counts)) this.#counts[name as keyof SweptCounts] += count;
      return isWhole;
    });
    const missed = done.indexOf(false);
    // One that takes more than the time of a whole sweep is not begun with again, or nothing else would have a turn.
    const swept = missed === 0 && !this.#moved ? 1 : missed === -1 ? topics.length : missed;
    const last = topics[swept - 1];
    if (last !== undefined) {
      this.#after = last.name;
      this.#moved = true;
    }
    return missed === -1;
  }
}

const sweepTopic = async (
  deps: SweepTopicDeps,
  topic: Topic,
  readErasures: () => Promise<readonly Erasure[]>,
  failures: Failures,
  hasTime: () => boolean,
): Promise<SweptGroups> => {
  // Whoever deletes it may have got no further than marking it.
  if (topic.deletingSince !== undefined)
    await failures.kept(() => deps.removals.put(removalOf(topic)), undefined);
  let read: Promise<Ends> | undefined;
  const ends = (): Promise<Ends> => {
    read ??= readEnds(deps, topic, failures, hasTime);
    return read;
  };
  const swept = await sweepGroups(deps, topic, ends, failures, hasTime);
  const { archive } = deps;
  // After every wake: what is archived a sweep later is late for nobody.
  if (archive !== undefined && topic.deletingSince === undefined && hasTime())
    await failures.kept(
      () => sendTasks({ ...deps, ...archive }, topic, ends, readErasures, failures),
      undefined,
    );
  return swept;
};

const readEnds = ({ ends }: SweepTopicDeps, topic: Topic, failures: Failures, hasTime: () => boolean) =>
  concurrently(endsAtOnce, partitionsOf(topic), async (at) =>
    hasTime() ? failures.kept<number | undefined>(() => ends.read(at), undefined) : undefined,
  );
