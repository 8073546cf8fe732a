/** `npm start`: the whole broker on this machine, until it is told to end. */
import { EnvironmentError, localEnvironment } from '../../functions/environment.ts';
import { banner } from './banner.ts';
import { consoleTelemetry } from './console-telemetry.ts';
import { StartError } from './data-folder.ts';
import { type Runtime, startRuntime } from './runtime.ts';

const print = (text: string): void => void process.stdout.write(text);
const complain = (text: string): void => void process.stderr.write(text);

const start = async (): Promise<Runtime> => {
  const environment = localEnvironment();
  const folder = environment.MILLRACE_DATA_DIR;
  const adminKey = environment.MILLRACE_ADMIN_KEY;
  const runtime = await startRuntime({
    folder,
    port: environment.PORT,
    sweepMs: environment.MILLRACE_SWEEP_SECONDS * 1000,
    telemetry: consoleTelemetry(complain),
    ...(adminKey !== undefined && { adminKey }),
  });
  print(banner({ url: runtime.url, folder, root: runtime.root }));
  return runtime;
};

const endOnSignal = (runtime: Runtime): void => {
  let ending = false;
  const end = (): void => {
    if (ending) process.exit(130);
    ending = true;
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

try {
  endOnSignal(await start());
} catch (error) {
  const expected = error instanceof EnvironmentError || error instanceof StartError;
  complain(`${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
