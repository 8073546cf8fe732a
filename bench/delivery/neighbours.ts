import { type Latencies, line, missed, mostRatio, rowsOf } from './report.ts';
import { startWorld } from './world.ts';

const rounds = 5;
const kinds = [
  ['no neighbour hangs', 0],
  ['one neighbour hangs', 1],
  ['three neighbours hang', 3],
] as const;

/**
 * What a healthy group notices of neighbours whose endpoints hang: rounds with none, one and three of them alternate in one broker, and
 * medians are told.
 */
export const measureNeighbours = async (): Promise<readonly string[]> => {
  const world = await startWorld();
  try {
    // What comes first pays for what is made once.
    await world.round(0);
    const measured = new Map<string, Latencies[]>(kinds.map(([label]) => [label, []]));
    for (let round = 0; round < rounds; round += 1) {
      // Each kind comes first in turn, so that a machine that gets busier slows none more than the others.
      const first = round % kinds.length;
      for (const [label, hanging] of [...kinds.slice(first), ...kinds.slice(0, first)])
        measured.get(label)?.push(await world.round(hanging));
    }
    line('append to webhook, healthy group', ['p50 ms', 'p99 ms', 'ratio']);
    const rows = rowsOf(measured);
    for (const { label, p50, p99, ratio } of rows)
      line(label, [p50.toFixed(1), p99.toFixed(1), ratio.toFixed(2)]);
    return rows
      .filter(missed)
      .map(({ label }) => `with ${label} the median may be ${mostRatio} times as high at most.`);
  } finally {
    await world.stop();
  }
};
