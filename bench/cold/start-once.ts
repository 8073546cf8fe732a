import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { root } from '../../infra/constructs/bundling.ts';

const run = promisify(execFile);

/** Node 24 as the project installs it, whatever runs this. */
const node = `${root}node_modules/node/bin/node`;
const timeoutMs = 60_000;

/** Times of one start, in ms since the import of the bundle began. */
export interface Start {
  readonly importMs: number;
  readonly firstResponseMs: number;
}

const marker = 'measured ';

/** Imports a bundle and calls its handler once. Its own start and what the handler logs are not measured. */
const program = `
const [file, event] = process.argv.slice(1);
const input = JSON.parse(event);
const begun = performance.now();
const { handler } = await import(file);
const imported = performance.now();
await handler(input, { getRemainingTimeInMillis: () => 10000 });
const answered = performance.now();
process.stdout.write('\\n${marker}' + JSON.stringify({ importMs: imported - begun, firstResponseMs: answered - begun }) + '\\n', () => process.exit());
`;

/**
 * Starts a process of its own for one import and one call.
 * @throws Error with what the process wrote when it failed.
 */
export const startOnce = async (file: string, event: unknown, endpoint: string): Promise<Start> => {
  const { stdout } = await run(node, ['--input-type=module', '-e', program, file, JSON.stringify(event)], {
    timeout: timeoutMs,
    env: {
      // As the stack sets it.
      NODE_OPTIONS: '--enable-source-maps',
      POWERTOOLS_SERVICE_NAME: 'bench',
      POWERTOOLS_METRICS_NAMESPACE: 'bench',
      MILLRACE_LOG_TABLE: 'log',
      MILLRACE_STATE_TABLE: 'state',
      MILLRACE_WAKE_QUEUE_URL: 'https://queue.invalid/1',
      MILLRACE_ARCHIVE_QUEUE_URL: 'https://queue.invalid/2',
      MILLRACE_ARCHIVE_BUCKET: 'archive',
      MILLRACE_KEYRING_PARAMETER: '/millrace/keyring',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: endpoint,
    },
  });
  const line = stdout.split('\n').find((text) => text.startsWith(marker));
  if (line === undefined) throw new Error(`The program said nothing of its start: ${stdout}`);
  return JSON.parse(line.slice(marker.length)) as Start;
};
