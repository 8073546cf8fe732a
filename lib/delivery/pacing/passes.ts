/** Passes of which one is under way at a time: whoever wants something is in the next that begins. */
export class Passes {
  readonly #pass: () => Promise<void>;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(pass: () => Promise<void>) {
    this.#pass = pass;
  }

  /** Whether one is to begin. */
  get isDue(): boolean {
    return this.#next !== undefined;
  }

  /** Resolves after a pass that began after this call, and rejects where that did. */
  next(): Promise<void> {
    this.#next ??= this.#current
      .catch(() => undefined)
      .then(() => {
        this.#current = this.#next ?? Promise.resolve();
        this.#next = undefined;
        return this.#pass();
      });
    return this.#next;
  }
}
