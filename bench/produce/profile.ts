import type { Profiler } from 'node:inspector';

/** Kinds of work, by the place of the code that is at it: the first that fits. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ['idle, or waiting for the disk', /^\(idle\)/],
  ['collecting garbage', /^\(garbage collector\)/],
  ['SQLite', /sqlite|StatementSync|DatabaseSync/i],
  ['node:http, sockets, streams', /^node:|internal\//],
  ['Hono and its server', /node_modules\/(hono|@hono)/],
  ['reading and checking JSON', /lib\/(domain\/json|http\/(schemas|body|bytes|lines|shapes))/],
  ['HTTP routes and keys', /lib\/(http|auth|local)/],
  ['idempotency', /idempotency|intents|producers|repeats/],
  ['append and encoding', /lib\/(log|domain|surroundings)/],
  ['the program below JavaScript', /^\(program\)/],
];

const kindOf = (frame: { functionName: string; url: string }): string => {
  const place = frame.url === '' ? frame.functionName : `${frame.url} ${frame.functionName}`;
  // Idempotency goes before what its folders are in.
  if (/idempotency|intents|producers|repeats/.test(frame.url)) return 'idempotency';
  return kinds.find(([, pattern]) => pattern.test(place))?.[0] ?? 'other built-in functions';
};

export interface Part {
  readonly kind: string;
  /** Of all time. */
  readonly share: number;
}

/** Where the time of a profile went, most first: what runs below no other call counts, built-in functions by who called them. */
export const partsOf = ({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly Part[] => {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const placed = (id: number): string => {
    let at: number | undefined = id;
    for (; at !== undefined; at = parents.get(at)) {
      const frame = byId.get(at)?.callFrame;
      if (frame !== undefined && (frame.url !== '' || frame.functionName.startsWith('(')))
        return kindOf(frame);
    }
    return 'other built-in functions';
  };
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    const kind = placed(id);
    times.set(kind, (times.get(kind) ?? 0) + delta);
    total += delta;
  }
  return [...times]
    .map(([kind, time]) => ({ kind, share: time / total }))
    .toSorted((a, b) => b.share - a.share);
};
