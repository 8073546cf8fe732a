import { isDeepStrictEqual } from 'node:util';
import type { Record } from '../../test/end-to-end/client.ts';
import type { Delivery } from '../../test/end-to-end/receiver.ts';
import type { Payload } from './payloads.ts';

interface Produced {
  readonly payload: Payload;
  /** Among the records of its key, from 0. */
  readonly place: number;
  /** Wall clock ms of the request. */
  readonly at: number;
}

interface Arrival {
  readonly record: Record;
  readonly receivedAt: number;
}

export interface Result {
  readonly rows: readonly (readonly [label: string, value: number])[];
  /** Nothing is missing, out of order or altered. */
  readonly ok: boolean;
}

const idOf = (at: { readonly partition: number; readonly offset: number }): string =>
  `${at.partition}/${at.offset}`;

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

const isAsSent = ({ record: { key, value, headers } }: Arrival, { payload }: Produced): boolean =>
  isDeepStrictEqual({ key, value, headers }, { ...payload });

/** Keeps account of what was produced, and of what the receiver got and acknowledged, in what order. */
export class Tally {
  readonly #produced = new Map<string, Produced>();
  /** Each record once, as it was acknowledged first, in that order. */
  readonly #arrivals = new Map<string, Arrival>();
  readonly #messages = new Set<string>();
  #attempts = 0;

  produced(at: { readonly partition: number; readonly offset: number }, record: Produced): void {
    this.#produced.set(idOf(at), record);
  }

  attempted({ id }: Delivery): void {
    this.#attempts += 1;
    this.#messages.add(id);
  }

  acknowledged({ records, receivedAt }: Delivery): void {
    for (const record of records) {
      const id = idOf(record);
      if (!this.#arrivals.has(id)) this.#arrivals.set(id, { record, receivedAt });
    }
  }

  get delivered(): number {
    return this.#arrivals.size;
  }

  get progress(): string {
    const redeliveries = this.#attempts - this.#messages.size;
    return `produced ${this.#produced.size}, delivered ${this.delivered}, attempts ${this.#attempts}, redeliveries ${redeliveries}`;
  }

  /** @param expected records that were to be produced. */
  result(expected: number, lag: number): Result {
    const latest = new Map<string, number>();
    const milliseconds: number[] = [];
    let [violations, altered, known] = [0, 0, 0];
    for (const [id, arrival] of this.#arrivals) {
      const produced = this.#produced.get(id);
      if (produced === undefined) continue;
      known += 1;
      milliseconds.push(arrival.receivedAt - produced.at);
      const { key } = produced.payload;
      if (produced.place !== (latest.get(key) ?? -1) + 1) violations += 1;
      latest.set(key, produced.place);
      if (!isAsSent(arrival, produced)) altered += 1;
    }
    milliseconds.sort((a, b) => a - b);
    const missing = expected - known;
    return {
      rows: [
        ['produced', this.#produced.size],
        ['delivered', this.delivered],
        ['attempts', this.#attempts],
        ['redeliveries', this.#attempts - this.#messages.size],
        ['order violations per key', violations],
        ['altered', altered],
        ['missing', missing],
        ['final lag', lag],
        ['ms from produce to delivery, p50', percentile(milliseconds, 0.5)],
        ['ms from produce to delivery, p99', percentile(milliseconds, 0.99)],
      ],
      ok: missing === 0 && violations === 0 && altered === 0 && lag === 0,
    };
  }

  /** What was produced and not delivered, as `<partition>/<offset>`. */
  missing(): readonly string[] {
    return [...this.#produced.keys()].filter((id) => !this.#arrivals.has(id));
  }
}
