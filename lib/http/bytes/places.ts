/** Runs so many at once as it has places. The others wait in the order in which they came. */
export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async run<Result>(begin: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await begin();
    } finally {
      const next = this.#waiting.shift();
      // A place goes from hand to hand: nobody who comes meanwhile takes it.
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
