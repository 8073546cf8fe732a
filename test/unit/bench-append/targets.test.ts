import { describe, expect, it } from 'vitest';
import { plot } from '../../../bench/append/report/plot.ts';
import { tables } from '../../../bench/append/report/report.ts';
import type { Row } from '../../../bench/append/report/rows.ts';
import { judge } from '../../../bench/append/targets.ts';

const sound: Row = {
  system: 'millrace',
  processes: undefined,
  offered: 400,
  seconds: 60,
  carried: 180,
  requests: 5.5,
  writeUnits: 5,
  readUnits: 10,
  p50: 200,
  p99: 2000,
  refused: 0.5,
  unknown: 0,
  smallestShare: undefined,
  peaks: [600, 640, 650, 640],
  storedBytesPerRecord: 303,
  holes: 0,
  breaches: [],
};

const missed = (row: Partial<Row>): readonly string[] =>
  judge([{ ...sound, ...row }], new Set(['counter + put']))
    .filter(({ met }) => !met)
    .map(({ name }) => name);

describe('the targets of the append benchmark', () => {
  it('are met by an overloaded partition that goes on at its pace and refuses the rest', () => {
    expect(missed({})).toEqual([]);
  });

  it('are missed when throughput collapses, waiting is long, appends are dear, or the queue only grows', () => {
    expect(missed({ carried: 100 })).toEqual(['one at a time, 400/s: carried ≥ 110/s']);
    expect(missed({ p99: 2600 })).toEqual(['one at a time, 400/s: p99 ≤ 2500 ms']);
    expect(missed({ requests: 6.1 })).toEqual([
      'one at a time, 400/s: requests a record, what refused ones cost included ≤ 6',
    ]);
    expect(missed({ peaks: [300, 600, 900, 1200] })).toEqual([
      'one at a time, 400/s: the queue does not grow',
    ]);
  });

  it('hold a light load to its units and to refusing nothing', () => {
    const light = { offered: 100, writeUnits: 2, p99: 200, refused: 0 };
    expect(missed(light)).toEqual([]);
    expect(missed({ ...light, refused: 0.001 })).toEqual(['one at a time, 100/s: nothing refused']);
    expect(missed({ ...light, writeUnits: 2.51 })).toEqual([
      'one at a time, 100/s: write units a record ≤ 2.5',
    ]);
  });

  it('ask for half a share at least for each of four processes', () => {
    const four = { processes: 4, offered: 1000, writeUnits: 0.3, p99: 100, refused: 0 };
    expect(missed({ ...four, smallestShare: 0.9 })).toEqual([]);
    expect(missed({ ...four, smallestShare: 0.4 })).toEqual([
      '4 processes, 1,000/s: each carries at least half its share',
    ]);
  });

  it('are missed by any row with a record lost, a hole or an unknown outcome, whatever else it reached', () => {
    const [rule] = missed({ breaches: ['1 records stored twice'] });
    expect(rule).toMatch(/each record once/);
    expect(missed({ holes: 1 })).toEqual([rule]);
    expect(missed({ unknown: 0.1 })).toEqual([rule]);
    expect(missed({ system: 'counter + put', holes: 1 })).toEqual([]);
  });
});

describe('the report of the append benchmark', () => {
  const rows: readonly Row[] = [
    sound,
    { ...sound, offered: 10, carried: 10, refused: 0 },
    { ...sound, processes: 4, offered: 1000, smallestShare: 0.93 },
    { ...sound, processes: 4, offered: 200, smallestShare: 0.97 },
  ];

  it('has one line for each row, in the table of its kind', () => {
    const [first = '', second = ''] = tables(rows).split('(2)');
    expect(first.match(/^millrace/gm)).toHaveLength(2);
    expect(second.match(/^millrace/gm)).toHaveLength(2);
    expect(second).toMatch(/least share/);
  });

  it('draws one line for each kind of process in every panel, inside the picture', () => {
    const svg = plot(rows, 'a < b');
    expect(svg.match(/<polyline /g)).toHaveLength(6);
    expect(svg).toContain('a &lt; b');
    const places = [...svg.matchAll(/points="([^"]+)"/g)].flatMap(([, points = '']) => points.split(/[ ,]/));
    expect(places.map(Number).every((place) => place >= 0 && place <= 480)).toBe(true);
  });
});
