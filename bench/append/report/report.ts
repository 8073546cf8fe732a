import type { Target } from '../targets.ts';
import type { Row } from './rows.ts';

interface Column {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

const percent = (share: number): string => (share === 0 ? '0' : `${(share * 100).toFixed(1)} %`);
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
/** Latencies need a digit after the point only while they are small. */
const ms = (value: number): string => (value < 100 ? value.toFixed(1) : whole(value));
const carried = ({ carried }: Row): string => (carried < 1000 ? carried.toFixed(1) : whole(carried));

const columns: readonly Column[] = [
  { title: 'offered/s', cell: ({ offered }) => whole(offered) },
  { title: 'for s', cell: ({ seconds }) => whole(seconds) },
  { title: 'carried/s', cell: carried },
  { title: 'requests', cell: ({ requests }) => requests.toFixed(3) },
  { title: 'write units', cell: ({ writeUnits }) => writeUnits.toFixed(3) },
  { title: 'read units', cell: ({ readUnits }) => readUnits.toFixed(4) },
  { title: 'bytes', cell: ({ storedBytesPerRecord }) => whole(storedBytesPerRecord) },
  { title: 'p50 ms', cell: ({ p50 }) => ms(p50) },
  { title: 'p99 ms', cell: ({ p99 }) => ms(p99) },
  { title: 'refused', cell: ({ refused }) => percent(refused) },
  { title: 'unknown', cell: ({ unknown }) => percent(unknown) },
];

const standingColumns: readonly Column[] = [
  { title: 'processes', cell: ({ processes }) => String(processes) },
  ...columns,
  { title: 'least share', cell: ({ smallestShare }) => (smallestShare ?? 0).toFixed(2) },
];

const systemColumn: Column = { title: 'system', cell: ({ system }) => system };
const holesColumn: Column = { title: 'holes', cell: ({ holes }) => whole(holes) };

const table = (rows: readonly Row[], shown: readonly Column[]): string => {
  const lines = [shown.map(({ title }) => title), ...rows.map((row) => shown.map(({ cell }) => cell(row)))];
  const widths = shown.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
};

/** The two tables: requests and units are per record acknowledged. */
export const tables = (rows: readonly Row[]): string => {
  const onDemand = rows.filter(({ processes }) => processes === undefined);
  const standing = rows.filter(({ processes }) => processes !== undefined);
  const parts: string[] = [];
  if (onDemand.length > 0) {
    parts.push('(1) Processes that take one request at a time, as many as are in flight');
    parts.push(table(onDemand, [systemColumn, ...columns, holesColumn]));
  }
  if (standing.length > 0) {
    parts.push('(2) Combining processes');
    parts.push(table(standing, [systemColumn, ...standingColumns, holesColumn]));
  }
  return parts.join('\n\n');
};

export const targetLines = (targets: readonly Target[]): string =>
  targets.map(({ name, measured, met }) => `${met ? 'met   ' : 'MISSED'}  ${name}: ${measured}`).join('\n');
