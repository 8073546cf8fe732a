import type { Row } from './rows.ts';

interface Series {
  readonly label: string;
  readonly colour: string;
  readonly dashed: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
}

const panelSize = { width: 480, height: 300, left: 64, right: 16, top: 34, bottom: 96 };
const ink = '#1b2a33';
const pale = '#d5dde2';

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const text = (x: number, y: number, anchor: string, content: string, weight = 'normal'): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-weight="${weight}">${escapeXml(content)}</text>`;

/** 1, 2 and 5 times powers of ten that lie in a range: the ticks of a logarithmic axis. */
const ticks = (low: number, high: number): readonly number[] => {
  const found: number[] = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade += 1) {
    for (const step of [1, 2, 5]) {
      const value = step * 10 ** decade;
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
    }
  }
  return found;
};

const number = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

/** A logarithmic scale from a range of values to one of pixels. */
const scale = (values: readonly number[], from: number, to: number) => {
  const low = Math.min(...values) / 1.15;
  const high = Math.max(...values) * 1.15;
  const place = (value: number): number =>
    from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from);
  return { place, low, high };
};

const axes = (
  x: ReturnType<typeof scale>,
  y: ReturnType<typeof scale>,
  offered: readonly number[],
): readonly string[] => {
  const { width, height, left, right, top, bottom } = panelSize;
  const base = height - bottom;
  const lines = ticks(y.low, y.high).flatMap((value) => {
    const at = y.place(value).toFixed(1);
    return [
      `<line x1="${left}" y1="${at}" x2="${width - right}" y2="${at}" stroke="${pale}"/>`,
      text(left - 6, y.place(value) + 4, 'end', number(value)),
    ];
  });
  const marks = offered.map((value) => text(x.place(value), base + 16, 'middle', number(value)));
  return [
    ...lines,
    `<line x1="${left}" y1="${base}" x2="${width - right}" y2="${base}" stroke="${ink}"/>`,
    `<line x1="${left}" y1="${top}" x2="${left}" y2="${base}" stroke="${ink}"/>`,
    ...marks,
    text((left + width - right) / 2, base + 32, 'middle', 'records offered per second'),
  ];
};

const curve = (
  { points, colour, dashed }: Series,
  x: ReturnType<typeof scale>,
  y: ReturnType<typeof scale>,
): readonly string[] => {
  const places = points.map((point) => `${x.place(point.x).toFixed(1)},${y.place(point.y).toFixed(1)}`);
  const dash = dashed ? ' stroke-dasharray="5 4"' : '';
  return [
    `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
    ...places.map((place) => {
      const [cx, cy] = place.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${colour}"/>`;
    }),
  ];
};

const legend = (series: readonly Series[]): readonly string[] => {
  const { height, left, bottom } = panelSize;
  return series.flatMap(({ label, colour, dashed }, index) => {
    const x = left + (index % 3) * 139;
    const y = height - bottom + 52 + Math.floor(index / 3) * 18;
    const dash = dashed ? ' stroke-dasharray="5 4"' : '';
    return [
      `<line x1="${x}" y1="${y - 4}" x2="${x + 22}" y2="${y - 4}" stroke="${colour}" stroke-width="2"${dash}/>`,
      text(x + 28, y, 'start', label),
    ];
  });
};

const panel = ({ title, unit, series }: Panel, left: number, top: number): string => {
  const { width, height } = panelSize;
  const points = series.flatMap((one) => one.points);
  const offered = [...new Set(points.map(({ x }) => x))];
  const x = scale(offered, panelSize.left, width - panelSize.right);
  const y = scale(
    points.map((point) => point.y),
    height - panelSize.bottom,
    panelSize.top,
  );
  return [
    `<g transform="translate(${left} ${top})">`,
    text(panelSize.left, 18, 'start', `${title} (${unit})`, 'bold'),
    ...axes(x, y, offered),
    ...series.flatMap((one) => curve(one, x, y)),
    ...legend(series),
    '</g>',
  ].join('\n');
};

const colours = ['#0b6e99', '#2a9d8f', '#8a5fb0', '#c2185b'];
const baselineColours = ['#c26a00', '#5d6d74'];

const seriesOf = (rows: readonly Row[], value: (row: Row) => number): readonly Series[] => {
  const groups = Map.groupBy(rows, ({ system, processes }) =>
    processes === undefined ? system : `${system} × ${processes}`,
  );
  let own = 0;
  let other = 0;
  return [...groups].flatMap(([label, group]) => {
    const points = group.filter((row) => row.carried > 0).map((row) => ({ x: row.offered, y: value(row) }));
    if (points.length === 0) return [];
    const mine = group[0]?.system === 'millrace';
    const colour = mine ? colours[own++ % colours.length] : baselineColours[other++ % baselineColours.length];
    return [{ label, colour: colour ?? ink, dashed: !mine, points }];
  });
};

const measures: readonly { title: string; unit: string; value: (row: Row) => number }[] = [
  { title: 'p99', unit: 'ms', value: ({ p99 }) => p99 },
  { title: 'write units', unit: 'a record', value: ({ writeUnits }) => writeUnits },
  { title: 'carried', unit: 'records a second', value: ({ carried }) => carried },
];

/** Latency, write units and what was carried against the offered load, both axes logarithmic, as one SVG document. */
export const plot = (rows: readonly Row[], caption: string): string => {
  const onDemand = rows.filter(({ processes }) => processes === undefined);
  // Of the baselines only one size is drawn, or the lines could not be told apart.
  const standing = rows.filter(
    ({ system, processes }) => processes !== undefined && (system === 'millrace' || processes === 4),
  );
  const groups = [
    { title: 'One request at a time', rows: onDemand },
    { title: 'Combining processes', rows: standing },
  ].filter((group) => group.rows.length > 0);
  const { width, height } = panelSize;
  const panels = groups.flatMap((group, column) =>
    measures.map(({ title, unit, value }, line) =>
      panel(
        { title: `${group.title}: ${title}`, unit, series: seriesOf(group.rows, value) },
        column * width,
        line * height,
      ),
    ),
  );
  const total = { width: width * groups.length, height: height * measures.length + 28 };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" font-family="system-ui, sans-serif" font-size="12" fill="${ink}">`,
    `<title>Appends to one partition</title>`,
    `<rect width="${total.width}" height="${total.height}" fill="#ffffff"/>`,
    ...panels,
    text(16, total.height - 10, 'start', caption),
    '</svg>',
    '',
  ].join('\n');
};
