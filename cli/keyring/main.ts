/** `npm run keyring`: shows the keys that secrets of endpoints are sealed by, and adds one. */
import { join, resolve } from 'node:path';
import { type ArgsDef, defineCommand } from 'citty';
import { fileKeyringStore } from '../../lib/stores/files/keyring.ts';
import type { KeyringKeeper } from '../../lib/stores/keyrings.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { runCommandLine } from '../command-line.ts';
import { CommandError } from '../failure.ts';
import { answer, remark } from '../output.ts';
import { listed, rotated } from './commands.ts';

const args = {
  task: {
    type: 'positional',
    required: true,
    description: 'list: ids and times of the keys. rotate: add a key, which seals from then on',
  },
  data: {
    type: 'string',
    description: 'The data folder of a broker of one machine. Without: MILLRACE_DATA_DIR, or .millrace',
  },
  stack: { type: 'string', description: 'The name of a deployed stack, instead of --data' },
  region: { type: 'string', description: 'Where the stack is. Without: as the AWS tools find it' },
  profile: { type: 'string', description: 'The profile of the AWS configuration' },
} satisfies ArgsDef;

const storeOf = async (given: Record<keyof typeof args, string | undefined>): Promise<KeyringKeeper> => {
  const { data, stack, region, profile } = given;
  if (stack === undefined) {
    if (region !== undefined || profile !== undefined)
      throw new CommandError('--region and --profile are of a deployed broker: give its --stack.');
    const folder = data ?? process.env['MILLRACE_DATA_DIR'] ?? '.millrace';
    return fileKeyringStore(join(resolve(folder), 'keyring'));
  }
  if (data !== undefined) throw new CommandError('Give --data or --stack, not both.');
  // The clients of AWS take a while to load.
  const { deployedKeyring } = await import('./deployed.ts');
  return deployedKeyring({ stack, region, profile }, process.env);
};

const command = defineCommand({
  meta: { name: 'npm run keyring --', description: 'The keys that secrets of endpoints are sealed by' },
  args,
  run: async ({ args: given }) => {
    const { task } = given;
    if (task !== 'list' && task !== 'rotate')
      throw new CommandError(`There is no task ${JSON.stringify(task)}: it is list or rotate.`);
    const store = await storeOf(given);
    if (task === 'rotate') {
      const id = await rotated(store, { clock, random });
      remark(`Added ${id}. Within an hour everything new is sealed by it, and sweeps seal the rest anew.`);
    }
    await answer(`${(await listed(store)).join('\n')}\n`);
  },
});

await runCommandLine(command, args);
