import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, variables } from '../harness/processes.ts';

const root = new URL('../..', import.meta.url).pathname;

/** The npm package that carries Amazon's DynamoDB Local, with its native SQLite for every platform. */
const carrier = {
  name: 'amplify-dynamodb-simulator',
  version: '2.9.30',
  sha512: 'xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==',
};

const cache = join(root, 'node_modules', '.cache', 'millrace');

/**
 * DynamoDB Local's folder, fetched where it is not there yet: the package alone, without what it depends on.
 * @throws Error when the package is not the one that is pinned.
 */
export const emulatorFolder = async (signal: AbortSignal): Promise<string> => {
  const folder = join(cache, `dynamodb-local-${carrier.version}`);
  const emulator = join(folder, 'package', 'emulator');
  if (existsSync(emulator)) return emulator;
  const fetching = `${folder}.fetching`;
  rmSync(fetching, { recursive: true, force: true });
  mkdirSync(fetching, { recursive: true });
  const command = { cwd: fetching, env: variables(), log: join(fetching, 'log'), signal };
  await run({ ...command, file: 'npm', args: ['pack', `${carrier.name}@${carrier.version}`] }, 600_000);
  const archive = `${carrier.name}-${carrier.version}.tgz`;
  const sha512 = createHash('sha512')
    .update(readFileSync(join(fetching, archive)))
    .digest('base64');
  if (sha512 !== carrier.sha512)
    throw new Error(`${archive} is not the one that is pinned: its SHA-512 is ${sha512}`);
  await run({ ...command, file: 'tar', args: ['-xzf', archive, 'package/emulator'] }, 120_000);
  rmSync(join(fetching, archive));
  // The folder has its name only once it is whole.
  rmSync(folder, { recursive: true, force: true });
  renameSync(fetching, folder);
  return emulator;
};

/** What `java` is given to serve DynamoDB Local on `port` of 127.0.0.1. */
export const javaArguments = (emulator: string, port: number): string[] => [
  // The native SQLite reports nothing, and Java needs no more than this for a test.
  '-Xmx512m',
  `-Djava.library.path=${join(emulator, 'DynamoDBLocal_lib')}`,
  '-cp',
  [join(emulator, 'DynamoDBLocal.jar'), join(emulator, 'DynamoDBLocal_lib', '*')].join(delimiter),
  new URL('LoopbackServer.java', import.meta.url).pathname,
  String(port),
];
