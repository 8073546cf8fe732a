import { parseArgs } from 'node:util';
import { runArchive } from './archive/world.ts';
import { runDelivery } from './delivery/world.ts';
import { runGroups } from './groups/world.ts';
import { runIdempotency } from './idempotency/world.ts';
import { runLog } from './log/scenario.ts';
import { runAnyPaced } from './pacing/scenario.ts';

/** Runs one seed; `breach` says which invariant did not hold. The same seed gives the same run. */
type Scenario = (seed: number) => Promise<{ readonly breach: string | undefined }>;

const scenarios: Readonly<Record<string, Scenario>> = {
  log: (seed) => runLog(seed),
  idempotency: (seed) => runIdempotency(seed),
  archive: (seed) => runArchive(seed),
  groups: (seed) => runGroups(seed),
  pacing: (seed) => runAnyPaced(seed),
  delivery: (seed) => runDelivery(seed, { sweep: false }),
  'delivery-by-key': (seed) => runDelivery(seed, { sweep: false, ordering: 'key', operator: true }),
  'delivery-without-order': (seed) => runDelivery(seed, { sweep: false, ordering: 'none', operator: true }),
  'delivery-acknowledged': (seed) =>
    runDelivery(seed, {
      sweep: false,
      explicit: true,
      operator: seed % 2 === 0,
      ...(seed % 3 > 0 && { ordering: seed % 3 === 1 ? 'key' : 'none' }),
    }),
  'delivery-redriven': (seed) =>
    runDelivery(seed, {
      sweep: false,
      redrives: true,
      operator: seed % 2 === 0,
      explicit: seed % 5 === 0,
      ...(seed % 3 > 0 && { ordering: seed % 3 === 1 ? 'key' : 'none' }),
    }),
  'delivery-with-sweep': (seed) => runDelivery(seed, { sweep: true, copies: true }),
};

const usage = `npm run simulate -- [${Object.keys(scenarios).join('|')}] [--seeds N] [--from N]
  --seeds N   how many worlds to run (10000)
  --from N    the first seed (1)`;

const wholeNumber = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} must be a whole number from 1 on, not "${text}".`);
  return value;
};

const settings = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seeds: { type: 'string', default: '10000' }, from: { type: 'string', default: '1' } },
  });
  const [name = 'log'] = positionals;
  const scenario = scenarios[name];
  if (scenario === undefined || positionals.length > 1)
    throw new Error(`There is no scenario "${positionals.join(' ')}".`);
  return {
    name,
    scenario,
    seeds: wholeNumber('seeds', values.seeds),
    from: wholeNumber('from', values.from),
  };
};

/** A line that replaces itself on a terminal, and comes once in a while elsewhere. */
const showProgress = (done: number, seeds: number, startedAt: number): void => {
  const seconds = (performance.now() - startedAt) / 1000;
  const left = Math.round(((seeds - done) * seconds) / done);
  const line = `${done} of ${seeds} worlds, ${Math.round(done / seconds)}/s, ${left} s left`;
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
};

const main = async (): Promise<void> => {
  // A world is full of errors that are answered, and of a breach there is no more than its text.
  Error.stackTraceLimit = 0;
  const { name, scenario, seeds, from } = settings();
  const startedAt = performance.now();
  let shownAt = startedAt;
  for (let done = 0; done < seeds; done += 1) {
    const seed = from + done;
    const { breach } = await scenario(seed);
    if (breach !== undefined) {
      process.stderr.write(
        `\nseed ${seed}: ${breach}\nagain: npm run simulate -- ${name} --seeds 1 --from ${seed}\n`,
      );
      process.exitCode = 1;
      return;
    }
    if (performance.now() - shownAt > (process.stderr.isTTY ? 250 : 5_000)) {
      shownAt = performance.now();
      showProgress(done + 1, seeds, startedAt);
    }
  }
  process.stderr.write(process.stderr.isTTY ? '\r\u001b[K' : '');
  process.stdout.write(`${name}: ${seeds} worlds from seed ${from} on, every invariant held.\n`);
};

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
  process.exitCode = 2;
}
