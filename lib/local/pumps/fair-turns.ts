export interface FairTurnsOptions {
  /** How many may run at one time. */
  readonly places: number;
  /** How many may wait. */
  readonly waiting: number;
}

interface Line<Item> {
  /** First come, first served. */
  readonly waiting: Item[];
  running: number;
}

/**
 * Decides whose turn it is where many groups want the same places, and some of them keep theirs for long.
 *
 * A fifth of the places is for groups that have nothing running. Of the others a group may take one more as long as it
 * has fewer than are free: what Choudhury and Hahne ("Dynamic queue length thresholds for shared-memory packet
 * switches", 1998) do with the memory of a switch. A group alone gets half of them; k groups that want all they can get
 * come to have an equal share each, and as much as a share stays free for whoever comes next. So one that has nothing
 * running waits for nobody, unless more groups keep their places than a fifth of all places.
 */
export class FairTurns<Item extends object> {
  readonly #options: FairTurnsOptions;
  /** Groups that have something waiting or running; the one whose last turn is longest ago comes first. */
  readonly #lines = new Map<string, Line<Item>>();
  #waiting = 0;
  #running = 0;

  constructor(options: FairTurnsOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get running(): number {
    return this.#running;
  }

  /** Puts `item` at the end of its group's line. Gives what there is no room for: the last of the longest line. */
  add(group: string, item: Item): Item | undefined {
    const line = this.#lines.get(group) ?? { waiting: [], running: 0 };
    this.#lines.set(group, line);
    line.waiting.push(item);
    this.#waiting += 1;
    if (this.#waiting <= this.#options.waiting) return undefined;
    let longest = { group, line };
    for (const [name, other] of this.#lines)
      if (other.waiting.length > longest.line.waiting.length) longest = { group: name, line: other };
    this.#waiting -= 1;
    const last = longest.line.waiting.pop();
    this.#forgetIdle(longest.group, longest.line);
    return last;
  }

  /** Whose turn it is, with a place taken for it, until `done`; undefined when nobody may have a place now. */
  next(): { readonly group: string; readonly item: Item } | undefined {
    const { places } = this.#options;
    const free = places - this.#running;
    const shared = free - Math.floor(places / 5);
    let chosen: { group: string; line: Line<Item> } | undefined;
    for (const [group, line] of this.#lines) {
      const mayRun = line.running === 0 ? free > 0 : line.running < shared;
      if (
        mayRun &&
        line.waiting.length > 0 &&
        line.running < (chosen?.line.running ?? Number.POSITIVE_INFINITY)
      )
        chosen = { group, line };
    }
    const item = chosen?.line.waiting.shift();
    if (chosen === undefined || item === undefined) return undefined;
    const { group, line } = chosen;
    this.#waiting -= 1;
    this.#running += 1;
    line.running += 1;
    this.#lines.delete(group);
    this.#lines.set(group, line);
    return { group, item };
  }

  /** Gives back a place that `next` took for `group`. */
  done(group: string): void {
    const line = this.#lines.get(group);
    if (line === undefined || line.running === 0) return;
    line.running -= 1;
    this.#running -= 1;
    this.#forgetIdle(group, line);
  }

  /** Takes everything that waits. */
  drain(): readonly Item[] {
    const items = [...this.#lines.values()].flatMap(({ waiting }) => waiting.splice(0));
    this.#waiting = 0;
    for (const [group, line] of [...this.#lines]) this.#forgetIdle(group, line);
    return items;
  }

  #forgetIdle(group: string, { waiting, running }: Line<Item>): void {
    if (waiting.length === 0 && running === 0) this.#lines.delete(group);
  }
}
