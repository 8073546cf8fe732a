import { dropOldest } from '../../domain/drop-oldest.ts';
/** Within this the same is said once, ms. */
export const quietMs = 60_000;
/** Different things that are remembered: of those beyond, the ones said longest ago are said anew. */
const remembered = 500;

interface Said {
  readonly at: number;
  /** How often it came since, and was not said. */
  unsaid: number;
}

/** Remembers what was said, so that the same thing is said once a minute, with how often it came. */
export class Repeats {
  /** Those said last at the end. */
  readonly #said = new Map<string, Said>();

  /**
   * @param now ms, of a clock that never goes back.
   * @returns how often it came since it was last said, when it may be said; undefined when it may not.
   */
  maySay(what: string, now: number): number | undefined {
    const said = this.#said.get(what);
    if (said !== undefined && now - said.at < quietMs) {
      said.unsaid += 1;
      return undefined;
    }
    this.#said.delete(what);
    this.#said.set(what, { at: now, unsaid: 0 });
    dropOldest(this.#said, remembered);
    return said?.unsaid ?? 0;
  }
}

interface Spent {
  /** When the lines of the last minute were said. */
  said: number[];
  /** How many were refused since the last one. */
  refused: number;
}

/** Lines that may be said of each of many within a minute. */
export class LineBudget {
  readonly #lines: number;
  /** Those said last at the end. */
  readonly #spent = new Map<string, Spent>();

  constructor(lines: number) {
    this.#lines = lines;
  }

  /**
   * Whether there may be one more; if not, that is counted.
   * @param now ms, of a clock that never goes back.
   */
  hasLeft(of: string, now: number): boolean {
    const spent = this.#spent.get(of);
    if (spent === undefined) return true;
    spent.said = spent.said.filter((at) => now - at < quietMs);
    if (spent.said.length < this.#lines) return true;
    spent.refused += 1;
    return false;
  }

  /** @returns how many were refused since the last line. */
  spend(of: string, now: number): number {
    const { said, refused } = this.#spent.get(of) ?? { said: [], refused: 0 };
    this.#spent.delete(of);
    this.#spent.set(of, { said: [...said, now], refused: 0 });
    dropOldest(this.#spent, remembered);
    return refused;
  }
}
