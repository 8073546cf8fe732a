import { storedProducerId } from '../../../lib/domain/idempotency/keys.ts';
import type { LogHistory } from '../log/history.ts';
import { type ClientDeps, checkRepeated, type Repeated, repeatedOf, sendUntilAnswered } from './clients.ts';

/** A producer that numbers its appends, dies now and then with its last one unanswered, and begins a new epoch then. */
export class Producer {
  readonly #deps: ClientDeps;
  readonly #name: string;
  readonly #appends: Repeated[][] = [];

  constructor(deps: ClientDeps, name: string) {
    this.#deps = deps;
    this.#name = name;
  }

  /** The appends of the last epoch that were not answered: the last one, where there is one. */
  get open(): readonly Repeated[] {
    const last = this.#appends.at(-1)?.at(-1);
    return last === undefined || last.bases.length > 0 ? [] : [last];
  }

  async run(epochs: number, appends: number): Promise<void> {
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const sent: Repeated[] = [];
      this.#appends.push(sent);
      for (let sequence = 0; sequence < appends; sequence += 1) {
        const call = { sequence: { id: storedProducerId(this.#name), epoch, sequence } };
        const append = repeatedOf(`${this.#name}.${epoch}.${sequence}`, this.#deps.random, call);
        sent.push(append);
        await sendUntilAnswered(this.#deps, append, 1 + Math.floor(this.#deps.random.number() * 8));
        // It dies, or goes on with what comes next only when this is there.
        if (append.bases.length === 0) break;
      }
    }
  }

  check(history: LogHistory): void {
    let previous = -1;
    for (const [epoch, appends] of this.#appends.entries()) {
      for (const append of appends) {
        const [name = ''] = append.names;
        checkRepeated(history, append, { mayBeFenced: epoch < this.#appends.length - 1 });
        if (append.bases.length === 0 && append !== appends.at(-1)) history.report(`${name} was passed over`);
        const offset = history.offsetOf(name);
        if (offset === undefined) continue;
        if (offset <= previous) history.report(`${name} is at ${offset}, behind what came after it`);
        previous = offset;
      }
    }
  }
}
