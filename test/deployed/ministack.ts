import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, start, tail, until } from '../harness/processes.ts';

const root = new URL('../..', import.meta.url).pathname;

/** Every account of MiniStack is this one; no real account has this number. */
export const account = '000000000000';
export const region = 'us-east-1';

export interface Ministack {
  /** Where all of AWS is. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** The folder of the project's own programs first, so that Node is the version that Lambda runs. */
export const searchPath = (): string =>
  [join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);

/**
 * Starts MiniStack, an AWS of its own on this machine: on a free port of 127.0.0.1, its state in `folder`.
 * It runs the functions as processes with the `node` that it finds first, in an environment that holds nothing of ours.
 */
export const startMinistack = async (
  program: string,
  folder: string,
  signal: AbortSignal,
): Promise<Ministack> => {
  const { stdout: node } = await promisify(execFile)('node', ['--version'], { env: { PATH: searchPath() } });
  assert.match(node, /^v24\./, 'the functions run on the Node of their runtime, nodejs24.x');
  const port = await freePort();
  const log = join(folder, 'ministack.log');
  const scratch = join(folder, 'ministack');
  mkdirSync(scratch);
  const env = {
    PATH: searchPath(),
    HOME: scratch,
    TMPDIR: scratch,
    STATE_DIR: scratch,
    S3_DATA_DIR: join(scratch, 's3'),
    BIND_HOST: '127.0.0.1',
    // Queue URLs and the API's address name this host. An IP would make `<api>.execute-api.127.0.0.1`: no URL's host.
    MINISTACK_HOST: 'localhost',
    GATEWAY_PORT: String(port),
    MINISTACK_REGION: region,
    LAMBDA_EXECUTOR: 'local',
    // No Docker, even where there is one.
    DOCKER_HOST: `unix://${join(scratch, 'none.sock')}`,
  };
  const server = start({ file: program, args: [], cwd: scratch, env, log, signal });
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await until('MiniStack answers', 60_000, signal, async () => {
      if (server.failure() !== undefined) throw new Error(`MiniStack ${server.failure()}:\n${tail(log)}`);
      const answer = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
      return answer?.ok === true ? true : undefined;
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { endpoint, stop: server.stop };
};
