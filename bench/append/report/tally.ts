import { Problem } from '../../../lib/domain/errors.ts';

export interface Acknowledged {
  readonly sequence: number;
  readonly offset: number;
}

/** What became of the records of a row. */
export class Tally {
  readonly #endsAt: number;
  readonly #startsAt: number;
  readonly acknowledged: Acknowledged[] = [];
  /** Sequence numbers that were answered as not written. */
  readonly refused: number[] = [];
  /** Sequence numbers whose fate was answered as unknown. */
  readonly unknown: number[] = [];
  /** Answers that no row should have. */
  readonly faults: unknown[] = [];
  /** ms from arrival to acknowledgement. */
  readonly latencies: number[] = [];
  /** Acknowledged while the load was on. */
  carriedInTime = 0;
  /** Acknowledged, by process. */
  readonly byProcess = new Map<number, number>();
  /** The most records that waited at once, in each quarter of the load's time. */
  readonly peaks: [number, number, number, number] = [0, 0, 0, 0];
  arrived = 0;
  #inFlight = 0;

  constructor(startsAt: number, endsAt: number) {
    this.#startsAt = startsAt;
    this.#endsAt = endsAt;
  }

  arrive(now: number): void {
    this.arrived += 1;
    this.#inFlight += 1;
    const quarter = Math.min(3, Math.floor(((now - this.#startsAt) / (this.#endsAt - this.#startsAt)) * 4));
    const peak = this.peaks[quarter as 0 | 1 | 2 | 3];
    this.peaks[quarter as 0 | 1 | 2 | 3] = Math.max(peak, this.#inFlight);
  }

  acknowledge(record: Acknowledged & { process: number; arrivedAt: number; now: number }): void {
    this.#inFlight -= 1;
    this.acknowledged.push({ sequence: record.sequence, offset: record.offset });
    this.latencies.push(record.now - record.arrivedAt);
    this.byProcess.set(record.process, (this.byProcess.get(record.process) ?? 0) + 1);
    if (record.now <= this.#endsAt) this.carriedInTime += 1;
  }

  fail(sequence: number, error: unknown): void {
    this.#inFlight -= 1;
    const code = error instanceof Problem ? error.code : undefined;
    if (code === 'partition_overloaded' || code === 'throttled') this.refused.push(sequence);
    else if (code === 'outcome_unknown') this.unknown.push(sequence);
    else this.faults.push(error);
  }
}

/** The nearest-rank percentile; 0 of nothing. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
};
