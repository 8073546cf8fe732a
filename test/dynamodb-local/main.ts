/**
 * `npm run test:dynamodb-local`: the store contract suites and the end-to-end suite on Amazon's DynamoDB Local, whose
 * real streams set delivery going there, and whose refused conditions answer with the item that stands.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Background, freePort, run, start, tail, until, variables } from '../harness/processes.ts';
import { type Program, runProgram } from '../harness/program.ts';
import { PlainError, step } from '../harness/progress.ts';
import { emulatorFolder, javaArguments } from './emulator.ts';

const root = new URL('../..', import.meta.url).pathname;

const requireJava = async (): Promise<void> => {
  try {
    const { stdout } = await promisify(execFile)('java', ['--list-modules']);
    if (/^jdk\.compiler@(1[1-9]|[2-9]\d)/m.test(stdout)) return;
  } catch {
    // Not there at all.
  }
  throw new PlainError(
    'A JDK, 11 or newer, is needed as java (Debian: apt-get install openjdk-17-jdk-headless).',
  );
};

const startEmulator = async (
  emulator: string,
  folder: string,
  signal: AbortSignal,
): Promise<Background & { endpoint: string }> => {
  const port = await freePort();
  const log = join(folder, 'dynamodb-local.log');
  const env = { ...variables(), DDB_LOCAL_TELEMETRY: '0' };
  const args = javaArguments(emulator, port);
  const server = start({ file: 'java', args, cwd: folder, env, log, signal });
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await until('DynamoDB Local answers', 120_000, signal, async () => {
      if (server.failure() !== undefined)
        throw new Error(`DynamoDB Local ${server.failure()}:\n${tail(log)}`);
      // Any answer will do: it refuses a request without a signature.
      return fetch(endpoint).then(
        () => true,
        () => undefined,
      );
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, endpoint };
};

const suite = (folder: string, endpoint: string, signal: AbortSignal): Promise<void> =>
  run(
    {
      file: join(root, 'node_modules', '.bin', 'vitest'),
      args: ['run', '--config', 'test/vitest.config.ts', folder],
      cwd: root,
      env: { ...variables(), TEST_DYNAMODB_ENDPOINT: endpoint },
      signal,
    },
    900_000,
  );

const test = async ({ folder, signal, atEnd }: Program): Promise<void> => {
  await requireJava();
  const emulator = await step('DynamoDB Local', () => emulatorFolder(signal));
  const { endpoint, stop } = await step('Start it', () => startEmulator(emulator, folder, signal));
  atEnd(stop);
  await step('Contract suites', () => suite('test/contract', endpoint, signal));
  await step('End-to-end suite', () => suite('test/end-to-end/embedded.test.ts', endpoint, signal));
};

await runProgram('dynamodb-local', test);
