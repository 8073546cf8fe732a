import type { Row } from './report/rows.ts';

export interface Target {
  readonly name: string;
  readonly measured: string;
  readonly met: boolean;
}

const atMost = (name: string, value: number, bound: number, unit: string): Target => ({
  name: `${name} ≤ ${bound}${unit}`,
  measured: `${value.toFixed(unit === ' ms' ? 0 : 3)}${unit}`,
  met: value <= bound,
});

const find = (rows: readonly Row[], processes: number | undefined, offered: number): Row | undefined =>
  rows.find((row) => row.system === 'millrace' && row.processes === processes && row.offered === offered);

/** Refused while every record could have gone through: none may be. */
const noneRefused = (name: string, row: Row): Target => ({
  name: `${name}: nothing refused`,
  measured: `${(row.refused * 100).toFixed(2)} %`,
  met: row.refused === 0,
});

/** A load beyond what a partition carries: it neither collapses nor queues up without end. */
const overloaded = (name: string, row: Row): readonly Target[] => {
  const [, second, third, fourth] = row.peaks;
  // Where next to nobody waits, one more is no growth.
  const atRest = Math.max(third, fourth) <= Math.max(50, 1.5 * second);
  return [
    { name: `${name}: carried ≥ 110/s`, measured: `${row.carried.toFixed(1)}/s`, met: row.carried >= 110 },
    atMost(`${name}: p99`, row.p99, 2500, ' ms'),
    atMost(`${name}: requests a record, what refused ones cost included`, row.requests, 6, ''),
    {
      name: `${name}: the queue does not grow`,
      measured: `at most ${second}, ${third}, ${fourth} waiting in the last three quarters`,
      met: atRest,
    },
  ];
};

const oneAtATime = (rows: readonly Row[]): readonly Target[] => {
  const at = (offered: number, judge: (name: string, row: Row) => readonly Target[]): readonly Target[] => {
    const row = find(rows, undefined, offered);
    return row === undefined ? [] : judge(`one at a time, ${offered}/s`, row);
  };
  return [
    ...at(10, (name, row) => [atMost(`${name}: write units a record`, row.writeUnits, 1.1, '')]),
    ...at(50, (name, row) => [
      atMost(`${name}: write units a record`, row.writeUnits, 1.5, ''),
      atMost(`${name}: p99`, row.p99, 80, ' ms'),
    ]),
    ...at(100, (name, row) => [
      atMost(`${name}: write units a record`, row.writeUnits, 2.5, ''),
      noneRefused(name, row),
      atMost(`${name}: p99`, row.p99, 300, ' ms'),
    ]),
    ...at(400, overloaded),
  ];
};

const combining = (rows: readonly Row[]): readonly Target[] => {
  const one = find(rows, 1, 10_000);
  const four = find(rows, 4, 1000);
  return [
    ...(one === undefined
      ? []
      : [
          atMost('1 process, 10,000/s: write units a record', one.writeUnits, 0.15, ''),
          atMost('1 process, 10,000/s: p99', one.p99, 30, ' ms'),
          noneRefused('1 process, 10,000/s', one),
        ]),
    ...(four === undefined
      ? []
      : [
          atMost('4 processes, 1,000/s: write units a record', four.writeUnits, 0.7, ''),
          atMost('4 processes, 1,000/s: p99', four.p99, 150, ' ms'),
          noneRefused('4 processes, 1,000/s', four),
          {
            name: '4 processes, 1,000/s: each carries at least half its share',
            measured: `${(four.smallestShare ?? 0).toFixed(2)} of it`,
            met: (four.smallestShare ?? 0) >= 0.5,
          },
        ]),
  ];
};

/** What holds for every row: nothing lost, nothing unknown (nothing gets lost on the way here), no hole. */
const sound = (rows: readonly Row[], mayHaveHoles: ReadonlySet<string>): Target => {
  const unsound = rows.flatMap((row) => {
    const found = [...row.breaches];
    if (row.unknown > 0) found.push(`unknown outcomes: ${row.unknown}`);
    if (row.holes > 0 && !mayHaveHoles.has(row.system)) found.push(`${row.holes} holes`);
    return found.map((breach) => `${row.system} at ${row.offered}/s: ${breach}`);
  });
  return {
    name: 'every row: each record once, at the offset answered; refused ones nowhere; the log dense',
    measured: unsound.length === 0 ? `${rows.length} rows read back` : unsound.join('; '),
    met: unsound.length === 0,
  };
};

/** The targets that the measured rows can answer. */
export const judge = (rows: readonly Row[], mayHaveHoles: ReadonlySet<string>): readonly Target[] => [
  ...oneAtATime(rows),
  ...combining(rows),
  sound(rows, mayHaveHoles),
];
