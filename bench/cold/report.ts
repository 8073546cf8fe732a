import type { Start } from './start-once.ts';

export const targets = {
  /** Of a function's import to its bare handler's. */
  importRatio: 1.3,
  /** Bytes of produce's bundle. */
  produceBytes: 450_000,
} as const;

export interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly bareBytes: number;
  /** Medians, ms. */
  readonly start: Start;
  readonly bare: Start;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError('No values have no median.');
  return (low + high) / 2;
};

export const medians = (starts: readonly Start[]): Start => ({
  importMs: median(starts.map(({ importMs }) => importMs)),
  firstResponseMs: median(starts.map(({ firstResponseMs }) => firstResponseMs)),
});

const importRatio = ({ start, bare }: Row): number => start.importMs / bare.importMs;

/** A line for each target that was missed. */
export const missed = (rows: readonly Row[]): string[] =>
  rows.flatMap((row) => {
    const lines: string[] = [];
    if (importRatio(row) > targets.importRatio)
      lines.push(
        `${row.name} takes ${importRatio(row).toFixed(2)} times as long to import as its bare handler, and may take ${targets.importRatio}.`,
      );
    if (row.name === 'produce' && row.bytes > targets.produceBytes)
      lines.push(`produce has ${row.bytes} bytes, and may have ${targets.produceBytes}.`);
    return lines;
  });

const columns = ['KB', 'bare KB', 'import', 'bare', 'ratio', 'to response', 'bare', 'ratio'] as const;

const cells = (row: Row): readonly string[] => {
  const { start, bare } = row;
  return [
    (row.bytes / 1000).toFixed(0),
    (row.bareBytes / 1000).toFixed(0),
    start.importMs.toFixed(1),
    bare.importMs.toFixed(1),
    importRatio(row).toFixed(2),
    start.firstResponseMs.toFixed(1),
    bare.firstResponseMs.toFixed(1),
    (start.firstResponseMs / bare.firstResponseMs).toFixed(2),
  ];
};

const line = (label: string, values: readonly string[]): string =>
  `${label.padEnd(12)}${values.map((value) => value.padStart(13)).join('')}`;

/** The table as text, times in ms. */
export const table = (rows: readonly Row[]): string =>
  [line('', columns), ...rows.map((row) => line(row.name, cells(row)))].join('\n');
