/** Requests that are begun in one turn. What else waits for the loop comes in between. */
const mostAtOnce = 32;
/** Turns in a row in which new connections go before requests: nobody can hold requests up by connecting for ever. */
const mostTurnsInFront = 256;

/**
 * Begins requests in the order in which they came, some in each turn of the event loop, and none while connections wait to
 * be accepted.
 *
 * The loop reads from every connection in each of its turns, but accepts one alone (libuv/libuv, pull request 3696). Where
 * requests are answered as they are read, everybody who is connected has an answer between one connection and the next: of
 * 64 clients that come at once, the last waited for two thousand answers to the others. And what a turn begins together can
 * go into one batch.
 */
export class Intake {
  readonly #nextTurn: (run: () => void) => void;
  readonly #waiting: (() => void)[] = [];
  #accepted = false;
  #turnsInFront = 0;

  /** @param nextTurn runs what it is given when this turn's reading is over. */
  constructor(nextTurn: (run: () => void) => void = setImmediate) {
    this.#nextTurn = nextTurn;
  }

  /** A connection was accepted: there may be more. */
  accepted(): void {
    this.#accepted = true;
  }

  /** A request came: `begin` begins it, when it is its turn, and does not throw. */
  add(begin: () => void): void {
    if (this.#waiting.push(begin) === 1) this.#nextTurn(() => this.#turn());
  }

  #turn(): void {
    if (this.#accepted && this.#turnsInFront < mostTurnsInFront) this.#turnsInFront += 1;
    else {
      this.#turnsInFront = 0;
      for (const begin of this.#waiting.splice(0, mostAtOnce)) begin();
    }
    this.#accepted = false;
    if (this.#waiting.length > 0) this.#nextTurn(() => this.#turn());
  }
}
