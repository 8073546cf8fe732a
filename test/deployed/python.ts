import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { run, variables } from '../harness/processes.ts';
import { PlainError } from '../harness/progress.ts';

const root = new URL('../..', import.meta.url).pathname;
const requirements = new URL('requirements.txt', import.meta.url).pathname;
const environment = join(root, '.venv', 'deployed');

/** The file that says for which requirements the environment was made: written last. */
const stamp = join(environment, 'requirements.sha256');

const probe = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)';

const findPython = async (): Promise<string> => {
  for (const name of ['python3', 'python']) {
    try {
      await promisify(execFile)(name, ['-c', probe]);
      return name;
    } catch {
      // Not there, too old, or without venv: the next.
    }
  }
  throw new PlainError(
    'Python 3.10 or newer with venv is needed, as python3 or python (Debian: apt-get install python3 python3-venv).',
  );
};

/**
 * A virtual environment that holds what `requirements.txt` names, made where it is not there yet.
 * @returns the path of one of its programs.
 * @throws PlainError where there is no Python to make it with.
 */
export const pythonProgram = async (signal: AbortSignal): Promise<(name: string) => string> => {
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const program = (name: string): string => join(environment, 'bin', name);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return program;
  const python = await findPython();
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(dirname(environment), { recursive: true });
  const log = `${environment}.log`;
  rmSync(log, { force: true });
  const command = { cwd: root, env: variables(), log, signal };
  await run({ ...command, file: python, args: ['-m', 'venv', environment] }, 120_000);
  await run(
    { ...command, file: program('pip'), args: ['install', '--quiet', '--requirement', requirements] },
    600_000,
  );
  writeFileSync(stamp, wanted);
  return program;
};
