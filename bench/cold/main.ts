/**
 * `npm run bench:cold`: how large each function's bundle is, and how long it takes from the beginning of its import to
 * the end of it, and to the first answer of its handler; beside a bare handler that has the same SDK clients and does
 * nothing, bundled alike. Every start is a process of its own, all in one run, in an order that is rotated, so
 * that what else the machine does falls on all of them. Ends with 1 when a target is missed.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildOptionsOf, bundle } from '../../infra/constructs/bundling.ts';
import { startEmptyStore } from './empty-store.ts';
import { type Pair, type Program, pairs } from './measured.ts';
import { medians, missed, type Row, table, targets } from './report.ts';
import { type Start, startOnce } from './start-once.ts';

const rounds = 21;

interface Measured {
  readonly program: Program;
  readonly file: string;
  readonly bytes: number;
  readonly starts: Start[];
}

interface MeasuredPair extends Pick<Pair, 'name' | 'called'> {
  readonly its: Measured;
  readonly bare: Measured;
}

const bundled = async (program: Program, folder: string): Promise<Measured> => {
  const file = join(folder, program.name, bundle.outputFile);
  await build(buildOptionsOf(program.entry, file));
  return { program, file, bytes: (await stat(file)).size, starts: [] };
};

/**
 * A function and its bare handler start right after each other, now the one first and now the other; the pairs take
 * turns. A first round warms the disk and is not counted.
 */
const measure = async (measured: readonly MeasuredPair[], endpoint: string): Promise<void> => {
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < measured.length; turn += 1) {
      const pair = measured[(round + turn) % measured.length];
      if (pair === undefined) continue;
      for (const one of round % 2 === 0 ? [pair.its, pair.bare] : [pair.bare, pair.its]) {
        const start = await startOnce(one.file, one.program.event, endpoint);
        if (round > 0) one.starts.push(start);
      }
    }
    process.stderr.write(`\rround ${round} of ${rounds}`);
  }
  process.stderr.write('\n');
};

const rowOf = ({ name, its, bare }: MeasuredPair): Row => ({
  name,
  bytes: its.bytes,
  bareBytes: bare.bytes,
  start: medians(its.starts),
  bare: medians(bare.starts),
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const folder = await mkdtemp(join(tmpdir(), 'millrace-cold-'));
const store = await startEmptyStore();
try {
  const measured: MeasuredPair[] = [];
  for (const { name, called, program, bare } of pairs)
    measured.push({ name, called, its: await bundled(program, folder), bare: await bundled(bare, folder) });
  await measure(measured, store.endpoint);
  const rows = measured.map(rowOf);
  say(`Medians of ${rounds} starts in ms, Node ${process.versions.node}, source maps on, as on Lambda.`);
  say(table(rows));
  say('The first response is to:');
  for (const { name, called } of pairs) say(`  ${name.padEnd(10)} ${called}`);
  const misses = missed(rows);
  for (const text of misses) say(`MISSED: ${text}`);
  if (misses.length === 0)
    say(
      `Every import takes at most ${targets.importRatio} times its bare handler's; produce has at most ${targets.produceBytes / 1000} KB.`,
    );
  process.exitCode = misses.length === 0 ? 0 : 1;
} finally {
  await store.stop();
  await rm(folder, { recursive: true, force: true });
}
