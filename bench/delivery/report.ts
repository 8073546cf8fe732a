/** What is to be reached locally at a hundred records a second, ms. */
const atAHundred = { p50: 5, p99: 20 } as const;

export const line = (label: string, values: readonly string[]): void =>
  void process.stdout.write(`${label.padEnd(40)}${values.map((value) => value.padStart(12)).join('')}\n`);

/** What is missed of that, as sentences; what has no figure is missed. */
export const missedLatency = (perSecond: number, p50: number, p99: number): readonly string[] => {
  if (perSecond !== 100) return [];
  const of = (name: string, ms: number, most: number): readonly string[] =>
    ms <= most ? [] : [`at ${perSecond} records a second ${name} may be ${most} ms at most.`];
  return [...of('p50', p50, atAHundred.p50), ...of('p99', p99, atAHundred.p99)];
};

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
