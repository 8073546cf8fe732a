/** What went wrong while the rest went on: the first of it is thrown in the end. */
export class Failures {
  readonly #failures: unknown[] = [];

  /** What `work` gives; `instead` when it fails. */
  async kept<Result>(work: () => Promise<Result>, instead: Result): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#failures.push(error);
      return instead;
    }
  }

  get count(): number {
    return this.#failures.length;
  }

  throwFirst(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
