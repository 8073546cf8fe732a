import type { Removal, RemovalKind, RemovalPage } from '../../stores/removals.ts';
import type { SweepPlace } from '../../stores/sweep-places.ts';
import type { Failures } from './failures.ts';
import { type RemovalDeps, RemovalTurns } from './take-apart.ts';

export type { RemovalDeps } from './take-apart.ts';

const pageSize = 100;

/** Removals of one kind, in order of id, from the one after the place on; behind the last comes the first. Each once. */
class Queue {
  readonly #list: (page: RemovalPage) => Promise<readonly Removal[]>;
  readonly #begin: string | undefined;
  #after: string | undefined;
  #turned: boolean;
  #page: Removal[] = [];
  #isAtEnd = false;
  /** Id of the last one that was given. */
  place: string | undefined;

  constructor(list: (page: RemovalPage) => Promise<readonly Removal[]>, place: string | undefined) {
    this.#list = list;
    this.#begin = place;
    this.#after = place;
    this.place = place;
    this.#turned = place === undefined;
  }

  /** Undefined when all of them were given. */
  async next(): Promise<Removal | undefined> {
    for (;;) {
      const removal = this.#page.shift();
      if (removal === undefined) {
        if (!(await this.#read())) return undefined;
        continue;
      }
      if (this.#turned && this.#begin !== undefined && removal.id > this.#begin) return undefined;
      this.place = removal.id;
      return removal;
    }
  }

  /** False when there is nothing more to read. */
  async #read(): Promise<boolean> {
    if (this.#isAtEnd) {
      if (this.#turned) return false;
      this.#turned = true;
      this.#after = undefined;
    }
    const after = this.#after === undefined ? {} : { after: this.#after };
    this.#page = [...(await this.#list({ limit: pageSize, ...after }))];
    this.#after = this.#page.at(-1)?.id ?? this.#after;
    this.#isAtEnd = this.#page.length < pageSize;
    return true;
  }
}

/**
 * One round through all removals, those of topics and of groups by turns, and then further turns for those that have more
 * to do than one turn is for. None can keep another from its turn, however much there is of it and whatever fails.
 */
export class RemovalRound {
  readonly #failures: Failures;
  readonly #turns: RemovalTurns;
  readonly #queues: Readonly<Record<RemovalKind, Queue>>;
  readonly #over = new Set<RemovalKind>();
  /** Whether a list could not be read: what comes behind its place was not given. */
  #isCut = false;
  #turn: RemovalKind;
  /** Those that go on. */
  #more: Removal[] = [];
  finished = 0;

  constructor(deps: RemovalDeps, place: SweepPlace, failures: Failures) {
    this.#failures = failures;
    this.#turns = new RemovalTurns(deps);
    const { removals } = deps;
    this.#queues = {
      topic: new Queue((page) => removals.list('topic', page), place.topicRemoval),
      group: new Queue((page) => removals.list('group', page), place.groupRemoval),
    };
    this.#turn = place.turn ?? 'topic';
  }

  get place(): Pick<SweepPlace, 'topicRemoval' | 'groupRemoval' | 'turn'> {
    const { topic, group } = this.#queues;
    const isWhole = this.#over.size === 2 && !this.#isCut;
    if (isWhole) return {};
    return {
      ...(topic.place !== undefined && { topicRemoval: topic.place }),
      ...(group.place !== undefined && { groupRemoval: group.place }),
      turn: this.#turn,
    };
  }

  /** Gives turns while there is time. */
  async goOn(hasTime: () => boolean): Promise<void> {
    while (this.#over.size < 2 && hasTime()) {
      const kind = this.#turn;
      this.#turn = kind === 'topic' ? 'group' : 'topic';
      if (this.#over.has(kind)) continue;
      const removal = await this.#failures.kept<Removal | 'unread' | undefined>(
        () => this.#queues[kind].next(),
        'unread',
      );
      if (removal === 'unread') this.#isCut = true;
      if (removal === 'unread' || removal === undefined) this.#over.add(kind);
      else await this.#give(removal, hasTime);
    }
    for (let removal = this.#more.shift(); removal !== undefined; removal = this.#more.shift()) {
      if (!hasTime()) return;
      await this.#give(removal, hasTime);
    }
  }

  async #give(removal: Removal, hasTime: () => boolean): Promise<void> {
    const outcome = await this.#failures.kept(() => this.#turns.take(removal, hasTime), 'waits');
    if (outcome === 'finished') this.finished += 1;
    if (outcome === 'more') this.#more.push(removal);
  }
}
