/** `npm start`: the whole broker on this machine, until it is told to end. */
import { resolve } from 'node:path';
import { archiveOptions } from '../../functions/archive-options.ts';
import { EnvironmentError, localEnvironment } from '../../functions/environment.ts';
import { plainLine, plainLines } from '../domain/text/plain-text.ts';
import { systemClock } from '../stores/system/clock.ts';
import { StartError } from './data-folder.ts';
import { type Runtime, startRuntime } from './runtime.ts';
import { banner } from './terminal/banner.ts';
import { consoleTelemetry } from './terminal/console-telemetry.ts';

// Whoever reads the output may go, as `head` does, or its disk may be full: the broker goes on without.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const print = (text: string): void => void process.stdout.write(text);
const complain = (text: string): void => void process.stderr.write(plainLines(text));

/** @throws StartError for words behind `npm start --`, which would say nothing. */
const refuseWords = (words: readonly string[]): void => {
  if (words.length > 0)
    throw new StartError(
      `npm start takes no ${words[0]}: settings are variables of the environment, as PORT=8081 npm start. docs/single-node.md has them.`,
    );
};

const start = async (): Promise<Runtime> => {
  refuseWords(process.argv.slice(2));
  const environment = localEnvironment();
  const folder = environment.MILLRACE_DATA_DIR;
  const adminKey = environment.MILLRACE_ADMIN_KEY;
  const runtime = await startRuntime({
    folder,
    port: environment.PORT,
    host: environment.HOST,
    sweepMs: environment.MILLRACE_SWEEP_SECONDS * 1000,
    archive: archiveOptions(environment),
    telemetry: consoleTelemetry(complain, systemClock),
    ...(adminKey !== undefined && { adminKey }),
  });
  print(banner({ url: runtime.url, folder: resolve(folder), root: runtime.root }));
  return runtime;
};

/**
 * Ctrl+C goes to npm and to the broker, and npm sends it on (@npmcli/run-script, lib/signal-manager.js): what comes so
 * soon after the first is the same one.
 */
const sameSignalMs = 250;

const endOnSignal = (runtime: Runtime): void => {
  let begunAt: number | undefined;
  const end = (): void => {
    if (begunAt !== undefined) {
      if (performance.now() - begunAt > sameSignalMs) process.exit(130);
      return;
    }
    begunAt = performance.now();
    print('Ending: what is under way gets a few seconds. Once more ends it at once.\n');
    runtime.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        complain(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
};

/** A sentence to whoever started it, in which nothing of the environment begins a line; else all that is known. */
const wordsOf = (error: unknown): string => {
  if (error instanceof EnvironmentError) return error.message;
  if (error instanceof StartError) return plainLine(error.message);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

try {
  endOnSignal(await start());
} catch (error) {
  complain(`${wordsOf(error)}\n`);
  process.exit(1);
}
