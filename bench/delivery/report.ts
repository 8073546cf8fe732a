/** How much slower the healthy group may be beside neighbours that hang, at the median. */
export const mostRatio = 1.2;

/** From a record's produce request to its webhook, ms, of each record of a round. */
export type Latencies = readonly number[];

export interface Row {
  readonly label: string;
  /** Medians over the rounds, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Of p50 to that of the first row. */
  readonly ratio: number;
}

export const percentile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
};

/** A row for each kind of round, in order: the first is the one that the others are measured by. */
export const rowsOf = (kinds: ReadonlyMap<string, readonly Latencies[]>): Row[] => {
  const measured = [...kinds].map(([label, rounds]) => ({
    label,
    p50: percentile(
      rounds.map((round) => percentile(round, 0.5)),
      0.5,
    ),
    p99: percentile(
      rounds.map((round) => percentile(round, 0.99)),
      0.5,
    ),
  }));
  const [first] = measured;
  return measured.map((row) => ({ ...row, ratio: row.p50 / (first?.p50 ?? Number.NaN) }));
};

/** Whether a row has no figure, or too high a one. */
export const missed = ({ ratio }: Row): boolean => !(ratio <= mostRatio);
