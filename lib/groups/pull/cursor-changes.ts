import { dropOldest } from '../../domain/drop-oldest.ts';
import { OutcomeUnknownError, Problem, ThrottledError } from '../../domain/errors.ts';
import { type Cursor, type CursorRef, newCursor } from '../../domain/groups/cursors.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import type { CursorStore, Replaced, VersionedCursor } from '../../stores/cursors.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';

/** What a change makes of a cursor. */
export interface Changed<Answer> {
  /** Absent, or the same: nothing is written for it. */
  readonly next?: Cursor | undefined;
  readonly answer: Answer;
}

/** A change: a pure function of the cursor as it stands. What it throws is told to who asked for it, and changes nothing. */
export type Change<Answer> = (cursor: Cursor) => Changed<Answer>;

export interface CursorChangesDeps {
  readonly cursors: Pick<CursorStore, 'get' | 'list' | 'replace'>;
  readonly clock: Clock;
  readonly random: Random;
}

export interface CursorChangesOptions {
  /** Every write to the cursors is made here, or told by `forget`: what is remembered is how they are. */
  readonly isAlone: boolean;
}

interface Waiting {
  readonly change: Change<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A cursor as this process saw it, and when it asked for that. */
export interface Seen {
  readonly cursor: Cursor | undefined;
  readonly at: Instant;
}

/** What a process knows of the cursors of one group, in one lane. */
interface Known {
  readonly cursors: Map<number, Seen>;
  /** When all of them were read. */
  listedAt: Instant | undefined;
}

const maxGroups = 1000;
/** Writes of one change at most: others may be first so often. */
const attemptsAtMost = 20;
/** A write whose outcome is unknown is repeated so often: it recognises itself. */
const repeatsAtMost = 3;
const [firstPauseMs, longestPauseMs] = [10, 300];

const keyOf = ({ groupId, lane = '' }: Pick<CursorRef, 'groupId' | 'lane'>): string => `${groupId}/${lane}`;

/**
 * Changes the cursors of groups that pull: each change reads what stands and replaces it, and is made again on what another put
 * there meanwhile. Changes of one cursor that wait in this process go together in one write, as appends do: the more members ask at
 * once, the more of them a write serves. One per process: it remembers cursors, so that a change reads nothing where this process
 * wrote last.
 */
export class CursorChanges {
  readonly #deps: CursorChangesDeps;
  readonly #options: CursorChangesOptions;
  readonly #known = new Map<string, Known>();
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(deps: CursorChangesDeps, options: CursorChangesOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** All of a group's cursors, by partition, as they are or were `maxAgeMs` ago; one query where it asks. */
  async list(
    { groupId, lane }: Pick<CursorRef, 'groupId' | 'lane'>,
    maxAgeMs: number,
  ): Promise<ReadonlyMap<number, Seen>> {
    const known = this.#of({ groupId, ...(lane !== undefined && { lane }) });
    if (known.listedAt !== undefined && (this.#options.isAlone || this.#age(known.listedAt) <= maxAgeMs))
      return known.cursors;
    const at = instantOf(this.#deps.clock);
    for (const [partition, cursor] of await this.#deps.cursors.list(groupId, lane))
      this.#remember({ groupId, partition, ...(lane !== undefined && { lane }) }, cursor, at);
    known.listedAt = at;
    return known.cursors;
  }

  /** The cursor as it is, or was `maxAgeMs` ago; undefined where there is none. */
  async get(ref: CursorRef, maxAgeMs: number): Promise<Cursor | undefined> {
    const seen = this.#of(ref).cursors.get(ref.partition);
    const isGood = seen !== undefined && (this.#options.isAlone || this.#age(seen.at) <= maxAgeMs);
    return isGood ? seen.cursor : this.#read(ref);
  }

  /** Forgets what is known of a group's cursors: another wrote them, or may have. */
  forget(groupId: string): void {
    for (const key of this.#known.keys()) if (key.startsWith(`${groupId}/`)) this.#known.delete(key);
  }

  /**
   * Makes the change, on the cursor as it stands or as one that begins at `start`.
   * @throws what the change throws, when it does so of the cursor as it is now; Problem `throttled` when others were first too
   * often; OutcomeUnknownError when no answer came: it may have been made.
   */
  change<Answer>(ref: CursorRef, start: number, change: Change<Answer>): Promise<Answer> {
    const key = `${keyOf(ref)}/${ref.partition}`;
    return new Promise<Answer>((resolve, reject) => {
      const waiting: Waiting = { change, resolve: (answer) => resolve(answer as Answer), reject };
      const others = this.#waiting.get(key);
      if (others !== undefined) {
        others.push(waiting);
        return;
      }
      const all = [waiting];
      this.#waiting.set(key, all);
      void this.#work(key, ref, start, all);
    });
  }

  async #work(key: string, ref: CursorRef, start: number, all: Waiting[]): Promise<void> {
    // What is asked for in the same turn goes along.
    await Promise.resolve();
    while (all.length > 0) {
      const together = all.splice(0);
      try {
        await this.#make(ref, start, together);
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#waiting.delete(key);
  }

  async #make(ref: CursorRef, start: number, together: readonly Waiting[]): Promise<void> {
    const seen = this.#of(ref).cursors.get(ref.partition);
    let read = seen === undefined ? await this.#read(ref) : seen.cursor;
    let isCurrent = seen === undefined || this.#options.isAlone;
    for (let attempt = 0; attempt < attemptsAtMost; attempt += 1) {
      if (attempt > 1) await this.#pause(attempt - 1);
      const made = makeAll(read ?? newCursor(start), together);
      // What is remembered may be long over: nobody is refused by it, nor told that all is as it should be.
      if (!isCurrent && (made.refused.length > 0 || made.cursor === undefined)) {
        read = await this.#read(ref);
        isCurrent = true;
        continue;
      }
      if (made.cursor !== undefined) {
        const next = { ...made.cursor, version: (read?.version ?? 0) + 1, writeId: newId(this.#deps.random) };
        const outcome = await this.#replace(ref, read, next);
        if (!outcome.done) {
          read = outcome.standing;
          isCurrent = true;
          this.#remember(ref, read);
          continue;
        }
        this.#remember(ref, next);
      }
      for (const { waiting, error } of made.refused) waiting.reject(error);
      for (const { waiting, answer } of made.answered) waiting.resolve(answer);
      return;
    }
    throw new Problem(
      'throttled',
      'Too many consumers ask for this partition at once. Nothing was changed; try again.',
      {
        retryAfterSeconds: 1,
      },
    );
  }

  /** One write, repeated where its outcome is not known. */
  async #replace(ref: CursorRef, read: Cursor | undefined, next: VersionedCursor): Promise<Replaced> {
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await this.#deps.cursors.replace(ref, read, next);
      } catch (error) {
        const mayRepeat = error instanceof OutcomeUnknownError || error instanceof ThrottledError;
        if (!mayRepeat || repeats === repeatsAtMost) {
          this.#of(ref).cursors.delete(ref.partition);
          throw error;
        }
        await this.#pause(repeats + 1);
      }
    }
  }

  async #read(ref: CursorRef): Promise<Cursor | undefined> {
    const at = instantOf(this.#deps.clock);
    const cursor = await this.#deps.cursors.get(ref);
    this.#remember(ref, cursor, at);
    return cursor;
  }

  #pause(attempt: number): Promise<void> {
    const most = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
    return this.#deps.clock.sleep(this.#deps.random.number() * most);
  }

  #age(at: Instant): number {
    return elapsedMs(at, instantOf(this.#deps.clock));
  }

  #remember(ref: CursorRef, cursor: Cursor | undefined, at = instantOf(this.#deps.clock)): void {
    const { cursors } = this.#of(ref);
    const known = cursors.get(ref.partition)?.cursor?.version ?? 0;
    // An answer that was overtaken tells nothing new.
    if (cursor !== undefined && (cursor.version ?? 0) < known) return;
    cursors.set(ref.partition, { cursor, at });
  }

  #of(ref: Pick<CursorRef, 'groupId' | 'lane'>): Known {
    const key = keyOf(ref);
    const known = this.#known.get(key) ?? { cursors: new Map<number, Seen>(), listedAt: undefined };
    this.#known.delete(key);
    this.#known.set(key, known);
    dropOldest(this.#known, maxGroups);
    return known;
  }
}

interface Made {
  /** The cursor after all of them; absent where none changes it. */
  readonly cursor: Cursor | undefined;
  readonly answered: readonly { readonly waiting: Waiting; readonly answer: unknown }[];
  readonly refused: readonly { readonly waiting: Waiting; readonly error: unknown }[];
}

/** Makes the changes one after the other. */
const makeAll = (standing: Cursor, together: readonly Waiting[]): Made => {
  const answered: { waiting: Waiting; answer: unknown }[] = [];
  const refused: { waiting: Waiting; error: unknown }[] = [];
  let cursor = standing;
  for (const waiting of together) {
    try {
      const { next = cursor, answer } = waiting.change(cursor);
      cursor = next;
      answered.push({ waiting, answer });
    } catch (error) {
      refused.push({ waiting, error });
    }
  }
  return { cursor: cursor === standing ? undefined : cursor, answered, refused };
};
